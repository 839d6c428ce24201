"""Erasing a sealed object is part of the unit that records it."""

import pytest

from gateway.domain.writes import Unit
from gateway.store import objects
from gateway.store.commit import UnitError
from tests.records import leaf, sealed


async def test_an_erasure_becomes_true_with_its_entry(database, writer):
    """A crash between the two would leave a deleted job's payload readable, and nobody could delete it again."""
    await writer.commit(Unit(leaf=leaf(), sealed=(sealed("gone"), sealed("gone", "result"), sealed("kept"))))

    await writer.commit(Unit(leaf=leaf(), erased=("gone",)))

    async with database.reading() as connection:
        assert await objects.kinds(connection, "gone") == ()
        assert await objects.kinds(connection, "kept") == ("payload",)


async def test_an_erasure_without_an_entry_is_refused(writer):
    with pytest.raises(UnitError):
        await writer.commit(Unit(erased=("gone",)))
