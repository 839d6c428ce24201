"""Two gateways on one PostgreSQL database, in front of one vendor."""

import contextlib
import json
import os
import shutil
import signal
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.drill.deployment import fakes
from tests.drill.deployment import gateway as deployment
from tests.drill.exactly_once import ADAPTERS, SECRETS
from tests.integration.abroad import IONQ, QUICK, Abroad
from tests.postgres import Server
from tests.processes import Process
from tests.running import Gateway

LEASE_SECONDS = 6.0
"""Long enough that a busy machine does not make a living one miss it."""


@dataclass
class Pair:
    """Both gateways; either is asked as if there were no other."""

    here: Abroad
    there: Abroad
    server: Server

    @property
    def both(self) -> tuple[Gateway, Gateway]:
        """Give the gateways themselves."""
        return self.here.gateway, self.there.gateway

    def swapped(self) -> "Pair":
        """Look at it from the other side."""
        return replace(self, here=self.there, there=self.here)

    def up(self) -> None:
        """Let both serve, whatever was done to them."""
        for each in self.both:
            if each.process is None or each.process.poll() is not None:
                each.launch()
        for each in self.both:
            each.wait_ready()


@contextlib.contextmanager
def pair(folder: Path, server: Server, *arguments: str) -> Iterator[Pair]:
    """Start the vendor and both gateways; the second one has copies of the first one's keys, as replicas do."""
    with contextlib.ExitStack() as stack:
        started = stack.enter_context(fakes(["ionq"], *arguments))
        url, made = server.url(server.create()), []
        for name in ("one", "two"):
            (folder / name).mkdir()
            each = deployment(folder / name, {"ionq": ADAPTERS["ionq"](started["ionq"].url)}, pace=QUICK)
            each.settings["GATEWAY_DATABASE__URL"] = url
            each.settings["GATEWAY_DATABASE__LEASE_SECONDS"] = str(LEASE_SECONDS)
            stack.callback(each.discard)
            made.append(each)
        one, two = made
        one.init()
        two.state_dir.mkdir(mode=0o700)
        for key in ("master.key", "erasure.key"):
            shutil.copy(one.state_dir / key, two.state_dir / key)
        added = one.run("vendors", "add", "ionq", "--name", "ionq", given=SECRETS["ionq"])
        assert added.returncode == 0, added.stderr
        key = one.key()
        found = Pair(Abroad(one, started, key), Abroad(two, started, key), server)
        found.up()
        yield found


def serving(gateway: Gateway) -> Process:
    """Find the process that serves, below its supervisor."""
    (found,) = [each for each in gateway.processes() if "gateway.cli.serving" in each.command]
    return found


@contextlib.contextmanager
def frozen(processes: Sequence[Process]) -> Iterator[None]:
    """Stop processes as a debugger, or a machine that swaps, would; they know nothing of it afterwards."""
    for each in processes:
        os.kill(each.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(each.pid, signal.SIGCONT)


def send_and_hang_up(asked: Abroad, job: dict[str, Any]) -> socket.socket:
    """Send a submission and give its connection, on which nobody will read the answer; close it."""
    body = json.dumps(job).encode()
    head = (
        f"POST {IONQ}/jobs HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: apiKey {asked.key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    connection = socket.create_connection(("127.0.0.1", asked.gateway.port))
    connection.sendall(head.encode() + body)
    return connection
