"""The arithmetic of the ledger: an RFC 6962 Merkle tree, grown at its right edge, over chained leaves.

A leaf is `{"event":…,"prev":"<hex>","seq":N,"v":1}`: canonical JSON that names its place and the leaf before
it. Integrity rests on the Merkle root; `prev` lets anybody check an export with ten lines of code. Hashes
are SHA-256 with the prefixes of RFC 6962: 0x00 before a leaf, 0x01 before two nodes.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final, Self

from gateway.domain.chain import Head, Link
from gateway.domain.writes import Leaf

HASH_BYTES: Final = 32
NOTHING_BEFORE: Final = bytes(HASH_BYTES)
"""What `prev` of the first entry names."""
LEAF_HEAD: Final = b'{"event":'
LEAF_TAIL: Final = b',"prev":"%b","seq":%d,"v":1}'
"""What follows the event in a leaf: the hash of the leaf before, hexadecimal, and its own place."""


def leaf_hash(leaf: bytes) -> bytes:
    """Hash a leaf."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two neighbours into their parent."""
    return sha256(b"\x01" + left + right).digest()


def leaf_tail(previous: bytes, seq: int) -> bytes:
    """Write what follows the event in the leaf at `seq`; `previous` is the hash of the leaf before."""
    return LEAF_TAIL % (previous.hex().encode(), seq)


class FrontierError(ValueError):
    """Stored frontier bytes do not fit the size they are stored with."""


class Frontier:
    """The right edge of a Merkle tree: at most 64 hashes, enough to append and to know the root."""

    __slots__ = ("_roots", "size")

    def __init__(self, size: int = 0, roots: Sequence[bytes] = ()) -> None:
        self.size = size
        self._roots = list(roots)

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> Self:
        """Read what `to_bytes` wrote.

        Raises:
            FrontierError: there is not one hash for each perfect subtree of `size` leaves.
        """
        if size < 0 or len(data) != size.bit_count() * HASH_BYTES:
            raise FrontierError(f"{len(data)} bytes are no frontier of {size} entries")
        return cls(size, [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)])

    def to_bytes(self) -> bytes:
        """Write the roots of the perfect subtrees, largest first."""
        return b"".join(self._roots)

    def append(self, leaf: bytes) -> None:
        """Add a leaf hash."""
        self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes, a level of the tree after the other; subtrees join as `size` has one bits."""
        level, rest, alone = list(leaves), self.size, []
        self.size += len(level)
        while level:
            if rest & 1:
                level.insert(0, self._roots.pop())
            if len(level) & 1:
                alone.append(level.pop())
            pairs = iter(level)
            level = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
            rest >>= 1
        self._roots += reversed(alone)

    def root(self) -> bytes:
        """Give the Merkle tree hash; of no entries it is the hash of nothing."""
        if not self._roots:
            return sha256().digest()
        *others, root = self._roots
        for left in reversed(others):
            root = node_hash(left, root)
        return root


class MerkleChain:
    """Places leaves behind a head: what the writer of the store is handed."""

    def extend(self, head: Head, leaves: Sequence[Leaf]) -> tuple[Head, Sequence[Link]]:
        """Splice place and predecessor into each leaf, in order, and move the head behind the last."""
        frontier = Frontier.from_bytes(head.size, head.frontier)
        links, previous = [], head.last_hash
        for seq, leaf in enumerate(leaves, head.size):
            content = LEAF_HEAD + leaf.event + leaf_tail(previous, seq)
            previous = leaf_hash(content)
            links.append(Link(seq=seq, leaf=content, leaf_hash=previous))
        frontier.extend(link.leaf_hash for link in links)
        after = Head(
            origin=head.origin,
            size=frontier.size,
            frontier=frontier.to_bytes(),
            last_hash=previous,
            last_at=max(head.last_at, *(leaf.at for leaf in leaves)),
        )
        return after, links

    def holds(self, stored: bytes, leaf: Leaf) -> bool:
        """Say whether a stored leaf is this event in its place."""
        return stored.startswith(LEAF_HEAD + leaf.event + b',"prev":"')
