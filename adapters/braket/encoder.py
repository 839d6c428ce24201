"""Any sampler program as a CreateQuantumTask body: for programs that arrived in another dialect. Worker process only.

The program is written in gates that every device of Braket takes, on as many qubits as it uses; placing and routing
them is Braket's own compiler's. Client token, bucket and prefix are placeholders that the vendor's side replaces.
"""

import json
from collections.abc import Mapping, Sequence

from qiskit import QuantumCircuit, transpile
from qiskit.circuit import ControlFlowOp

from adapters.braket.actions import OPENQASM
from adapters.braket.openqasm import layout_comment
from gateway.domain.backend import Backend
from gateway.ports.reader import Item, Program, UnreadableError

PLACEHOLDER = "translated"
_GATES: Mapping[str, str] = {
    "cx": "cnot",
    "h": "h",
    "rx": "rx",
    "ry": "ry",
    "rz": "rz",
    "s": "s",
    "sdg": "si",
    "t": "t",
    "tdg": "ti",
    "x": "x",
    "y": "y",
    "z": "z",
}
"""qiskit's names and Braket's."""
_SEED = 7
"""So that one program always becomes the same body."""


class BraketEncoder:
    """Writes tasks."""

    name = "braket"

    def encode(self, program: Program, *, backend: Backend, shots: int | None) -> bytes:
        """Write a submission body.

        Raises:
            UnreadableError: more than one circuit or parameter set, an estimator's program, or something that a
                device of Braket's cannot run.
        """
        item = _only(program)
        repetitions = shots or item.shots or 0
        if not 0 < repetitions <= backend.max_shots:
            raise UnreadableError("shots", f"{repetitions} shots do not fit the backend's 1 to {backend.max_shots}")
        circuit = _bound(item)
        measured = _measured(circuit)
        source = _source(_plain(circuit), measured, _layout(circuit, list(measured)), backend)
        header = {"name": OPENQASM, "version": "1"}
        task = {
            "clientToken": PLACEHOLDER,
            "deviceArn": backend.name,
            "shots": repetitions,
            "outputS3Bucket": PLACEHOLDER,
            "outputS3KeyPrefix": PLACEHOLDER,
            "action": json.dumps({"braketSchemaHeader": header, "source": source, "inputs": {}}),
        }
        return json.dumps(task, separators=(",", ":")).encode("ascii")


def _only(program: Program) -> Item:
    if program.kind != "sampler":
        raise UnreadableError("program", "only a sampler's program becomes a quantum task; estimate with expectations")
    if len(program.items) != 1 or program.items[0].shape != ():
        raise UnreadableError("program", "a quantum task runs one circuit with one parameter set; split the job")
    return program.items[0]


def _bound(item: Item) -> QuantumCircuit:
    values = item.bind(0).values
    return item.circuit.assign_parameters(list(values)) if item.circuit.num_parameters else item.circuit


def _measured(circuit: QuantumCircuit) -> dict[int, int]:
    """Give the qubit that each written bit reads, in the order of the bits.

    Raises:
        UnreadableError: nothing is measured, or something follows a measurement.
    """
    read: dict[int, int] = {}
    for step in circuit.data:
        name = step.operation.name
        if isinstance(step.operation, ControlFlowOp) or name in {"reset", "delay", "initialize"}:
            raise UnreadableError("program", f"the circuit has {name!r}, which no quantum task has")
        qubits = [circuit.find_bit(qubit).index for qubit in step.qubits]
        if name != "barrier" and not set(qubits).isdisjoint(read.values()):
            raise UnreadableError("program", "the circuit goes on after a measurement; measure at the end")
        if name == "measure":
            read[circuit.find_bit(step.clbits[0]).index] = qubits[0]
    if not read:
        raise UnreadableError("program", "the circuit measures nothing, so a quantum task has nothing to answer")
    return dict(sorted(read.items()))


def _layout(circuit: QuantumCircuit, bits: Sequence[int]) -> dict[str, list[int]]:
    columns = {bit: column for column, bit in enumerate(bits)}
    return {
        register.name: [columns.get(circuit.find_bit(bit).index, -1) for bit in register] for register in circuit.cregs
    }


def _plain(circuit: QuantumCircuit) -> QuantumCircuit:
    """Decompose into gates that every device takes; measurements and barriers are left out."""
    bare = QuantumCircuit(circuit.num_qubits)
    for step in circuit.data:
        if step.operation.name not in {"measure", "barrier"}:
            bare.append(step.operation, [circuit.find_bit(qubit).index for qubit in step.qubits])
    return transpile(bare, basis_gates=list(_GATES), optimization_level=1, seed_transpiler=_SEED)


def _source(
    circuit: QuantumCircuit, measured: Mapping[int, int], layout: Mapping[str, Sequence[int]], backend: Backend
) -> str:
    used = {circuit.find_bit(qubit).index for step in circuit.data for qubit in step.qubits} | set(measured.values())
    if len(used) > backend.qubits:
        raise UnreadableError("too-large", f"the circuit uses {len(used)} qubits, the backend has {backend.qubits}")
    place = {qubit: index for index, qubit in enumerate(sorted(used))}
    lines = ["OPENQASM 3.0;", layout_comment(layout), f"bit[{len(measured)}] b;", f"qubit[{len(used)}] q;"]
    for step in circuit.data:
        angles = ", ".join(repr(float(angle)) for angle in step.operation.params)
        operands = ", ".join(f"q[{place[circuit.find_bit(qubit).index]}]" for qubit in step.qubits)
        lines.append(f"{_GATES[step.operation.name]}{f'({angles})' if angles else ''} {operands};")
    lines += [f"b[{column}] = measure q[{place[qubit]}];" for column, qubit in enumerate(measured.values())]
    return "\n".join(lines)
