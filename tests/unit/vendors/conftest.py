"""Houses with one vendor, and sessions to servers, closed again whatever a test did."""

import pytest

from gateway.vendors.http import VendorSession
from gateway.vendors.settings import VendorHttp
from tests.unit.vendors.acme import House


@pytest.fixture
async def make_house():
    made = []

    async def make(*, started=True, before=None, **pace):
        house = House(**pace)
        made.append(house)
        if before is not None:
            before(house)
        if started:
            await house.start()
        return house

    yield make
    for house in made:
        await house.upstream.close()


@pytest.fixture
async def house(make_house):
    return await make_house()


@pytest.fixture
async def session():
    opened = []

    def make(**settings):
        opened.append(VendorSession("acme", VendorHttp(**settings)))
        return opened[-1]

    yield make
    for each in opened:
        await each.close()
