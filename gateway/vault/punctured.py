"""A key that can forget: it derives a lock for every address, until that address is punctured.

A tree of SHA-256 with 16 branches: each digit of an address leads from a node to its child. Puncturing takes a
node away and keeps the neighbours of its path instead: whatever lay below can never be derived again, by anybody,
while everything else still is. A part of the tree that is punctured whole leaves nothing behind.

Addresses all have the same length, so that no lock is the node of another. Source: Goldreich, Goldwasser and Micali,
How to Construct Random Functions (1986); punctured as by Boneh and Waters, eprint 2013/352.
"""

import os
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Final

NODE_BYTES: Final = 32
DIGITS: Final = "0123456789abcdef"
_BRANCH: Final = b"qgw/lock/1/"


class PuncturedKey:
    """The nodes that are left, by their place; no place is the beginning of another."""

    def __init__(self, nodes: Mapping[str, bytes]) -> None:
        self._nodes = dict(nodes)

    @classmethod
    def new(cls) -> "PuncturedKey":
        """Make one that has forgotten nothing."""
        return cls({"": os.urandom(NODE_BYTES)})

    def derive(self, address: str) -> bytes | None:
        """Derive what is at an address; `None` where it was punctured."""
        above = self._above(address)
        return None if above is None else descend(self._nodes[above], address[len(above) :])

    def puncture(self, prefix: str) -> bool:
        """Forget every address that begins so; `False` where all of them were forgotten before."""
        above = self._above(prefix)
        if above is None:
            below = [place for place in self._nodes if place.startswith(prefix)]
            for place in below:
                del self._nodes[place]
            return bool(below)
        node = self._nodes.pop(above)
        for place, digit in _path(prefix, len(above)):
            self._nodes.update({place + other: _child(node, other) for other in DIGITS if other != digit})
            node = _child(node, digit)
        return True

    def items(self) -> Iterator[tuple[str, bytes]]:
        """Give every node that is left, to be written down."""
        return iter(sorted(self._nodes.items()))

    def __len__(self) -> int:
        """How many nodes are left."""
        return len(self._nodes)

    def _above(self, place: str) -> str | None:
        """Find the node at a place or above it."""
        return next((place[:end] for end in range(len(place) + 1) if place[:end] in self._nodes), None)


def descend(node: bytes, digits: str) -> bytes:
    """Go down from a node, a digit at a time."""
    for digit in digits:
        node = _child(node, digit)
    return node


def _child(node: bytes, digit: str) -> bytes:
    # One block, and always of one length: HMAC would cost six times as much, and here add nothing.
    return sha256(_BRANCH + node + digit.encode()).digest()


def _path(prefix: str, start: int) -> Iterator[tuple[str, str]]:
    return ((prefix[:end], prefix[end]) for end in range(start, len(prefix)))
