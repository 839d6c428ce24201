"""Estimate expectation values as a quantum computer does: measure bases, average shots. Worker process only.

Terms that agree on every qubit share a basis, and each basis of each parameter set takes
`ceil(1 / precision**2)` shots. A value is the mean over these shots, its standard error their spread: with
the simulator's shots the truth lies within one standard error about two times in three.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray
from qiskit import ClassicalRegister, QuantumCircuit

from adapters.aer.compact import Compact
from adapters.aer.sampling import Bits, Engine

_AXES = {"X": "X", "+": "X", "-": "X", "Y": "Y", "r": "Y", "l": "Y", "Z": "Z", "0": "Z", "1": "Z"}
_ZEROS = frozenset("+r0")
_ONES = frozenset("-l1")
_CERTAINTY = 2
"""Made-up shots at each end of the range when the spread is estimated; see `_moments`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Expectation values with their standard errors."""

    values: NDArray[np.float64]
    errors: NDArray[np.float64]
    shots: int
    """Of each basis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """Qubits that no gate touches: they stay in the ground state, and need no simulating to be measured."""

    misread: Mapping[int, tuple[float, float]]
    """By qubit, the probabilities that 0 is read as 1 and 1 as 0; a missing qubit is read perfectly."""

    def read(self, qubit: int, axis: str, shots: int, rng: np.random.Generator) -> Bits:
        """Draw what measuring such a qubit along an axis gives: across it, a fair coin."""
        true = np.zeros(shots, dtype=np.uint8) if axis == "Z" else rng.integers(0, 2, shots, dtype=np.uint8)
        false, missed = self.misread.get(qubit, (0.0, 0.0))
        return true ^ (rng.random(shots) < np.where(true, missed, false)).astype(np.uint8)


def shots_for(precision: float) -> int:
    """Give the shots whose mean has this standard error at most, for an observable with values in [-1, 1]."""
    # A precision is often made from whole shots; rounding must not add one.
    return max(1, ceil((1 - 1e-12) / precision**2))


def estimate(
    engine: Engine,
    compact: Compact,
    values: NDArray[np.float64],
    observables: NDArray[np.object_],
    *,
    shots: int,
    idle: Idle,
) -> Estimate:
    """Estimate one observable per element.

    Args:
        engine: how to simulate.
        compact: the circuit; it may end anywhere, measurements are added.
        values: `[*shape, parameters]`, for the parameters of the compact circuit.
        observables: of `shape`; maps from Pauli text (qubit n-1 … 0, of the submitted circuit) to coefficients.
        shots: repetitions of each basis.
        idle: how the qubits behave that the compact circuit lacks.
    """
    flat = observables.reshape(-1)
    rows, which = np.unique(values.reshape(flat.size, values.shape[-1]), axis=0, return_inverse=True)
    means, errors = np.zeros(flat.size), np.zeros(flat.size)
    rng = np.random.default_rng([engine.seed, 1])
    for number, row in enumerate(rows):
        places = np.flatnonzero(which.reshape(-1) == number)
        job = _Measured(replace(engine, seed=_seed(rng)), compact, row, shots, idle)
        means[places], errors[places] = job.evaluate([flat[place] for place in places])
    shape = observables.shape
    return Estimate(values=means.reshape(shape), errors=errors.reshape(shape), shots=shots)


class _Measured:
    """One parameter set, measured in as many bases as its observables need."""

    def __init__(self, engine: Engine, compact: Compact, row: NDArray[np.float64], shots: int, idle: Idle) -> None:
        self._engine, self._compact, self._row, self._shots, self._idle = engine, compact, row, shots, idle
        self._rng = np.random.default_rng([engine.seed, 2])

    def evaluate(self, observables: Sequence[Mapping[str, float]]) -> tuple[list[float], list[float]]:
        """Give the mean and the standard error of each observable."""
        terms = dict.fromkeys(term for observable in observables for term in observable)
        means, variances = [0.0] * len(observables), [0.0] * len(observables)
        for basis, members in _bases(terms):
            outcomes = self._shots_of(members, self._bits(basis))
            for place, observable in enumerate(observables):
                here = {term: observable[term] for term in members if term in observable}
                mean, variance = _moments(here, outcomes, self._shots)
                means[place] += mean
                variances[place] += variance
        return means, [sqrt(variance) for variance in variances]

    def _bits(self, basis: Mapping[int, str]) -> dict[int, Bits]:
        """Measure the qubits of a basis; gives each qubit's shots."""
        small = {qubit: place for place, qubit in enumerate(self._compact.qubits)}
        active = [qubit for qubit in basis if qubit in small]
        bits = {
            qubit: self._idle.read(qubit, axis, self._shots, self._rng)
            for qubit, axis in basis.items()
            if qubit not in small
        }
        if active:
            circuit = _with_measurement(self._compact.circuit, {small[qubit]: basis[qubit] for qubit in active})
            engine = replace(self._engine, seed=_seed(self._rng))
            sampled = engine.sample(circuit, self._row[np.newaxis], self._shots)[0]
            bits |= {qubit: sampled[:, -len(active) + place] for place, qubit in enumerate(active)}
        return bits

    def _shots_of(self, terms: Sequence[str], bits: Mapping[int, Bits]) -> dict[str, NDArray[np.int8]]:
        return {term: _term(_letters(term), bits, self._shots) for term in terms}


def _bases(terms: Mapping[str, None]) -> list[tuple[dict[int, str], list[str]]]:
    """Group terms that agree on every qubit, greedily in the given order."""
    groups: list[tuple[dict[int, str], list[str]]] = []
    for term in terms:
        axes = {qubit: _AXES[letter] for qubit, letter in _letters(term).items()}
        for basis, members in groups:
            if all(basis.get(qubit, axis) == axis for qubit, axis in axes.items()):
                basis.update(axes)
                members.append(term)
                break
        else:
            groups.append((axes, [term]))
    return groups


def _letters(term: str) -> dict[int, str]:
    """Give the letters of a Pauli text by qubit, identities left out."""
    return {qubit: letter for qubit, letter in enumerate(reversed(term)) if letter != "I"}


def _with_measurement(circuit: QuantumCircuit, axes: Mapping[int, str]) -> QuantumCircuit:
    """Measure qubits along axes into a register of their own, at the end of the classical bits."""
    measured = circuit.copy()
    register = ClassicalRegister(len(axes), name="qgw_measured")
    measured.add_register(register)
    for bit, (qubit, axis) in zip(register, axes.items(), strict=True):
        if axis == "Y":
            measured.rz(-np.pi / 2, qubit)
        if axis != "Z":
            # A Hadamard gate in the words of the devices, so that calibrated noise finds it.
            measured.rz(np.pi / 2, qubit)
            measured.sx(qubit)
            measured.rz(np.pi / 2, qubit)
        measured.measure(qubit, bit)
    return measured


def _term(letters: Mapping[int, str], bits: Mapping[int, Bits], shots: int) -> NDArray[np.int8]:
    """Give a term's outcome in every shot: a sign, or 0 and 1 where it projects."""
    outcome = np.ones(shots, dtype=np.int8)
    for qubit, letter in letters.items():
        bit = bits[qubit].astype(np.int8)
        if letter in _ZEROS:
            outcome *= 1 - bit
        elif letter in _ONES:
            outcome *= bit
        else:
            outcome *= 1 - 2 * bit
    return outcome


def _moments(terms: Mapping[str, float], outcomes: Mapping[str, NDArray[np.int8]], shots: int) -> tuple[float, float]:
    """Give the mean of a sum of terms that were measured together, and the variance of that mean.

    Shots that all agree do not prove certainty: a rare outcome may just not have come. So the spread is
    estimated as if two more shots had come out at either end of the range (Agresti and Coull, The American
    Statistician 52, 119 (1998)); the mean is not touched. With many shots the difference vanishes.
    """
    constant = sum(weight for term, weight in terms.items() if not _letters(term))
    varying = {term: weight for term, weight in terms.items() if _letters(term) and weight}
    if not varying:
        return constant, 0.0
    total = np.zeros(shots)
    low = high = 0.0
    for term, weight in varying.items():
        total += weight * outcomes[term]
        projects = set(_letters(term).values()) <= _ZEROS | _ONES
        ends = (0.0, weight) if projects else (-weight, weight)
        low, high = low + min(ends), high + max(ends)
    padded = np.concatenate([total, [low] * _CERTAINTY, [high] * _CERTAINTY])
    return constant + float(total.mean()), float(padded.var(ddof=1)) / shots


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**63))
