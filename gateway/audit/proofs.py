"""Proofs over the ledger's Merkle tree (RFC 6962, 2.1): that an entry is in it, and that it only grew.

Making one takes hashes of perfect subtrees, named by height and number; whoever has them computes here. Checking one
takes nothing but the roots, and follows RFC 9162 (2.1.3.2 and 2.1.4.2), independently of how proofs are made.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple, TypeAlias

from gateway.audit.merkle import node_hash
from gateway.audit.note import encoded

LONGEST: Final = 63
"""Hashes in the longest proof there is."""
TLOG_PROOF: Final = "c2sp.org/tlog-proof@v1"
"""First line of a proof that is written down."""


class ProofError(ValueError):
    """A proof does not hold, or none can be made for such sizes."""


class Node(NamedTuple):
    """A perfect subtree: 2**height leaves, the first of them leaf `number * 2**height`."""

    height: int
    number: int


Hash: TypeAlias = Callable[[Node], bytes]
Range: TypeAlias = tuple[int, int]
"""Leaves `start <= leaf < stop` whose tree hash is one hash of a proof."""


def perfect(start: int, stop: int) -> Iterator[Node]:
    """Split leaves into perfect subtrees, from left to right; `start` is where a subtree may begin."""
    while start < stop:
        fits = (stop - start).bit_length() - 1
        height = min(fits, (start & -start).bit_length() - 1) if start else fits
        yield Node(height, start >> height)
        start += 1 << height


def tree_hash(hash_of: Hash, start: int, stop: int) -> bytes:
    """Compute the Merkle tree hash of a range of leaves."""
    *others, root = [hash_of(node) for node in perfect(start, stop)]
    for left in reversed(others):
        root = node_hash(left, root)
    return root


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Name the hashes that prove a leaf, from its sibling up to the root's child.

    Raises:
        ProofError: a tree of so many leaves has no such leaf.
    """
    if not 0 <= index < size:
        raise ProofError(f"a ledger of {size} entries has no entry {index}")
    found, start, stop = [], 0, size
    while stop - start > 1:
        split = start + _split(stop - start)
        if index < split:
            found.append((split, stop))
            stop = split
        else:
            found.append((start, split))
            start = split
    return found[::-1]


def consistency_ranges(old: int, size: int) -> list[Range]:
    """Name the hashes that prove that a tree grew out of a smaller one; none are needed from or to the same.

    Raises:
        ProofError: the sizes are none, or the wrong way round.
    """
    if not 0 <= old <= size:
        raise ProofError(f"a ledger of {size} entries did not grow out of one of {old}")
    if old in {0, size}:
        return []
    found: list[Range] = []
    start, stop, whole = 0, size, True
    while stop != old:
        split = start + _split(stop - start)
        if old <= split:
            found.append((split, stop))
            stop = split
        else:
            found.append((start, split))
            start, whole = split, False
    # What is left is a subtree of both trees; where it is all of the old one, its root is known already.
    return [*([] if whole else [(start, stop)]), *reversed(found)]


def written(index: int, proof: Iterable[bytes], checkpoint: str) -> str:
    """Write a proof of inclusion with the signed checkpoint that it leads to (C2SP tlog-proof)."""
    return "\n".join([TLOG_PROOF, f"index {index}", *map(encoded, proof), "", checkpoint])


def check_inclusion(leaf: bytes, index: int, *, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Check that a leaf hash is at a place of a tree.

    Raises:
        ProofError: the proof does not show it.
    """
    if not 0 <= index < size:
        raise ProofError(f"a ledger of {size} entries has no entry {index}")
    number, last, computed = index, size - 1, leaf
    for each in proof:
        if last == 0:
            raise ProofError("the proof of inclusion is too long")
        if number & 1 or number == last:
            computed = node_hash(each, computed)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            computed = node_hash(computed, each)
        number, last = number >> 1, last >> 1
    if last or computed != root:
        raise ProofError(f"the proof does not lead from entry {index} to the root of {size} entries")


def check_consistency(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Check that a tree is an older one with leaves added behind it, and nothing else.

    Raises:
        ProofError: the proof does not show it.
    """
    if not 0 <= old <= size:
        raise ProofError(f"a ledger of {size} entries did not grow out of one of {old}")
    if old in {0, size}:
        if proof or (old == size and old_root != root):
            raise ProofError(f"two ledgers of {size} entries with different roots are not the same")
        return
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path or _climbed(path, old - 1, size - 1) != (old_root, root):
        raise ProofError(f"the proof does not lead from the root of {old} entries to that of {size}")


def _climbed(path: Sequence[bytes], number: int, last: int) -> tuple[bytes, bytes] | None:
    """Compute both roots on the way up; nothing where the path has another length than the trees."""
    while number & 1:
        number, last = number >> 1, last >> 1
    older = newer = path[0]
    for each in path[1:]:
        if last == 0:
            return None
        if number & 1 or number == last:
            older, newer = node_hash(each, older), node_hash(each, newer)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            newer = node_hash(newer, each)
        number, last = number >> 1, last >> 1
    return None if last else (older, newer)


def _split(width: int) -> int:
    """Give the largest power of two below a number of leaves: where RFC 6962 splits them."""
    return 1 << (width - 1).bit_length() - 1
