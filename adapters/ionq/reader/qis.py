"""IonQ's abstract gates as qiskit's. Rotations are in radians.

`z` with a rotation is a phase gate: the stock SDK writes `p` and `cp` so. Any gate but a Pauli exponential may
have controls.
"""

from collections.abc import Mapping

from qiskit import QuantumCircuit
from qiskit.circuit import Gate as QiskitGate
from qiskit.circuit import library

from adapters.ionq.reader import pauliexp
from adapters.ionq.reader.gates import MAX_CONTROLS, Gate, unknown
from gateway.ports.reader import UnreadableError

_FIXED: Mapping[str, type[QiskitGate]] = {
    "x": library.XGate,
    "not": library.XGate,
    "cnot": library.XGate,
    "y": library.YGate,
    "z": library.ZGate,
    "h": library.HGate,
    "s": library.SGate,
    "si": library.SdgGate,
    "t": library.TGate,
    "ti": library.TdgGate,
    "v": library.SXGate,
    "vi": library.SXdgGate,
    "swap": library.SwapGate,
}
_TURNED: Mapping[str, type[QiskitGate]] = {
    "rx": library.RXGate,
    "ry": library.RYGate,
    "rz": library.RZGate,
    "xx": library.RXXGate,
    "yy": library.RYYGate,
    "zz": library.RZZGate,
}
_PAIRS = frozenset({"swap", "xx", "yy", "zz"})
_ROTATION = frozenset({"rotation"})
_KNOWN = {**_FIXED, **_TURNED, "pauliexp": None}


def append(circuit: QuantumCircuit, gate: Gate, where: str) -> None:
    """Add one gate.

    Raises:
        UnreadableError: `gate`.
    """
    if gate.name == "pauliexp":
        pauliexp.append(circuit, gate, where)
        return
    if gate.name not in _KNOWN:
        raise unknown(where, _KNOWN)
    says = _ROTATION if gate.name in _TURNED or gate.name == "z" else frozenset()
    gate.shape(where, targets=2 if gate.name in _PAIRS else 1, controls=MAX_CONTROLS, says=says)
    if gate.name == "cnot" and not gate.controls:
        raise UnreadableError("gate", f"{where} is a cnot without a control")
    made = _made(gate, where)
    if gate.controls:
        made = made.control(len(gate.controls), annotated=False)
    circuit.append(made, gate.qubits)


def _made(gate: Gate, where: str) -> QiskitGate:
    if gate.name == "z" and gate.said.get("rotation") is not None:
        return library.PhaseGate(gate.number("rotation", where))
    if gate.name in _TURNED:
        return _TURNED[gate.name](gate.number("rotation", where))
    return _FIXED[gate.name]()
