"""Holding and settling as the tests of the books do it, with a line each."""

from dataclasses import replace

from gateway.domain.writes import Unit as Writes
from gateway.store import books, limits
from tests.records import NOW, hold, leaf, new_id


async def put(writer, *written, at=NOW):
    await writer.commit(Writes(leaf=leaf(at=at), rows=tuple(limits.write(each) for each in written)))


async def take(writer, micros=700, *, at=NOW, **changes):
    """Hold for a new job; gives the write, to be settled."""
    write = hold(new_id(), amount_micros=micros, at=at, held_at=at, **changes)
    await writer.commit(Writes(leaf=leaf(at=at), hold=write))
    return write


async def move(writer, write, action, *, at=NOW, **charge):
    moved = replace(write, action=action, charge=replace(write.charge, **charge), at=at)
    await writer.commit(Writes(leaf=leaf(at=at), hold=moved))


async def taken(database, one, at=NOW):
    async with database.reading() as connection:
        standing = (await books.standings(connection, [one], at))[0]
    return standing.held, standing.settled


async def differences(database):
    async with database.reading() as connection:
        return await books.check(connection)
