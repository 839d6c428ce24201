"""IonQ's native gates as qiskit's, the same up to nothing but a global phase that is kept. Angles in turns.

Aria entangles with `ms`, Forte with `zz`; a quarter turn entangles most. Native gates have no controls.

Source: the matrices of IonQ's "Getting started with native gates".
"""

from collections.abc import Callable, Mapping
from math import pi

from qiskit import QuantumCircuit
from qiskit.circuit.library import RGate

from adapters.ionq.reader.gates import Gate, unknown

_TURN = 2 * pi
_QUARTER = 0.25


def append(circuit: QuantumCircuit, gate: Gate, where: str) -> None:
    """Add one gate.

    Raises:
        UnreadableError: `gate`.
    """
    add = _GATES.get(gate.name)
    if add is None:
        raise unknown(where, _GATES)
    add(circuit, gate, where)


def _gpi(circuit: QuantumCircuit, gate: Gate, where: str) -> None:
    gate.shape(where, targets=1, says=frozenset({"phase"}))
    circuit.append(RGate(pi, _TURN * gate.number("phase", where)), gate.targets)
    # RGate(pi, …) is GPI times -i.
    circuit.global_phase += pi / 2


def _gpi2(circuit: QuantumCircuit, gate: Gate, where: str) -> None:
    gate.shape(where, targets=1, says=frozenset({"phase"}))
    circuit.append(RGate(pi / 2, _TURN * gate.number("phase", where)), gate.targets)


def _zz(circuit: QuantumCircuit, gate: Gate, where: str) -> None:
    gate.shape(where, targets=2, says=frozenset({"angle"}))
    circuit.rzz(_TURN * gate.number("angle", where, default=_QUARTER), *gate.targets)


def _ms(circuit: QuantumCircuit, gate: Gate, where: str) -> None:
    gate.shape(where, targets=2, says=frozenset({"phases", "angle"}))
    phases = gate.numbers("phases", where, count=2)
    for phase, qubit in zip(phases, gate.targets, strict=True):
        circuit.rz(-_TURN * phase, qubit)
    circuit.rxx(_TURN * gate.number("angle", where, default=_QUARTER), *gate.targets)
    for phase, qubit in zip(phases, gate.targets, strict=True):
        circuit.rz(_TURN * phase, qubit)


def _nop(circuit: QuantumCircuit, gate: Gate, where: str) -> None:  # noqa: ARG001  # it does nothing
    gate.shape(where, targets=len(gate.targets), says=frozenset({"time"}))


_GATES: Mapping[str, Callable[[QuantumCircuit, Gate, str], None]] = {
    "gpi": _gpi,
    "gpi2": _gpi2,
    "ms": _ms,
    "zz": _zz,
    "nop": _nop,
}
