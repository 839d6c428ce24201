"""Both engines, real, with the policies that ship: regorus in its child and an OPA server of our own."""

import asyncio
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.policy.bundle import default_root, load
from gateway.policy.embedded import EmbeddedDecisionPoint
from gateway.policy.opa import OpaDecisionPoint


@pytest.fixture(scope="session")
def bundle():
    return load(default_root())


@pytest.fixture(scope="session")
def opa(tools) -> str:
    return os.environ.get("GATEWAY_TEST_OPA") or str(tools.require("opa"))


@pytest.fixture(scope="session")
def opa_server(opa, tmp_path_factory):
    """Start OPA servers on loopback, each with a directory as its bundle; all end with the session."""
    started: list[subprocess.Popen[bytes]] = []

    def start(directory: Path) -> str:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        command = [opa, "run", "--server", "--addr", address, "--skip-version-check", "--log-level", "error"]
        with (tmp_path_factory.mktemp("opa") / "log").open("wb") as log:
            started.append(subprocess.Popen([*command, "--bundle", str(directory)], stderr=log, env={}))
        _wait_until_healthy(address)
        return f"http://{address}"

    yield start
    for server in started:
        server.terminate()
        server.wait(timeout=10)


def _wait_until_healthy(address: str) -> None:
    for _ in range(200):
        try:
            with urllib.request.urlopen(f"http://{address}/health?bundles", timeout=1):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    raise TimeoutError("OPA did not start")


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.Runner]:
    """One event loop for engines that live as long as the session."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="session")
def embedded(bundle, loop):
    point = EmbeddedDecisionPoint(bundle, workers=2, deadline_seconds=10)
    loop.run(point.start())
    yield point
    loop.run(point.close())


@pytest.fixture(scope="session")
def real_opa(bundle, loop, opa_server, tmp_path_factory):
    directory = tmp_path_factory.mktemp("bundle")
    bundle.write(directory)
    point = OpaDecisionPoint(opa_server(directory), bundle, deadline_seconds=10)
    loop.run(point.start())
    yield point
    loop.run(point.close())


@pytest.fixture(params=["embedded", "real_opa"])
def point(request):
    return request.getfixturevalue(request.param)
