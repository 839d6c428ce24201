"""IonQ's gates as Qiskit's, and the other way for compilation. Imports Qiskit: load it in the worker thread only.

Bit i of every number is qubit i. Angles of abstract gates are radians, of native gates turns; `p` travels as `z` with a
rotation, so that is a phase gate here. Matrices of native gates: IonQ, "Getting started with native gates".
"""

from collections.abc import Callable, Sequence
from math import pi
from typing import Any, Final

import numpy as np
from qiskit import QuantumCircuit, qasm3, transpile
from qiskit.circuit import Gate
from qiskit.circuit.library import (
    HGate,
    PauliEvolutionGate,
    PhaseGate,
    RXGate,
    RXXGate,
    RYGate,
    RYYGate,
    RZGate,
    RZZGate,
    SdgGate,
    SGate,
    SwapGate,
    SXdgGate,
    SXGate,
    TdgGate,
    TGate,
    UnitaryGate,
    XGate,
    YGate,
    ZGate,
)
from qiskit.quantum_info import SparsePauliOp

from tests.fakes.vendors.ionq.wire import CircuitInput, NativeGate, QisGate

TURN: Final = 2 * pi
_FIXED: Final[dict[str, Callable[[], Gate]]] = {
    "x": XGate,
    "not": XGate,
    "cnot": XGate,
    "y": YGate,
    "z": ZGate,
    "h": HGate,
    "s": SGate,
    "si": SdgGate,
    "v": SXGate,
    "vi": SXdgGate,
    "t": TGate,
    "ti": TdgGate,
    "swap": SwapGate,
}
_TURNED: Final[dict[str, Callable[[float], Gate]]] = {
    "rx": RXGate,
    "ry": RYGate,
    "rz": RZGate,
    "z": PhaseGate,
    "xx": RXXGate,
    "yy": RYYGate,
    "zz": RZZGate,
}


def touched(circuit: CircuitInput) -> tuple[int, ...]:
    """Give the qubits that any gate uses, in order; the others stay zero and need not be simulated."""
    return tuple(sorted({qubit for gate in circuit.circuit for qubit in gate.on + gate.under})) or (0,)


def built(circuit: CircuitInput, qubits: Sequence[int]) -> QuantumCircuit:
    """Build it on the given qubits only, without measurements."""
    made, place = QuantumCircuit(len(qubits)), {qubit: index for index, qubit in enumerate(qubits)}
    gates: Sequence[QisGate | NativeGate] = circuit.circuit
    for gate in gates:
        operation = _abstract(gate) if isinstance(gate, QisGate) else _native(gate)
        if operation is not None:
            made.append(operation, [place[qubit] for qubit in gate.under + gate.on])
    return made


def _abstract(gate: QisGate) -> Gate:
    if gate.gate == "pauliexp":
        operation: Gate = PauliEvolutionGate(SparsePauliOp(gate.terms, gate.coefficients), time=gate.time)
    elif gate.rotation is not None:
        operation = _TURNED[gate.gate](gate.rotation)
    else:
        operation = _FIXED[gate.gate]()
    return operation.control(len(gate.under), annotated=False) if gate.under else operation


def _native(gate: NativeGate) -> Gate | None:
    if gate.gate == "nop":
        return None
    if gate.gate == "zz":
        return RZZGate(TURN * (0.25 if gate.angle is None else gate.angle))
    if gate.gate == "ms":
        return UnitaryGate(_ms(gate.phases or (0, 0), 0.25 if gate.angle is None else gate.angle))
    turn = np.exp(1j * TURN * (gate.phase or 0))
    if gate.gate == "gpi":
        return UnitaryGate(np.array([[0, 1 / turn], [turn, 0]]))
    return UnitaryGate(np.array([[1, -1j / turn], [-1j * turn, 1]]) / np.sqrt(2))


def _ms(phases: Sequence[float], angle: float) -> Any:
    """Give the matrix with its first qubit as the lower bit, as Qiskit reads it; IonQ prints it the other way."""
    cos, sin = np.cos(pi * angle), -1j * np.sin(pi * angle)
    both, apart = (np.exp(1j * TURN * (phases[0] + sign * phases[1])) for sign in (1, -1))
    matrix = np.diag([cos] * 4).astype(complex)
    matrix[0, 3], matrix[3, 0] = sin / both, sin * both
    matrix[2, 1], matrix[1, 2] = sin / apart, sin * apart
    return matrix


def compiled(circuit: CircuitInput, pair: str) -> list[dict[str, Any]]:
    """Compile to native gates, `ms` or `zz` between qubits."""
    if circuit.gateset == "native":
        return [gate.model_dump(exclude_unset=True) for gate in circuit.circuit]
    qubits = touched(circuit)
    two = "rxx" if pair == "ms" else "rzz"
    lowered = transpile(built(circuit, qubits), basis_gates=["u", two], optimization_level=1, seed_transpiler=7)
    native: list[dict[str, Any]] = []
    for step in lowered.data:
        on = [qubits[lowered.find_bit(bit).index] for bit in step.qubits]
        native += _lowered(pair, on, [float(angle) / TURN for angle in step.operation.params])
    return native


def program(circuit: CircuitInput) -> str:
    """Write a circuit as OpenQASM 3, in gates that the language knows."""
    qubits = range(circuit.qubits or max(touched(circuit)) + 1)
    text: str = qasm3.dumps(transpile(built(circuit, qubits), basis_gates=["u", "cx"], optimization_level=0))
    return text


def _lowered(pair: str, on: Sequence[int], turns: Sequence[float]) -> list[dict[str, Any]]:
    if len(on) == 2:
        phases = {"phases": [0.0, 0.0]} if pair == "ms" else {}
        return [{"gate": pair, "targets": list(on), **phases, "angle": turns[0]}]
    theta, phi, lam = turns
    return [
        {"gate": "gpi2", "target": on[0], "phase": (0.5 - lam) % 1},
        {"gate": "gpi", "target": on[0], "phase": (theta + phi - lam) / 2 % 1},
        {"gate": "gpi2", "target": on[0], "phase": (0.5 + phi) % 1},
    ]
