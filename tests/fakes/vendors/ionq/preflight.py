"""IonQ's preflight: what it finds wrong with a well-formed circuit before it runs; the job then fails, no request does.

No circuit is simulated here and no library is needed, so every job goes through it, in load tests too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tests.fakes.vendors.ionq.wire import CircuitInput, NativeGate, QisGate

MAX_CONTROLS: Final = 7
_TURNED: Final = {"rx", "ry", "rz", "xx", "yy", "zz"}
_MAY_TURN: Final = _TURNED | {"z"}
_PAIRS: Final = {"swap", "xx", "yy", "zz", "ms"}

Code = Literal[
    "PreflightError",
    "NotEnoughQubits",
    "TooManyControls",
    "UnsupportedGate",
    "CompilationError",
    "SimulationError",
    "QuantumCircuitComplexityError",
    "SystemCancel",
]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job failed, in the vendor's two fields."""

    code: Code
    message: str


@dataclass(frozen=True, slots=True)
class Size:
    """How large a circuit is; gates on more than one qubit, controls included, count as two-qubit gates."""

    qubits: int
    one_qubit_gates: int
    two_qubit_gates: int


def size(circuit: CircuitInput) -> Size:
    """Measure a circuit."""
    wide = sum(len(gate.on) + len(gate.under) > 1 for gate in circuit.circuit)
    widest = max((qubit for gate in circuit.circuit for qubit in gate.on + gate.under), default=0)
    return Size(circuit.qubits or widest + 1, len(circuit.circuit) - wide, wide)


def check(circuit: CircuitInput, *, room: int, two_qubit_gates: frozenset[str]) -> Failure | None:
    """Find what makes a circuit fail on a device of so many qubits and such native two-qubit gates."""
    qubits = size(circuit).qubits
    if qubits > room:
        return Failure("NotEnoughQubits", f"the circuit has {qubits} qubits, the backend has {room}")
    gates: Sequence[QisGate | NativeGate] = circuit.circuit
    for place, gate in enumerate(gates):
        problem = _places(gate, qubits) or (_qis(gate) if isinstance(gate, QisGate) else _native(gate, two_qubit_gates))
        if problem:
            return Failure(problem.code, f"gate {place} ({gate.gate}): {problem.message}")
    return None


def _places(gate: QisGate | NativeGate, qubits: int) -> Failure | None:
    used = gate.on + gate.under
    if len(gate.under) > MAX_CONTROLS:
        return Failure("TooManyControls", f"{len(gate.under)} controls, at most {MAX_CONTROLS} are allowed")
    if len(set(used)) < len(used):
        return _bad("a qubit is named twice")
    if any(not 0 <= qubit < qubits for qubit in used):
        return _bad(f"a qubit is outside 0..{qubits - 1}")
    wanted = 2 if gate.gate in _PAIRS else 1
    if gate.gate not in {"pauliexp", "nop"} and len(gate.on) != wanted:
        return _bad(f"{len(gate.on)} targets, {wanted} needed")
    return None


def _qis(gate: QisGate) -> Failure | None:
    if gate.gate == "pauliexp":
        return _exponential(gate)
    if gate.gate == "cnot" and not gate.under:
        return _bad("no control")
    if gate.gate in _TURNED and gate.rotation is None:
        return _bad("no rotation")
    if gate.gate not in _MAY_TURN and gate.rotation is not None:
        return _bad("it takes no rotation")
    return None


def _exponential(gate: QisGate) -> Failure | None:
    if gate.terms is None or gate.coefficients is None or gate.time is None:
        return _bad("terms, coefficients and time are needed")
    if len(gate.terms) != len(gate.coefficients) or any(len(term) != len(gate.on) for term in gate.terms):
        return _bad("one coefficient for each term and one letter for each target are needed")
    return None


def _native(gate: NativeGate, two_qubit_gates: frozenset[str]) -> Failure | None:
    if gate.under:
        return _bad("native gates have no controls")
    if gate.gate in {"ms", "zz"} and gate.gate not in two_qubit_gates:
        return Failure("UnsupportedGate", f"this backend has {' and '.join(sorted(two_qubit_gates))} instead")
    if gate.gate in {"gpi", "gpi2"} and gate.phase is None:
        return _bad("no phase")
    if gate.gate == "ms" and len(gate.phases or ()) != 2:
        return _bad("two phases are needed")
    return None


def _bad(message: str) -> Failure:
    return Failure("PreflightError", message)
