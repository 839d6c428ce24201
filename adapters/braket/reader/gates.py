"""Braket's gates as qiskit's. Angles in radians; the first qubit is the most significant in Braket's own matrices.

Sources: the gate reference of the Amazon Braket Developer Guide, and `braket_gates.inc` of its default simulator.
"""

from collections.abc import Callable, Mapping
from functools import partial
from math import pi
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import Gate
from qiskit.circuit.library import standard_gates as std

Builder = Callable[..., Gate]


def _made_of(name: str, qubits: int, compose: Callable[..., None], *angles: Any) -> Gate:
    """Build a gate that qiskit has no name for, from gates it knows."""
    definition = QuantumCircuit(qubits)
    compose(definition, *angles)
    gate = Gate(name, qubits, list(angles))
    gate.definition = definition
    return gate


def _cphaseshift00(made: QuantumCircuit, angle: Any) -> None:
    made.x(1)
    made.append(std.CPhaseGate(angle, ctrl_state=0), [0, 1])
    made.x(1)


def _pswap(made: QuantumCircuit, angle: Any) -> None:
    made.cx(0, 1)
    made.p(angle, 1)
    made.cx(0, 1)
    made.swap(0, 1)


def _gpi(made: QuantumCircuit, angle: Any) -> None:
    made.rz(-angle, 0)
    made.x(0)
    made.rz(angle, 0)


def _ms(made: QuantumCircuit, first: Any, second: Any, angle: Any) -> None:
    made.rz(-first, 0)
    made.rz(-second, 1)
    made.rxx(angle, 0, 1)
    made.rz(first, 0)
    made.rz(second, 1)


def _cphaseshift10(made: QuantumCircuit, angle: Any) -> None:
    made.append(std.CPhaseGate(angle, ctrl_state=0), [1, 0])


def _ms_gate(first: Any, second: Any, angle: Any = pi / 2) -> Gate:
    return _made_of("ms", 2, _ms, first, second, angle)


GATES: Mapping[str, tuple[Builder, int, int]] = {
    "ccnot": (std.CCXGate, 0, 3),
    "cnot": (std.CXGate, 0, 2),
    "cphaseshift": (std.CPhaseGate, 1, 2),
    "cphaseshift00": (partial(_made_of, "cphaseshift00", 2, _cphaseshift00), 1, 2),
    "cphaseshift01": (lambda angle: std.CPhaseGate(angle, ctrl_state=0), 1, 2),
    "cphaseshift10": (partial(_made_of, "cphaseshift10", 2, _cphaseshift10), 1, 2),
    "cswap": (std.CSwapGate, 0, 3),
    "cv": (std.CSXGate, 0, 2),
    "cy": (std.CYGate, 0, 2),
    "cz": (std.CZGate, 0, 2),
    "ecr": (std.ECRGate, 0, 2),
    "gpi": (partial(_made_of, "gpi", 1, _gpi), 1, 1),
    "gpi2": (lambda angle: std.RGate(pi / 2, angle), 1, 1),
    "h": (std.HGate, 0, 1),
    "i": (std.IGate, 0, 1),
    "iswap": (std.iSwapGate, 0, 2),
    "ms": (_ms_gate, 3, 2),
    "phaseshift": (std.PhaseGate, 1, 1),
    "prx": (std.RGate, 2, 1),
    "pswap": (partial(_made_of, "pswap", 2, _pswap), 1, 2),
    "rx": (std.RXGate, 1, 1),
    "ry": (std.RYGate, 1, 1),
    "rz": (std.RZGate, 1, 1),
    "s": (std.SGate, 0, 1),
    "si": (std.SdgGate, 0, 1),
    "swap": (std.SwapGate, 0, 2),
    "t": (std.TGate, 0, 1),
    "ti": (std.TdgGate, 0, 1),
    "v": (std.SXGate, 0, 1),
    "vi": (std.SXdgGate, 0, 1),
    "x": (std.XGate, 0, 1),
    "xx": (std.RXXGate, 1, 2),
    "xy": (lambda angle: std.XXPlusYYGate(-angle), 1, 2),
    "y": (std.YGate, 0, 1),
    "yy": (std.RYYGate, 1, 2),
    "z": (std.ZGate, 0, 1),
    "zz": (std.RZZGate, 1, 2),
}
"""How each is made, and how many angles and qubits it takes."""
