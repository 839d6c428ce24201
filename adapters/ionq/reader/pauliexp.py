"""exp(-i t Σ c P) for Pauli strings P, written out in gates.

The last letter of a term acts on the first target, as in qiskit. Terms that commute are one exponential after
the other, exactly; for others there is no such product, so a few qubits become one matrix and more are refused.
"""

from collections.abc import Sequence
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit.library import UnitaryGate
from qiskit.quantum_info import SparsePauliOp

from adapters.ionq.reader.gates import Gate
from adapters.ionq.reader.strict import expect
from gateway.ports.reader import UnreadableError

MAX_TERMS = 2000
MAX_QUBITS_TOGETHER = 6
"""Of terms that do not commute: a matrix of 64 x 64."""
_SAYS = frozenset({"terms", "coefficients", "time"})


def append(circuit: QuantumCircuit, gate: Gate, where: str) -> None:
    """Add the exponential.

    Raises:
        UnreadableError: `malformed` or `gate`.
    """
    terms = _terms(gate, where)
    gate.shape(where, targets=len(terms[0]), says=_SAYS)
    coefficients = gate.numbers("coefficients", where, count=len(terms))
    time = gate.number("time", where)
    if all(_commute(one, other) for one, other in combinations(map(_parts, terms), 2)):
        for term, coefficient in zip(terms, coefficients, strict=True):
            _append_term(circuit, term, 2 * time * coefficient, gate.targets)
    elif len(gate.targets) <= MAX_QUBITS_TOGETHER:
        circuit.append(UnitaryGate(_exponential(SparsePauliOp(terms, coefficients), time)), gate.targets)
    else:
        raise UnreadableError(
            "gate",
            f"{where} has terms that do not commute on more than {MAX_QUBITS_TOGETHER} qubits; "
            "write the product you mean as several gates",
        )


def _terms(gate: Gate, where: str) -> list[str]:
    terms = expect(gate.said.get("terms"), list, f"{where}.terms")
    if not 1 <= len(terms) <= MAX_TERMS:
        raise UnreadableError("gate", f"{where}.terms has {len(terms)} terms, it may have 1 to {MAX_TERMS}")
    for term in terms:
        if not isinstance(term, str) or not term or set(term) - set("IXYZ") or len(term) != len(terms[0]):
            raise UnreadableError("gate", f"{where}.terms must be texts of I, X, Y and Z, all of one length")
    return terms


def _parts(term: str) -> tuple[int, int]:
    """Give a term's X part and Z part as bits; Y has both."""
    return _bits(term, "XY"), _bits(term, "ZY")


def _bits(term: str, letters: str) -> int:
    return int("".join("01"[letter in letters] for letter in term), 2)


def _commute(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return ((one[0] & other[1]).bit_count() + (one[1] & other[0]).bit_count()) % 2 == 0


def _exponential(operator: SparsePauliOp, time: float) -> Any:
    """Give exp(-i t H) of a Hermitian operator."""
    energies, states = np.linalg.eigh(operator.to_matrix())
    return (states * np.exp(-1j * time * energies)) @ states.conj().T


def _append_term(circuit: QuantumCircuit, term: str, angle: float, targets: Sequence[int]) -> None:
    """Turn every letter to Z, gather the parity on the last qubit, rotate there, and undo both."""
    letters = [(letter, qubit) for letter, qubit in zip(reversed(term), targets, strict=True) if letter != "I"]
    if not letters:
        circuit.global_phase -= angle / 2
        return
    around = QuantumCircuit(circuit.num_qubits)
    for letter, qubit in letters:
        if letter == "Y":
            around.sdg(qubit)
        if letter != "Z":
            around.h(qubit)
    for (_, one), (_, other) in pairwise(letters):
        around.cx(one, other)
    circuit.compose(around, range(circuit.num_qubits), inplace=True)
    circuit.rz(angle, letters[-1][1])
    circuit.compose(around.inverse(), range(circuit.num_qubits), inplace=True)
