"""Writes a sampler's program as an IonQ submission; loaded in worker processes only.

Circuits become lists of abstract gates on the qubits they use, without measurements: IonQ measures every qubit,
and the metadata keep which qubit each classical bit reads (`qgw_registers`), so that results can be read back.
What such a list cannot say, a measurement in the middle, goes as OpenQASM 3, one circuit to a job.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from qiskit import QuantumCircuit, qasm3, transpile
from qiskit.circuit import CircuitInstruction, ControlFlowOp, Qubit

from gateway.domain.backend import Backend
from gateway.ports.reader import Item, Program, UnreadableError

REGISTERS = "qgw_registers"
"""Metadata key: JSON, per circuit a list of `[register, [qubit or null per bit]]`."""
_GATES: Mapping[str, str] = {
    **{name: name for name in ("x", "y", "z", "h", "s", "t", "rx", "ry", "rz", "swap")},
    "sdg": "si",
    "tdg": "ti",
    "sx": "v",
    "sxdg": "vi",
    "rxx": "xx",
    "ryy": "yy",
    "rzz": "zz",
    "cx": "x",
}
_IDLE = frozenset({"barrier", "delay"})
_SEED = 7
"""Of the transpiler, so that one program is always written in the same way."""


class IonqEncoder:
    """Encodes any program of kind `sampler`."""

    name = "ionq"

    def encode(self, program: Program, *, backend: Backend, shots: int | None) -> bytes:
        """Transpile to IonQ's gates, remove idle qubits, and write a submission body.

        Raises:
            UnreadableError: the program has something that IonQ cannot run.
        """
        if program.kind != "sampler":
            raise UnreadableError("program", f"IonQ runs no {program.kind}; only samplers can be written for it")
        asked = _shots(program.items, shots)
        bound = [circuit for item in program.items for circuit in _bound(item)]
        if any(_is_dynamic(circuit) for circuit in bound):
            content = _dynamic(bound, backend)
        else:
            content = _listed([_compact(_transpiled(circuit), backend) for circuit in bound])
        return _body({**content, "backend": backend.name, "shots": asked})


def _bound(item: Item) -> Iterator[QuantumCircuit]:
    """Give an item's circuit once for each of its parameter sets, in their order."""
    count = item.circuit.num_parameters
    values = item.bind(_SEED).values.reshape(-1, count) if count else [()]
    repeats = 1 if count else max(1, _size(item.shape))
    for row in values:
        circuit = item.circuit.assign_parameters(list(row)) if count else item.circuit
        yield from [circuit] * repeats


def _size(shape: Sequence[int]) -> int:
    total = 1
    for length in shape:
        total *= length
    return total


def _shots(items: Sequence[Item], given: int | None) -> int:
    asked = {given} if given is not None else {item.shots for item in items}
    if len(asked) != 1 or not (shots := asked.pop()):
        raise UnreadableError("shots", "IonQ runs all circuits of a job equally often; ask for the same shots of each")
    return shots


def _is_dynamic(circuit: QuantumCircuit) -> bool:
    """Whether something happens that a list of gates cannot say: control flow, a reset, or life after measuring."""
    read: set[Qubit] = set()
    for instruction in circuit.data:
        if isinstance(instruction.operation, ControlFlowOp) or instruction.name in {"reset", "store"}:
            return True
        if instruction.name in _IDLE:
            continue
        if read.intersection(instruction.qubits):
            return True
        if instruction.name == "measure":
            read.update(instruction.qubits)
    return False


def _dynamic(circuits: Sequence[QuantumCircuit], backend: Backend) -> dict[str, Any]:
    if len(circuits) > 1:
        raise UnreadableError("program", "IonQ runs one dynamic circuit to a job; submit them one by one")
    circuit = circuits[0]
    _check_width(circuit.num_qubits, backend)
    registers = [[register.name, [None] * register.size] for register in circuit.cregs]
    return {
        "type": "ionq.qasm3.v1",
        "input": {"qubits": circuit.num_qubits, "data": qasm3.dumps(circuit)},
        "settings": {"compilation": {"service_version": "v0.4"}},
        "metadata": _metadata([registers]),
    }


def _listed(circuits: Sequence[tuple[int, list[dict[str, Any]], list[Any]]]) -> dict[str, Any]:
    metadata = _metadata([registers for _, _, registers in circuits])
    if len(circuits) == 1:
        width, gates, _ = circuits[0]
        given = {"gateset": "qis", "qubits": width, "circuit": gates}
        return {"type": "ionq.circuit.v1", "input": given, "metadata": metadata}
    several = [{"qubits": width, "circuit": gates} for width, gates, _ in circuits]
    widest = max(width for width, _, _ in circuits)
    given = {"gateset": "qis", "qubits": widest, "circuits": several}
    return {"type": "ionq.multi-circuit.v1", "input": given, "metadata": metadata}


def _transpiled(circuit: QuantumCircuit) -> QuantumCircuit:
    return transpile(circuit, basis_gates=sorted(_GATES), optimization_level=1, seed_transpiler=_SEED)


def _compact(circuit: QuantumCircuit, backend: Backend) -> tuple[int, list[dict[str, Any]], list[Any]]:
    """Leave out what nothing touches: how many qubits are left, the gates, and which qubit each bit reads."""
    busy = {qubit for each in circuit.data if each.name not in _IDLE for qubit in each.qubits}
    places = {qubit: place for place, qubit in enumerate(qubit for qubit in circuit.qubits if qubit in busy)}
    _check_width(len(places), backend)
    gates = [_gate(each, places) for each in circuit.data if each.name not in _IDLE | {"measure"}]
    read = {each.clbits[0]: places[each.qubits[0]] for each in circuit.data if each.name == "measure"}
    registers = [[register.name, [read.get(bit) for bit in register]] for register in circuit.cregs]
    return max(1, len(places)), gates, registers


def _gate(instruction: CircuitInstruction, places: Mapping[Qubit, int]) -> dict[str, Any]:
    if instruction.name not in _GATES:
        raise UnreadableError("gate", "a circuit has an operation that IonQ's gates cannot express")
    qubits = [places[qubit] for qubit in instruction.qubits]
    written: dict[str, Any] = {"gate": _GATES[instruction.name], "targets": qubits}
    if instruction.name == "cx":
        written |= {"targets": qubits[1:], "controls": qubits[:1]}
    if instruction.params:
        written["rotation"] = float(instruction.params[0])
    return written


def _check_width(qubits: int, backend: Backend) -> None:
    if qubits > backend.qubits:
        raise UnreadableError("too-large", f"a circuit uses {qubits} qubits, {backend.name} has {backend.qubits}")


def _metadata(registers: Sequence[Any]) -> dict[str, str]:
    return {REGISTERS: json.dumps(registers, separators=(",", ":"))}


def _body(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, separators=(",", ":"), allow_nan=False).encode("ascii")
