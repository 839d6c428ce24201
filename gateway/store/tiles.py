"""Full tiles of the ledger's tree, as rows. A tile is written once: whoever writes it again writes the same."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.tables import audit_entry, audit_tile
from gateway.store.upsert import upsert


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTile:
    """One full tile."""

    level: int
    number: int
    root: bytes = field(repr=False)
    """The hash of all its hashes: what the tile above has of it."""
    hashes: bytes = field(repr=False)


async def count(connection: AsyncConnection, level: int) -> int:
    """Count the full tiles of a level; they are numbered without gaps."""
    highest = select(func.max(audit_tile.c.number)).where(audit_tile.c.level == level)
    found = (await connection.execute(highest)).scalar_one()
    return 0 if found is None else found + 1


async def hashes(connection: AsyncConnection, level: int, number: int) -> bytes | None:
    """Read one full tile; `None` where there is none."""
    this = (audit_tile.c.level == level, audit_tile.c.number == number)
    return (await connection.execute(select(audit_tile.c.hashes).where(*this))).scalar_one_or_none()


async def roots(connection: AsyncConnection, level: int, *, start: int, stop: int) -> bytes:
    """Read the roots of neighbouring full tiles, as far as there are any."""
    these = (audit_tile.c.level == level, audit_tile.c.number >= start, audit_tile.c.number < stop)
    query = select(audit_tile.c.root).where(*these).order_by(audit_tile.c.number)
    return b"".join((await connection.execute(query)).scalars())


async def leaf_hashes(connection: AsyncConnection, *, start: int, stop: int) -> bytes:
    """Read the hashes stored beside entries, as far as there are any."""
    these = (audit_entry.c.seq >= start, audit_entry.c.seq < stop)
    query = select(audit_entry.c.leaf_hash).where(*these).order_by(audit_entry.c.seq)
    return b"".join((await connection.execute(query)).scalars())


async def add(connection: AsyncConnection, tiles: Iterable[StoredTile]) -> None:
    """Write tiles that are full now; those that are there already stay as they are."""
    rows = [{"level": each.level, "number": each.number, "root": each.root, "hashes": each.hashes} for each in tiles]
    if rows:
        await connection.execute(upsert(connection.dialect.name, audit_tile, ()), rows)
