"""Payloads made to kill or stall a reader: the attacker is refused in time, and everybody else is served meanwhile."""

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from tests.integration import bodies, refusals
from tests.running import API
from tests.unit.circuits.test_bombs import BOMBS

pytestmark = pytest.mark.long

VERDICT_SECONDS = 3.0
POLL_SECONDS = 1.0
"""No poll of anybody else takes longer while a bomb is looked at."""
GRACE_SECONDS = 2.0
"""For a machine that has other things to do."""
EXPRESSIBLE = [pytest.param(*bomb.values[:1], id=bomb.id) for bomb in BOMBS]


@dataclass
class Polls:
    """What somebody else saw meanwhile."""

    statuses: set[int] = field(default_factory=set)
    longest: float = 0.0
    count: int = 0


@contextmanager
def polling(gateway, key, job):
    """Poll a job as the SDK does, on a connection of one's own, for as long as the block lasts."""
    seen, over = Polls(), threading.Event()

    def poll() -> None:
        with gateway.client(key=key) as ask:
            while not over.is_set() or not seen.count:
                started = time.monotonic()
                seen.statuses.add(ask("GET", f"{API}/jobs/{job}?exclude_params=true").status)
                seen.longest = max(seen.longest, time.monotonic() - started)
                seen.count += 1
                over.wait(0.02)

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join(30)


@pytest.fixture(scope="module")
def watched(gateway, keys):
    job = gateway.submit(keys["alice"], bodies.golden())
    gateway.ended(keys["alice"], job)
    return job


@pytest.mark.parametrize("bomb", EXPRESSIBLE)
def test_a_bomb_is_refused_in_time_while_others_poll(gateway, keys, watched, bomb):
    with polling(gateway, keys["alice"], watched) as seen:
        started = time.monotonic()
        reply = gateway.request("POST", f"{API}/jobs", key=keys["mallory"], body=bomb)
        elapsed = time.monotonic() - started

    assert reply.code in {"policy-denied", "malformed-json"}
    refusals.check(reply, 403 if reply.code == "policy-denied" else 400, reply.code)
    assert elapsed < VERDICT_SECONDS + GRACE_SECONDS
    assert seen.statuses == {200}
    assert seen.longest < POLL_SECONDS + GRACE_SECONDS


def test_jobs_of_others_run_while_somebody_sends_bombs(gateway, keys):
    """One payload in flight per principal, and one worker always free for another project."""
    bomb = next(case.values[0] for case in EXPRESSIBLE if case.id == "QPY that names the library class QFT")
    codes: list[str] = []

    def attack() -> None:
        codes.append(gateway.request("POST", f"{API}/jobs", key=keys["mallory"], body=bomb).code)

    attackers = [threading.Thread(target=attack) for _ in range(2)]
    for attacker in attackers:
        attacker.start()
    served = [gateway.submit(keys["bob"], bodies.golden()) for _ in range(5)]
    meanwhile = sum(attacker.is_alive() for attacker in attackers)
    for attacker in attackers:
        attacker.join(60)

    assert meanwhile > 0
    assert set(codes) <= {"policy-denied", "sandbox-busy"}
    assert {gateway.ended(keys["bob"], job)["status"] for job in served} == {"Completed"}


def test_the_gateway_is_ready_after_every_bomb(gateway):
    assert gateway.ready()
