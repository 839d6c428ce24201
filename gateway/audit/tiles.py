"""The tree as tiles (C2SP tlog-tiles): 256 neighbouring hashes each, at every eighth level of the tree.

A tile at level 0 has leaf hashes, one above it the roots of full tiles. A full tile never changes; the last one of
each level is partial. Geometry and names only; where hashes are kept is `audit.tree`'s business.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self

from gateway.audit.merkle import HASH_BYTES, node_hash
from gateway.audit.proofs import Node

WIDTH: Final = 256
HEIGHT: Final = 8
"""Levels of the tree that one tile spans."""
LEVELS: Final = 8
"""Levels of tiles that a tree of 2**63 leaves can have."""
_NAME: Final = re.compile(
    r"(?P<level>[0-9]|[1-5][0-9]|6[0-3])/(?P<number>(?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


class TileNameError(ValueError):
    """A path that names no tile."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile by its place; `width` is less than 256 for a partial one."""

    level: int
    number: int
    width: int = WIDTH

    @classmethod
    def parse(cls, name: str) -> Self:
        """Read `<L>/<N>[.p/<W>]`.

        Raises:
            TileNameError: it names no tile, or not in its one way.
        """
        match = _NAME.fullmatch(name)
        if match is None:
            raise TileNameError(f"{name[:60]!r} names no tile")
        tile = cls(int(match["level"]), int(re.sub("[x/]", "", match["number"])), int(match["width"] or WIDTH))
        if str(tile) != name:
            raise TileNameError(f"{name[:60]!r} names no tile: it would be {tile}")
        return tile

    @property
    def end(self) -> int:
        """How many entries a ledger has at least that has this tile."""
        return self.number * WIDTH + self.width << HEIGHT * self.level

    def __str__(self) -> str:
        """Write `<L>/<N>[.p/<W>]`; numbers are in groups of three digits, so that no folder is too full."""
        digits = str(self.number)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
        number = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
        return f"{self.level}/{number}" + (f".p/{self.width}" if self.width < WIDTH else "")


def tiles_of(size: int) -> Iterator[Tile]:
    """Name every tile of a tree of so many entries, the lowest level first."""
    for level in range(LEVELS):
        hashes = size >> HEIGHT * level
        yield from (Tile(level, number) for number in range(hashes // WIDTH))
        if hashes % WIDTH:
            yield Tile(level, hashes // WIDTH, hashes % WIDTH)


def holding(node: Node, size: int) -> Tile:
    """Name the tile that the hash of a perfect subtree is computed from, in a tree of so many entries."""
    level, above = divmod(node.height, HEIGHT)
    number = (node.number << above) // WIDTH
    return Tile(level, number, min(WIDTH, (size >> HEIGHT * level) - number * WIDTH))


def hash_in(tile: bytes, node: Node) -> bytes:
    """Compute the hash of a perfect subtree from its tile."""
    above = node.height % HEIGHT
    first = (node.number << above) % WIDTH
    return joined(split(tile)[first : first + (1 << above)])


def split(hashes: bytes) -> list[bytes]:
    """Take the hashes of a tile apart."""
    return [hashes[start : start + HASH_BYTES] for start in range(0, len(hashes), HASH_BYTES)]


def joined(hashes: Sequence[bytes]) -> bytes:
    """Hash a power of two of neighbours up to their one root."""
    while len(hashes) > 1:
        hashes = [node_hash(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]
