"""One running gateway with several tenants, for all tests that do no harm to it."""

import pytest

from tests.integration import bodies
from tests.integration.people import Keys, settle, within
from tests.running import Gateway

SETTINGS = {
    "GATEWAY_SERVER__HEADER_TIMEOUT_MS": "1500",
    "GATEWAY_SERVER__BODY_TIMEOUT_SECONDS": "2",
    "GATEWAY_LEDGER__REFUSALS_PER_MINUTE": "6000",
}


@pytest.fixture(scope="session")
def deployed(tmp_path_factory) -> tuple[Gateway, Keys]:
    gateway = Gateway(tmp_path_factory.mktemp("gateway") / "state", settings=SETTINGS).init()
    try:
        keys = within(gateway, settle)
        yield gateway.start(), keys
    finally:
        gateway.discard()


@pytest.fixture(scope="session")
def gateway(deployed) -> Gateway:
    return deployed[0]


@pytest.fixture(scope="session")
def keys(deployed) -> Keys:
    return deployed[1]


@pytest.fixture(scope="session")
def finished(gateway, keys) -> str:
    """A job of Alice's that has ended; tests look at it and leave it as it is."""
    job = gateway.submit(keys["alice"], bodies.golden(tags=["finished"]))
    gateway.ended(keys["alice"], job)
    return job


@pytest.fixture
def another(tmp_path):
    """A deployment of the test's own, initialised and not started."""
    gateway = Gateway(tmp_path / "state").init()
    yield gateway
    gateway.discard()
