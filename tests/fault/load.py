"""Clients that submit without pause, and remember what was acknowledged."""

import http.client
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.integration import bodies
from tests.processes import Process
from tests.running import API, Gateway

BODY = bodies.text(bodies.golden())


@dataclass
class Acknowledged:
    """What clients were told; a job is theirs from the moment the whole answer was read."""

    jobs: dict[str, str] = field(default_factory=dict)
    """The key that submitted it, by the job's id."""
    statuses: set[int] = field(default_factory=set)
    killed: list[Process] = field(default_factory=list)
    """Everybody who was there in the moment of the kill."""


@contextmanager
def load(gateway: Gateway, keys: Sequence[str]) -> Iterator[Acknowledged]:
    """Submit with every key at once, for as long as the block lasts and the gateway answers."""
    told, over = Acknowledged(), threading.Event()

    def submit(key: str) -> None:
        while not over.is_set():
            try:
                reply = gateway.request("POST", f"{API}/jobs", key=key, body=BODY)
            except (OSError, http.client.HTTPException):
                over.wait(0.05)
                continue
            told.statuses.add(reply.status)
            if reply.status == 200:
                told.jobs[reply.json()["id"]] = key

    threads = [threading.Thread(target=submit, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    try:
        yield told
    finally:
        over.set()
        for thread in threads:
            thread.join(90)
