"""Both engines, real, with the policies that ship: regorus in its child and an OPA server of our own."""

import asyncio
import os
from collections.abc import Iterator

import pytest

from gateway.policy.bundle import default_root, load
from gateway.policy.embedded import EmbeddedDecisionPoint
from gateway.policy.opa import OpaServer
from gateway.policy.opa_point import OpaDecisionPoint
from gateway.telemetry.metrics import Metrics
from tests.policy.servers import running


@pytest.fixture(scope="session")
def bundle():
    return load(default_root())


@pytest.fixture(scope="session")
def opa(tools) -> str:
    return os.environ.get("GATEWAY_TEST_OPA") or str(tools.require("opa"))


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
def real_opa(bundle, loop, opa, tmp_path_factory):
    directory = tmp_path_factory.mktemp("bundle")
    bundle.write(directory / "tree")
    with running(opa, directory, "--bundle", "tree") as server:
        point = OpaDecisionPoint(
            [OpaServer(server.url, deadline_seconds=10)], bundle, Metrics().policy, deadline_seconds=10
        )
        loop.run(point.start())
        yield point
        loop.run(point.close())


@pytest.fixture(params=["embedded", "real_opa"])
def point(request):
    return request.getfixturevalue(request.param)
