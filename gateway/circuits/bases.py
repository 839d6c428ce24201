"""How many measurement bases an observable needs: terms that agree on every qubit are measured together."""

from collections.abc import Iterable
from typing import NamedTuple

_GREEDY_TERMS = 1000
"""Above this many terms each counts as its own basis: an upper bound that costs no time."""
_X, _Z = frozenset("X+-Y rl".replace(" ", "")), frozenset("Z01Yrl")


class _Basis(NamedTuple):
    """A term as two bit masks; a set bit in both is Y. Projectors are measured in the basis of their Pauli."""

    x: int
    z: int

    @property
    def support(self) -> int:
        return self.x | self.z

    def agrees(self, other: "_Basis") -> bool:
        return not ((self.x ^ other.x) | (self.z ^ other.z)) & self.support & other.support

    def joined(self, other: "_Basis") -> "_Basis":
        return _Basis(self.x | other.x, self.z | other.z)


def count_bases(terms: Iterable[str]) -> int:
    """Count groups of qubit-wise commuting terms, greedily in the given order; at least 1.

    Args:
        terms: Pauli strings of one length.
    """
    bases = [_basis(term) for term in terms]
    if len(bases) > _GREEDY_TERMS:
        return len(bases)
    groups: list[_Basis] = []
    for basis in bases:
        fitting = next((index for index, group in enumerate(groups) if group.agrees(basis)), None)
        if fitting is None:
            groups.append(basis)
        else:
            groups[fitting] = groups[fitting].joined(basis)
    return max(len(groups), 1)


def _basis(term: str) -> _Basis:
    return _Basis(_mask(term, _X), _mask(term, _Z))


def _mask(term: str, letters: frozenset[str]) -> int:
    return int("".join("1" if letter in letters else "0" for letter in term) or "0", 2)
