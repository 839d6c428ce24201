"""Houses with one vendor, closed again whatever a test did."""

import pytest

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
