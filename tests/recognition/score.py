"""Recall and precision: how often a circuit is known again, and how often what is taken for it is another."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from qiskit import QuantumCircuit

from gateway.circuits.structure import Structure, Structures
from tests.recognition.variants import Variant

FORMS = ("fingerprint", "skeleton")
_Z = 1.959964
"""Of a 95 % interval."""


@dataclass(frozen=True, kw_only=True)
class Share:
    """A part of a number, with Wilson's 95 % interval."""

    part: int
    whole: int

    @property
    def interval(self) -> tuple[float, float]:
        """Give the lower and upper end; everything where nothing was counted."""
        if not self.whole:
            return 0.0, 1.0
        share, spread = self.part / self.whole, _Z**2 / self.whole
        middle = share + spread / 2
        width = _Z * math.sqrt(share * (1 - share) / self.whole + spread / (4 * self.whole))
        return max(0.0, (middle - width) / (1 + spread)), min(1.0, (middle + width) / (1 + spread))

    def __str__(self) -> str:
        """Say it for people."""
        if not self.whole:
            return "none to count"
        low, high = self.interval
        return (
            f"{100 * self.part / self.whole:.1f} % ({100 * low:.1f} to {100 * high:.1f}; {self.part} of {self.whole})"
        )


@dataclass(frozen=True, kw_only=True)
class Score:
    """How one kind of variant was known again, by one form."""

    recall: Share
    """Of all circuits that have the form at all."""
    precision: Share
    """Of all matches with the labelled circuits: how many were with the circuit itself, or one that is no other."""


def known(circuit: QuantumCircuit) -> Structure:
    """Give the forms of a circuit."""
    return Structures().of(circuit)


def scores(
    labelled: Mapping[str, QuantumCircuit], sources: Mapping[str, QuantumCircuit], variant: Variant
) -> Mapping[str, Score]:
    """Look a variant of every circuit up among the labelled ones."""
    forms = {name: known(circuit) for name, circuit in labelled.items()}
    back = {name: known(variant(circuit, Random(name))) for name, circuit in sources.items()}
    return {form: _score(form, forms, back) for form in FORMS}


def _score(form: str, labelled: Mapping[str, Structure], back: Mapping[str, Structure]) -> Score:
    names = defaultdict(list)
    for name, structure in labelled.items():
        names[getattr(structure, form)].append(name)
    having = [name for name in back if getattr(labelled[name], form) is not None]
    found = {name: names.get(getattr(back[name], form), []) if getattr(back[name], form) else [] for name in back}
    own = sum(name in found[name] for name in having)
    matches = sum(map(len, found.values()))
    return Score(
        recall=Share(part=own, whole=len(having)),
        precision=Share(part=sum(name in each for name, each in found.items()), whole=matches),
    )


def shared(circuits: Mapping[str, QuantumCircuit], form: str) -> Sequence[tuple[str, ...]]:
    """List circuits that cannot be told apart."""
    groups = defaultdict(list)
    for name, circuit in circuits.items():
        if (value := getattr(known(circuit), form)) is not None:
            groups[value].append(name)
    return [tuple(each) for each in groups.values() if len(each) > 1]


def pairs(groups: Iterable[Sequence[str]]) -> int:
    """Count the pairs in groups."""
    return sum(math.comb(len(each), 2) for each in groups)
