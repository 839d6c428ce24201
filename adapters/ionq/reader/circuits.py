"""Lists of gates to circuits, and the measurement of every qubit that IonQ leaves unsaid."""

from collections.abc import Mapping, Sequence
from typing import Any

from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister

from adapters.ionq.reader import native, qis
from adapters.ionq.reader.gates import MAX_QUBITS, Gate, gate
from adapters.ionq.reader.strict import expect, only, whole_number
from gateway.ports.reader import ReadLimits, UnreadableError

REGISTER = "meas"
MAX_GATES = 1_000_000
_GATESETS = {"qis": qis, "native": native}
_SINGLE = frozenset({"circuit", "gateset", "qubits"})
_SEVERAL = frozenset({"circuits", "gateset", "qubits"})
_ONE_OF_SEVERAL = frozenset({"name", "circuit", "qubits", "registers", "gateset"})


def single(given: Mapping[str, Any]) -> QuantumCircuit:
    """Decode `input` of one circuit.

    Raises:
        UnreadableError: `malformed`, `too-large` or `gate`.
    """
    return _circuit(only(given, _SINGLE, "input"), {}, "input")


def several(given: Mapping[str, Any], limits: ReadLimits) -> list[QuantumCircuit]:
    """Decode `input` of several circuits; what one does not say itself, all say together.

    Raises:
        UnreadableError: `malformed`, `too-large` or `gate`.
    """
    listed = expect(only(given, _SEVERAL, "input").get("circuits"), list, "input.circuits")
    if not listed:
        raise UnreadableError("malformed", "input.circuits is empty, so there is nothing to run")
    if len(listed) > limits.circuits:
        raise UnreadableError(
            "too-large", f"input.circuits holds {len(listed)} circuits, at most {limits.circuits} can be read"
        )
    found = []
    for index, one in enumerate(listed):
        where = f"input.circuits[{index}]"
        found.append(_circuit(only(expect(one, dict, where), _ONE_OF_SEVERAL, where), given, where))
    return found


def measured(qubits: int) -> QuantumCircuit:
    """Make an empty circuit with a register for all its qubits."""
    return QuantumCircuit(QuantumRegister(qubits, "q"), ClassicalRegister(qubits, REGISTER))


def _circuit(one: Mapping[str, Any], shared: Mapping[str, Any], where: str) -> QuantumCircuit:
    gates = _gates(expect(one.get("circuit"), list, f"{where}.circuit"), f"{where}.circuit")
    gateset = one.get("gateset", shared.get("gateset"))
    if gateset not in _GATESETS:
        raise UnreadableError("malformed", f"{where} needs a gateset, one of {', '.join(_GATESETS)}")
    circuit = measured(_width(one.get("qubits", shared.get("qubits")), gates, where))
    for number, each in enumerate(gates):
        each.check(circuit.num_qubits, f"{where}.circuit[{number}]")
        _GATESETS[gateset].append(circuit, each, f"{where}.circuit[{number}]")
    circuit.measure(range(circuit.num_qubits), range(circuit.num_qubits))
    return circuit


def _gates(listed: Sequence[Any], where: str) -> list[Gate]:
    if len(listed) > MAX_GATES:
        raise UnreadableError("too-large", f"{where} has {len(listed)} gates, at most {MAX_GATES} can be read")
    return [gate(each, f"{where}[{number}]") for number, each in enumerate(listed)]


def _width(given: Any, gates: Sequence[Gate], where: str) -> int:
    """Count the qubits: as many as are declared, else as are touched."""
    if given is not None:
        return whole_number(given, f"{where}.qubits", code="too-large", least=1, most=MAX_QUBITS)
    return max((qubit for each in gates for qubit in each.qubits), default=0) + 1
