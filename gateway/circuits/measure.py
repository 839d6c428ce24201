"""Turns a decoded program into facts. Runs in a worker process; the models of cost are coarse and said here.

Seconds: every shot takes depth x 100 ns (a layer of mixed gates) plus 250 us (readout, reset and the pause
between shots), which is what superconducting machines need to within a factor of three.
Shots of an estimator: ceil(1 / precision^2) for each measurement basis, as an observable of norm 1 has a
variance of at most 1; bases are counted for the observable of the pub that needs most of them.
"""

import hashlib
import math
from collections.abc import Mapping
from typing import Any

from gateway.circuits.bases import count_bases
from gateway.circuits.fingerprint import digest
from gateway.circuits.structure import Structures
from gateway.circuits.tally import largest_component, tally
from gateway.domain.circuit import CircuitFacts, ProgramFacts
from gateway.ports.reader import Item, Program

LAYER_SECONDS = 1e-7
SHOT_SECONDS = 250e-6
LARGEST = 2**53 - 1
"""Counts stop here: the largest integer that every reader of facts holds exactly."""
MAX_NAMES = 64
"""Different operations told apart; the rest count together as `other`."""


def measure(program: Program) -> ProgramFacts:
    """Measure every circuit of a program.

    Raises:
        UnreadableError: `too-large`: a circuit amounts to more than can be counted.
    """
    structures = Structures()
    circuits = tuple(_measured(item, structures) for item in program.items)
    return ProgramFacts(
        circuits=circuits,
        total_shots=min(sum(facts.bindings * facts.shots for facts in circuits), LARGEST),
        estimated_seconds=min(sum(map(_seconds, circuits)), float(LARGEST)),
        digest=hashlib.sha256(b"".join(bytes.fromhex(facts.digest) for facts in circuits)).hexdigest(),
        payload_versions=program.payload_versions,
    )


def _measured(item: Item, structures: Structures) -> CircuitFacts:
    circuit, total = item.circuit, tally(item.circuit)
    terms, structure = _terms(item), structures.of(item.circuit)
    return CircuitFacts(
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
        bindings=math.prod(item.shape),
        shots=_shots(item, terms),
        observables=len(set().union(*terms)),
        clifford=total.rotations == 0,
        rotations=total.rotations,
        two_qubit_depth=total.two_qubit_depth,
        samplex=item.samplex,
        largest_component=largest_component(total.links, total.used),
        fingerprint=structure.fingerprint,
        skeleton=structure.skeleton,
    )


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
