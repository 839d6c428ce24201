"""The ledger's rows, tiles, checkpoints and pin against each other. The chain itself is `audit.verify`'s."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from gateway.audit.leaf import read
from gateway.audit.merkle import HASH_BYTES, Frontier
from gateway.audit.pin import PinUnreadableError
from gateway.audit.publish import Checkpoints
from gateway.audit.tiles import HEIGHT, LEVELS, WIDTH, joined, split
from gateway.casework.fsck.finding import Damage, damage
from gateway.store import checkpoints, tiles
from gateway.store import damage as stored
from gateway.store.damage import EntryRow, TileRow
from gateway.store.engine import Database

PART: Final = "ledger"


def rows(page: Sequence[EntryRow]) -> list[Damage]:
    """Compare the columns beside entries with the entries."""
    found = []
    for row in page:
        leaf = read(row.leaf)
        if leaf is None:
            continue
        told = (leaf.seq, leaf.event.id, leaf.event.type, leaf.event.at, leaf.event.project)
        if told != (row.seq, row.event_id, row.type, row.at, row.project_id):
            found.append(damage(PART, "row-differs", f"entry {row.seq}"))
    return found


async def tree(database: Database, log: Checkpoints) -> AsyncIterator[Damage]:
    """Compare every tile with what lies below it, and look for those that are missing below the newest checkpoint."""
    async with database.reading() as connection:
        newest = await checkpoints.newest(connection)
    size = 0 if newest is None else newest.size
    for level in range(LEVELS):
        full, known = size >> HEIGHT * (level + 1), -1
        while page := await _tiles(database, level, known + 1):
            for tile in page:
                if tile.number != known + 1:
                    yield damage(PART, "tile-missing", f"tile {level}/{known + 1}")
                known = tile.number
                if not await _agrees(database, tile):
                    yield damage(PART, "tile-differs", f"tile {level}/{tile.number}")
        if known + 1 < full:
            yield damage(PART, "tile-missing", f"tile {level}/{known + 1}")
    async for found in _pin(log):
        yield found


async def marginal(database: Database) -> AsyncIterator[Damage]:
    """Look at what stands beside the ledger: cosignatures, and the triggers that guard it."""
    async with database.reading() as connection:
        for size in await stored.orphaned_cosignatures(connection):
            yield damage(PART, "cosignature-orphaned", f"checkpoint of {size} entries")
        for name in await stored.missing_guards(connection):
            yield damage(PART, "guard-missing", f"trigger {name}")


async def _pin(log: Checkpoints) -> AsyncIterator[Damage]:
    try:
        pinned = log.pin.read()
    except PinUnreadableError as error:
        yield damage(PART, "pin-differs", "log.checkpoint", error.message)
        return
    if pinned is None:
        return
    frontier = Frontier()
    async for hashes in _leaf_hashes(log.database, pinned[1].size):
        frontier.extend(split(hashes))
    if (frontier.size, frontier.root()) != (pinned[1].size, pinned[1].root):
        yield damage(PART, "pin-differs", "log.checkpoint", f"it is of {pinned[1].size} entries")


async def _leaf_hashes(database: Database, size: int) -> AsyncIterator[bytes]:
    for start in range(0, size, WIDTH):
        async with database.reading() as connection:
            yield await tiles.leaf_hashes(connection, start=start, stop=min(start + WIDTH, size))


async def _tiles(database: Database, level: int, since: int) -> list[TileRow]:
    async with database.reading() as connection:
        return await stored.tiles(connection, level, since=since)


async def _agrees(database: Database, tile: TileRow) -> bool:
    start = tile.number * WIDTH
    async with database.reading() as connection:
        if tile.level == 0:
            below = await tiles.leaf_hashes(connection, start=start, stop=start + WIDTH)
        else:
            below = await tiles.roots(connection, tile.level - 1, start=start, stop=start + WIDTH)
    if tile.hashes != below or len(below) != WIDTH * HASH_BYTES:
        return False
    return joined(split(below)) == tile.root
