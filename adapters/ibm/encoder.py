"""Writes a sampler's program as an IBM submission; loaded in worker processes only.

Circuits are transpiled to the backend's own gates and couplings, because IBM runs nothing else. Qubits that nothing
touches go first, so that a circuit compiled for a larger device fits. Parameters stay parameters: each pub keeps its
circuit, its parameter sets and its shots, and so does its result. Gates whose angles IBM bounds (`rzz`), and `rx`,
which excludes dynamic circuits, are not used where the backend has others.
"""

import io
import json
import zlib
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final
from uuid import NAMESPACE_OID, uuid5

import numpy as np
from qiskit import QuantumCircuit, qpy, transpile
from qiskit.circuit import ForLoopOp, IfElseOp, Parameter, Qubit, SwitchCaseOp, WhileLoopOp
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.transpiler import Target
from qiskit.transpiler.exceptions import TranspilerError

from gateway.domain.backend import Backend, GateSpec
from gateway.ports.reader import Item, Program, UnreadableError

QPY_VERSION: Final = min(17, qpy.common.QPY_VERSION)
"""What IBM's own SDK writes for a sampler."""
_IDLE: Final = frozenset({"barrier", "delay"})
_FLOW: Final[Mapping[str, type]] = {
    "if_else": IfElseOp,
    "for_loop": ForLoopOp,
    "switch_case": SwitchCaseOp,
    "while_loop": WhileLoopOp,
}
_FRACTIONAL: Final = frozenset({"rx", "rzz"})
_PLAIN: Final = frozenset({"sx", "rz"})
_ENTANGLING: Final = frozenset({"cz", "cx", "ecr"})
_EVERYWHERE: Final = ("measure", "reset", "delay")
_NAME: Final = "translated"
_LEVEL, _SEED = 1, 7
"""Of the transpiler; the seed, so that one program is always written in the same way, also after a crash."""


class IbmEncoder:
    """Encodes any program of kind `sampler`."""

    name = "ibm"

    def encode(self, program: Program, *, backend: Backend, shots: int | None) -> bytes:
        """Transpile for a backend of IBM's, and write a submission body.

        Raises:
            UnreadableError: the program has something that this backend cannot run.
        """
        if program.kind != "sampler":
            raise UnreadableError("program", f"only a sampler can be written for IBM, and this is an {program.kind}")
        if len(program.items) > backend.max_circuits:
            raise UnreadableError(
                "too-large", f"{len(program.items)} circuits, {backend.name} takes at most {backend.max_circuits}"
            )
        target = _target(backend)
        pubs = [_pub(item, target, backend, shots) for item in program.items]
        params = {"pubs": pubs, "options": {}, "version": 2, "support_qiskit": True}
        body = {"program_id": "sampler", "backend": backend.name, "params": params}
        return json.dumps(body, separators=(",", ":"), allow_nan=False).encode("ascii")


def _pub(item: Item, target: Target, backend: Backend, shots: int | None) -> list[Any]:
    asked = item.shots if shots is None else shots
    if not asked or asked > backend.max_shots:
        raise UnreadableError("shots", f"{asked} shots of a circuit, {backend.name} takes 1 to {backend.max_shots}")
    if not item.circuit.cregs:
        raise UnreadableError("program", "a circuit has no classical register, so IBM's sampler would answer nothing")
    circuit = _fitted(_compact(item.circuit), target, backend)
    return [_packed(circuit), _values(item, circuit), asked]


def _values(item: Item, circuit: QuantumCircuit) -> dict[str, str] | None:
    """Give the parameter sets, in the order of the circuit as it is now; transpiling may have made some superfluous."""
    if not circuit.parameters:
        if item.shape:
            raise UnreadableError("parameters", "a circuit has parameter sets but needs none; submit it without them")
        return None
    names = {parameter.name: place for place, parameter in enumerate(item.circuit.parameters)}
    order = [names[parameter.name] for parameter in circuit.parameters]
    values = np.asarray(item.bind(_SEED).values, dtype=np.float64)[..., order]
    raw = io.BytesIO()
    np.save(raw, np.ascontiguousarray(values), allow_pickle=False)
    return _typed("ndarray", raw.getvalue())


def _packed(circuit: QuantumCircuit) -> dict[str, str]:
    raw = io.BytesIO()
    qpy.dump(circuit, raw, version=QPY_VERSION)
    return _typed("QuantumCircuit", raw.getvalue())


def _typed(name: str, raw: bytes) -> dict[str, str]:
    return {"__type__": name, "__value__": b64encode(zlib.compress(raw)).decode("ascii")}


# ── circuits ─────────────────────────────────────────────────────────────────────────────────────
def _compact(circuit: QuantumCircuit) -> QuantumCircuit:
    """Leave out the qubits that nothing but barriers and delays touches; everything classical stays."""
    busy = {qubit for step in circuit.data if step.name not in _IDLE for qubit in step.qubits}
    small = _empty(circuit, [qubit for qubit in circuit.qubits if qubit in busy])
    for step in circuit.data:
        if step.name == "barrier":
            _fence(small, [qubit for qubit in step.qubits if qubit in busy])
        elif busy.issuperset(step.qubits):
            small.append(step)
    return _lasting(small)


def _empty(circuit: QuantumCircuit, qubits: list[Qubit]) -> QuantumCircuit:
    """Begin a circuit like another on some of its qubits: its name and its layout would say when it was made."""
    made = QuantumCircuit(qubits, name=_NAME, global_phase=circuit.global_phase, metadata=circuit.metadata)
    made.add_bits(circuit.clbits)
    made.add_register(*circuit.cregs)
    for variable in circuit.iter_declared_vars():
        made.add_uninitialized_var(variable)
    return made


def _lasting(circuit: QuantumCircuit) -> QuantumCircuit:
    """Derive each parameter's id from its name: a reader may draw another one each time, and QPY writes it down."""
    fixed = {each: Parameter(each.name, uuid=uuid5(NAMESPACE_OID, each.name)) for each in circuit.parameters}
    return circuit.assign_parameters(fixed) if fixed else circuit


def _fence(circuit: QuantumCircuit, qubits: list[Qubit]) -> None:
    if qubits:
        circuit.barrier(qubits)


def _fitted(circuit: QuantumCircuit, target: Target, backend: Backend) -> QuantumCircuit:
    if circuit.num_qubits > backend.qubits:
        raise UnreadableError(
            "too-large", f"a circuit uses {circuit.num_qubits} qubits, {backend.name} has {backend.qubits}"
        )
    try:
        placed = transpile(circuit, target=target, optimization_level=_LEVEL, seed_transpiler=_SEED)
    except TranspilerError:
        # What the transpiler says quotes the circuit.
        raise UnreadableError("gate", f"a circuit has an operation that {backend.name} cannot run") from None
    fitted = _empty(placed, placed.qubits)
    for step in placed.data:
        fitted.append(step)
    return fitted


# ── backends ─────────────────────────────────────────────────────────────────────────────────────
def _target(backend: Backend) -> Target:
    """Describe a backend to the transpiler."""
    known = get_standard_gate_name_mapping()
    target = Target(num_qubits=backend.qubits, dt=backend.dt_seconds)
    offered = {gate.name for gate in backend.gates}
    spared = _FRACTIONAL if offered >= _PLAIN and offered & _ENTANGLING else frozenset[str]()
    for gate in backend.gates:
        if gate.name in known and gate.name not in spared | target.operation_names:
            target.add_instruction(known[gate.name], _places(gate, backend, known[gate.name].num_qubits))
    for name in _EVERYWHERE:
        if name not in target.operation_names:
            target.add_instruction(known[name], dict.fromkeys((qubit,) for qubit in range(backend.qubits)))
    for name in backend.supported_instructions:
        if name in _FLOW:
            target.add_instruction(_FLOW[name], name=name)
    return target


def _places(gate: GateSpec, backend: Backend, width: int) -> dict[tuple[int, ...], None]:
    """Say where a gate acts; one that names no place acts on every qubit, or on every coupled pair."""
    everywhere = backend.coupling_map if width > 1 else tuple((qubit,) for qubit in range(backend.qubits))
    return dict.fromkeys(gate.qubits or everywhere)
