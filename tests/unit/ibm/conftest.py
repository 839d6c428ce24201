"""IBM's vendor side beside a fake that is running."""

import pytest

from tests.fakes.vendors.ibm import FakeIbm
from tests.fakes.vendors.serving import Pace, running
from tests.unit.ibm.vendor_calls import Caller

INSTANT = Pace(queue_seconds=0.0, run_seconds=0.0, instant=True)


@pytest.fixture
def fake():
    return FakeIbm(pace=INSTANT)


@pytest.fixture
async def simulating():
    """A fake that really runs circuits, so that its results stay the same however often they are fetched."""
    async with running(FakeIbm(pace=Pace(queue_seconds=0.0, run_seconds=0.0))) as url:
        caller = Caller(url)
        yield caller
        await caller.session.close()


@pytest.fixture
async def ibm(fake):
    async with running(fake) as url:
        caller = Caller(url)
        yield caller
        await caller.session.close()
