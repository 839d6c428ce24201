"""A deployment with a scripted vendor, once on each database."""

import pytest

from gateway.wiring import opening
from tests.unit.enforcement.vendor_house import Hands, deploy


@pytest.fixture
def clock(monkeypatch):
    hands = Hands()
    monkeypatch.setattr(opening, "SystemClock", lambda: hands)
    return hands


@pytest.fixture
async def deployment(tmp_path, clock, database_url):
    """Not opened; `process` is one process of it."""
    return await deploy(tmp_path, clock, GATEWAY_DATABASE__URL=database_url)


@pytest.fixture
async def small_deployment(tmp_path, clock):
    """The same on SQLite alone, for tests that are not about what the database does."""
    return await deploy(tmp_path, clock)
