"""The ledger's tree where it is stored: full tiles are kept as they fill up, the rest is read from the entries.

Growing costs one read of 256 leaf hashes and 255 hashes for each full tile, once; a proof reads at most a tile for each
level. What is read here is proven by nothing: whoever signs compares it with the head, and with what was signed before.
"""

from collections import OrderedDict
from typing import Final

from gateway.audit.merkle import HASH_BYTES, Frontier
from gateway.audit.proofs import Node, Range, consistency_ranges, inclusion_ranges, perfect, tree_hash
from gateway.audit.tiles import HEIGHT, LEVELS, WIDTH, Tile, hash_in, holding, joined, split
from gateway.domain.errors import UnavailableError
from gateway.store import tiles
from gateway.store.engine import Database
from gateway.store.tiles import StoredTile

REMEMBERED: Final = 512
"""Full tiles in memory: 4 MiB."""
AT_ONCE: Final = 32
"""Tiles that are written in one transaction; the ledger's writer waits for it on SQLite."""


class TreeUnavailableError(UnavailableError):
    """Hashes of the ledger's tree are not there, or not there yet."""

    code = "tree-unavailable"

    def __init__(self, tile: Tile) -> None:
        super().__init__(f"the tile {tile} of the ledger's tree is not there yet; it is made with the next checkpoint")
        self.tile = tile


class Tree:
    """Reads and grows the tiles of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._full: OrderedDict[tuple[int, int], bytes] = OrderedDict()

    async def grow(self, size: int) -> None:
        """Keep every tile that is full in a tree of so many entries; a crash in between leaves fewer of them."""
        for level in range(LEVELS):
            full = size >> HEIGHT * (level + 1)
            async with self._database.reading() as connection:
                made = await tiles.count(connection, level)
            if not full:
                return
            for start in range(made, full, AT_ONCE):
                await self._make(level, range(start, min(start + AT_ONCE, full)))

    async def _make(self, level: int, numbers: range) -> None:
        made = []
        for number in numbers:
            hashes = await self._hashes(Tile(level, number))
            made.append(StoredTile(level=level, number=number, root=joined(split(hashes)), hashes=hashes))
        async with self._database.writing() as connection:
            await tiles.add(connection, made)

    async def tile(self, tile: Tile) -> bytes:
        """Give the hashes of a tile.

        Raises:
            TreeUnavailableError: it is not there.
        """
        if (kept := self._full.get((tile.level, tile.number))) is not None:
            self._full.move_to_end((tile.level, tile.number))
            return kept[: tile.width * HASH_BYTES]
        async with self._database.reading() as connection:
            stored = await tiles.hashes(connection, tile.level, tile.number)
        if stored is None:
            return await self._hashes(tile)
        self._keep(tile, stored)
        return stored[: tile.width * HASH_BYTES]

    async def root(self, size: int) -> bytes:
        """Compute the Merkle root of the first entries."""
        if size == 0:
            return Frontier().root()
        return (await self._compute([(0, size)], size))[0]

    async def inclusion(self, index: int, size: int) -> list[bytes]:
        """Prove an entry's place in the first `size` entries; raises `ProofError` where it has none."""
        return await self._compute(inclusion_ranges(index, size), size)

    async def consistency(self, old: int, size: int) -> list[bytes]:
        """Prove that the first `size` entries begin with the first `old`; raises `ProofError` where they cannot."""
        return await self._compute(consistency_ranges(old, size), size)

    async def _compute(self, ranges: list[Range], size: int) -> list[bytes]:
        hashes: dict[Node, bytes] = {}
        read: dict[Tile, bytes] = {}
        for each in ranges:
            for node in perfect(*each):
                tile = holding(node, size)
                read[tile] = read[tile] if tile in read else await self.tile(tile)
                hashes[node] = hash_in(read[tile], node)
        return [tree_hash(hashes.__getitem__, *each) for each in ranges]

    async def _hashes(self, tile: Tile) -> bytes:
        """Read a tile's hashes from what lies below it."""
        start = tile.number * WIDTH
        stop = start + tile.width
        async with self._database.reading() as connection:
            if tile.level == 0:
                found = await tiles.leaf_hashes(connection, start=start, stop=stop)
            else:
                found = await tiles.roots(connection, tile.level - 1, start=start, stop=stop)
        if len(found) != tile.width * HASH_BYTES:
            raise TreeUnavailableError(tile)
        return found

    def _keep(self, tile: Tile, hashes: bytes) -> None:
        self._full[tile.level, tile.number] = hashes
        if len(self._full) > REMEMBERED:
            self._full.popitem(last=False)
