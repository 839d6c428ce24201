"""The same circuit under names that say nothing: rebuilt instruction by instruction, on bits of its own.

Only circuits without control flow and classical variables: what those say, they say by names, and a name that was
missed would leave with the job. Who asks compares digests of the circuit before and after.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ibm_quantum_schemas.common.qpy import ANNOTATION_FACTORIES
from qiskit import QuantumCircuit, qpy
from qiskit.circuit import (
    CircuitInstruction,
    ClassicalRegister,
    Clbit,
    ControlFlowOp,
    Gate,
    Instruction,
    Parameter,
    QuantumRegister,
)

from gateway.ports.editor import unkept

_PLAIN: Final = frozenset({Gate, Instruction})
_VERSION_BYTE: Final = 6
_NAMED: Final = "a circuit with control flow or classical variables cannot be sent without its names"


def written(circuits: Sequence[QuantumCircuit], *, version: int) -> bytes:
    """Write QPY of one version.

    Raises:
        UnreadableError: `unkept`: that version cannot say what a circuit does.
    """
    stream = io.BytesIO()
    try:
        qpy.dump(list(circuits), stream, version=version, annotation_factories=ANNOTATION_FACTORIES)
    except qpy.QpyError:
        raise unkept("a circuit cannot be written again in the encoding it came in") from None
    return stream.getvalue()


def version_of(raw: bytes) -> int:
    """Read which version QPY is, from its checked header."""
    return raw[_VERSION_BYTE]


def registers(circuit: QuantumCircuit) -> dict[str, str]:
    """Give every classical register a name that says nothing, by its own one."""
    return {register.name: f"r{place}" for place, register in enumerate(circuit.cregs)}


def unnamed(circuit: QuantumCircuit, labels: Mapping[str, str], *, names: bool, metadata: bool) -> QuantumCircuit:
    """Rebuild a circuit.

    Args:
        circuit: as it was read.
        labels: other names for classical registers; those that are missing keep theirs.
        names: whether everything else that has a name loses it.
        metadata: whether what was noted beside it is left out.

    Raises:
        UnreadableError: `unkept`.
    """
    if not (names or labels):
        bare = circuit.copy()
        bare.metadata = {} if metadata else circuit.metadata
        return bare
    made = _empty(circuit, labels)
    made.name = "circuit" if names else circuit.name
    made.metadata = {} if metadata else circuit.metadata
    definitions = _Definitions()
    for step in circuit.data:
        qubits, clbits = _places(circuit, step)
        operation = definitions.unnamed(step.operation) if names else _plain(step.operation)
        made.append(CircuitInstruction(operation, [made.qubits[i] for i in qubits], [made.clbits[i] for i in clbits]))
    return _numbered(made) if names else made


def _empty(circuit: QuantumCircuit, labels: Mapping[str, str]) -> QuantumCircuit:
    """Make a circuit on bits that remember no register."""
    if circuit.num_vars or circuit.num_stretches:
        raise unkept(_NAMED)
    clbits = [Clbit() for _ in circuit.clbits]
    made = QuantumCircuit(QuantumRegister(circuit.num_qubits, "q"), clbits, global_phase=circuit.global_phase)
    for register in circuit.cregs:
        bits = [clbits[circuit.find_bit(bit).index] for bit in register]
        made.add_register(ClassicalRegister(bits=bits, name=labels.get(register.name, register.name)))
    return made


def _places(circuit: QuantumCircuit, step: CircuitInstruction) -> tuple[list[int], list[int]]:
    return (
        [circuit.find_bit(qubit).index for qubit in step.qubits],
        [circuit.find_bit(clbit).index for clbit in step.clbits],
    )


def _plain(operation: Any) -> Any:
    if isinstance(operation, ControlFlowOp) or operation.name == "store":
        raise unkept(_NAMED)
    return operation


def _numbered(circuit: QuantumCircuit) -> QuantumCircuit:
    """Number the parameters in the order in which their values are given, which is that of their names."""
    parameters = list(circuit.parameters)
    length = len(str(len(parameters)))
    numbered = [Parameter(f"p{place:0{length}}") for place in range(len(parameters))]
    made = circuit.assign_parameters(dict(zip(parameters, numbered, strict=True)))
    if list(made.parameters) != numbered:
        raise unkept("its parameters would not be in the same order any more")
    return made


class _Definitions:
    """Gates of the caller's own, numbered; two that are one object stay one."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, QuantumCircuit, str]] = {}

    def unnamed(self, operation: Any) -> Any:
        """Give an operation without a label, and a gate of the caller's own without its name."""
        plain = _plain(operation)
        if self._is_own(plain):
            return self._rebuilt(plain)
        if getattr(plain, "label", None) is None:
            return plain
        bare = plain.to_mutable()
        bare.label = None
        return bare

    @staticmethod
    def _is_own(operation: Any) -> bool:
        kind = operation.base_class
        return kind in _PLAIN or not kind.__module__.startswith("qiskit.") or kind.__module__ == "qiskit.qasm2.parse"

    def _rebuilt(self, operation: Any) -> Any:
        definition = operation.definition
        if definition is None:
            raise unkept("a circuit has a gate of its own that nothing defines, so it is known by its name alone")
        key = id(definition)
        if key not in self._known:
            # Held on to, because the key of an object is good only for as long as the object lives.
            inner = unnamed(definition, {}, names=True, metadata=True) if not definition.parameters else None
            if inner is None:
                raise unkept("a circuit has a gate of its own with free parameters, which are known by name")
            self._known[key] = (definition, inner, f"gate{len(self._known)}")
        _, inner, name = self._known[key]
        kind = Gate if isinstance(operation, Gate) else Instruction
        sizes = [operation.num_qubits] if kind is Gate else [operation.num_qubits, operation.num_clbits]
        made = kind(name, *sizes, [])
        made.definition = inner
        return made
