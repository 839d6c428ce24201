"""Fake vendors that are running, and clients of them."""

import pytest

from tests.fakes.vendors.ibm import FakeIbm
from tests.fakes.vendors.ibm.vendor import CRN
from tests.fakes.vendors.serving import Pace, running
from tests.unit.fakes.ibm_client import OTHER_CRN, QUICK, opened


@pytest.fixture
def fake_ibm():
    return FakeIbm(pace=QUICK, crns=(CRN, OTHER_CRN))


@pytest.fixture
async def ibm(fake_ibm):
    async with running(fake_ibm) as url:
        client = await opened(url)
        yield client
        await client.session.close()


@pytest.fixture
async def instant_ibm():
    vendor = FakeIbm(pace=Pace(queue_seconds=0.0, run_seconds=0.0, instant=True))
    async with running(vendor) as url:
        client = await opened(url)
        yield client
        await client.session.close()
