"""Turns a decoded program into facts. Runs in a worker process; the models of cost are coarse and said here.

Seconds: every shot takes depth x 100 ns (a layer of mixed gates) plus 250 us (readout, reset and the pause
between shots), which is what superconducting machines need to within a factor of three.
Shots of an estimator: ceil(1 / precision^2) for each measurement basis, as an observable of norm 1 has a
variance of at most 1; bases are counted for the observable of the pub that needs most of them.

Who varies parameters sends one circuit again and again. What was measured of it follows from the bytes that it was
read from, so a worker keeps it by their digest; a worker serves one project, and what it keeps ends with it.
"""

import math
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from gateway.circuits.bases import count_bases
from gateway.circuits.fingerprint import digest
from gateway.circuits.structure import Structure, Structures
from gateway.circuits.tally import largest_component, tally
from gateway.domain.circuit import CircuitFacts, ProgramFacts, program_digest
from gateway.ports.reader import Item, Program

LAYER_SECONDS = 1e-7
SHOT_SECONDS = 250e-6
LARGEST = 2**53 - 1
"""Counts stop here: the largest integer that every reader of facts holds exactly."""
MAX_NAMES = 64
"""Different operations told apart; the rest count together as `other`."""
REMEMBERED = 256
"""Circuits of which is kept what was measured, at a few kilobytes each."""


class Looked(NamedTuple):
    """What was measured of a circuit, whatever an item does with it."""

    facts: CircuitFacts
    structure: Structure
    instructions: int
    """How many were looked at to know its structure."""


class Known:
    """What was measured of circuits before, by the digest of what they were read from; a bounded number of them."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._looked: OrderedDict[bytes, Looked] = OrderedDict()

    def of(self, item: Item, structures: Structures) -> Looked:
        """Look at an item's circuit, unless that was done before.

        Raises:
            UnreadableError: `too-large`: it amounts to more than can be counted.
        """
        if item.source is not None and (known := self._looked.get(item.source)) is not None:
            self._looked.move_to_end(item.source)
            return known._replace(structure=structures.again(known.structure, known.instructions))
        looked = _looked_at(item.circuit, structures)
        # Without a fingerprint, others of its submission may have used up what may be looked at.
        if item.source is not None and looked.structure.fingerprint is not None:
            self._keep(item.source, looked)
        return looked

    def _keep(self, source: bytes, looked: Looked) -> None:
        self._looked[source] = looked
        if len(self._looked) > self._most:
            self._looked.popitem(last=False)


def measure(program: Program, known: Known | None = None) -> ProgramFacts:
    """Measure every circuit of a program; the facts are the same whatever is known.

    Raises:
        UnreadableError: `too-large`: a circuit amounts to more than can be counted.
    """
    structures, known = Structures(), known or Known()
    circuits = tuple(_measured(item, known.of(item, structures)) for item in program.items)
    return ProgramFacts(
        circuits=circuits,
        total_shots=min(sum(facts.bindings * facts.shots for facts in circuits), LARGEST),
        estimated_seconds=min(sum(map(_seconds, circuits)), float(LARGEST)),
        digest=program_digest(circuits),
        payload_versions=program.payload_versions,
    )


def _measured(item: Item, looked: Looked) -> CircuitFacts:
    """Say of a circuit what an item does with it."""
    terms = _terms(item)
    return replace(
        looked.facts,
        bindings=math.prod(item.shape),
        shots=_shots(item, terms),
        observables=len(set().union(*terms)),
        samplex=item.samplex,
        fingerprint=looked.structure.fingerprint,
        skeleton=looked.structure.skeleton,
    )


def _looked_at(circuit: Any, structures: Structures) -> Looked:
    total, before = tally(circuit), structures.left
    structure = structures.of(circuit)
    facts = CircuitFacts(
        digest=digest(circuit),
        qubits_used=len(total.used),
        qubits_declared=circuit.num_qubits,
        clbits=circuit.num_clbits,
        depth=total.depth,
        size=total.size,
        gates=_told_apart(total.names),
        gates_by_arity={str(arity): count for arity, count in sorted(total.arities.items())},
        two_qubit_gates=total.arities[2],
        multi_qubit_gates=sum(count for arity, count in total.arities.items() if arity > 2),  # noqa: PLR2004  # more than two
        measurements=total.measurements,
        measured_bits=len(total.written),
        mid_circuit_measurements=total.mid_circuit,
        resets=total.resets,
        control_flow=total.control_flow,
        parameters=circuit.num_parameters,
        bindings=1,
        shots=0,
        observables=0,
        clifford=total.rotations == 0,
        rotations=total.rotations,
        two_qubit_depth=total.two_qubit_depth,
        largest_component=largest_component(total.links, total.used),
    )
    return Looked(facts, structure, before - structures.left)


def _terms(item: Item) -> list[Mapping[str, float]]:
    """Give each observable of an item once, however often broadcasting repeats it."""
    if item.observables is None:
        return []
    return list({id(observable): observable for observable in item.observables.flat}.values())


def _shots(item: Item, terms: list[Mapping[str, Any]]) -> int:
    if item.shots is not None:
        return item.shots
    if item.precision is None:
        return 0
    for_one = LARGEST if item.precision**2 < 1 / LARGEST else math.ceil(1 / item.precision**2)
    return min(for_one * max(map(count_bases, terms), default=1), LARGEST)


def _seconds(facts: CircuitFacts) -> float:
    return facts.bindings * facts.shots * (facts.depth * LAYER_SECONDS + SHOT_SECONDS)


def _told_apart(names: Mapping[str, int]) -> Mapping[str, int]:
    """Keep the most frequent operations by name; a caller who invents names cannot make facts grow."""
    ranked = sorted(names.items(), key=lambda named: (-named[1], named[0]))
    kept, rest = dict(ranked[:MAX_NAMES]), ranked[MAX_NAMES:]
    if rest:
        kept["other"] = kept.get("other", 0) + sum(count for _, count in rest)
    return dict(sorted(kept.items()))
