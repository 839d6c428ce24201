"""Cut a circuit down to the qubits it uses, in words Aer knows. Worker process only.

A circuit compiled for a 127-qubit device mostly names qubits it never touches. They stay in the ground
state, so leaving them out changes nothing but the cost. Barriers and delays go too: noise here belongs to
gates and readout, so a simulator has nothing to do while a circuit waits.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import pi

from qiskit import QuantumCircuit, transpile
from qiskit.circuit import BoxOp, CircuitInstruction, ControlFlowOp, Operation, Qubit
from qiskit.circuit.library import RZGate, get_standard_gate_name_mapping
from qiskit_aer import AerSimulator

from adapters.aer import costs

_IDLE = frozenset({"barrier", "delay"})
_JUMPS = frozenset({"break_loop", "continue_loop"})
_FLOW = frozenset({"for_loop", "if_else", "switch_case", "while_loop"})
_ROUNDING = 1e-6
_ALWAYS = frozenset({"initialize", "measure", "reset", "store"}) | _JUMPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Compact:
    """A circuit without its idle qubits."""

    circuit: QuantumCircuit
    qubits: tuple[int, ...]
    """Which qubit of the submitted circuit each qubit of this one is."""


def compact(circuit: QuantumCircuit, *, method: str) -> Compact:
    """Leave out what does nothing, and write the rest for one of Aer's methods."""
    flat = _without_boxes(circuit)
    used = _used(flat)
    order = [qubit for qubit in flat.qubits if qubit in used]
    if method == costs.MATRIX_PRODUCT_STATE:
        order = _along_couplings(flat, order)
    places = {qubit: index for index, qubit in enumerate(flat.qubits)}
    small = _known_to_aer(_rebuilt(flat, order), method)
    if method == costs.STABILIZER:
        small = _with_exact_angles(small)
    return Compact(circuit=small, qubits=tuple(places[qubit] for qubit in order))


def names(circuit: QuantumCircuit) -> set[str]:
    """Name every operation of a circuit, those in control-flow bodies included."""
    return {instruction.operation.name for instruction, _ in walk(circuit)}


def walk(
    circuit: QuantumCircuit, outer: Mapping[Qubit, int] | None = None
) -> Iterator[tuple[CircuitInstruction, tuple[int, ...]]]:
    """Give every instruction with the numbers of its qubits in the outermost circuit, bodies included."""
    number = outer or {qubit: index for index, qubit in enumerate(circuit.qubits)}
    for instruction in circuit.data:
        yield instruction, tuple(number[qubit] for qubit in instruction.qubits)
        if isinstance(instruction.operation, ControlFlowOp):
            for block in instruction.operation.blocks:
                inner = zip(block.qubits, instruction.qubits, strict=True)
                yield from walk(block, {qubit: number[above] for qubit, above in inner})


def _without_boxes(circuit: QuantumCircuit) -> QuantumCircuit:
    """Write the content of boxes in place of the boxes; they group instructions and do nothing themselves."""
    while any(isinstance(instruction.operation, BoxOp) for instruction in circuit.data):
        opened = circuit.copy_empty_like()
        for instruction in circuit.data:
            if isinstance(instruction.operation, BoxOp):
                body, qubits, clbits = instruction.operation.body, instruction.qubits, instruction.clbits
                opened.compose(body, qubits, clbits, inplace=True, inline_captures=True)
            else:
                opened.append(instruction)
        circuit = opened
    return circuit


def _used(circuit: QuantumCircuit) -> set[Qubit]:
    """Find the qubits that something acts on, looking into control-flow bodies."""
    found: set[Qubit] = set()
    for instruction in circuit.data:
        if isinstance(instruction.operation, ControlFlowOp):
            found.update(instruction.qubits[place] for place in _used_places(instruction.operation))
        elif instruction.operation.name not in _IDLE | _JUMPS:
            found.update(instruction.qubits)
    return found


def _used_places(operation: ControlFlowOp) -> list[int]:
    """Give the positions among an operation's qubits that any of its bodies acts on."""
    places: set[int] = set()
    for block in operation.blocks:
        used = _used(block)
        places.update(index for index, qubit in enumerate(block.qubits) if qubit in used)
    return sorted(places)


def _rebuilt(circuit: QuantumCircuit, order: Sequence[Qubit]) -> QuantumCircuit:
    """Write the circuit again on some of its qubits, in a given order; everything classical stays."""
    small = QuantumCircuit(list(order), name=circuit.name, global_phase=circuit.global_phase)
    small.add_bits(circuit.clbits)
    small.add_register(*circuit.cregs)
    for variable in circuit.iter_captured_vars():
        small.add_capture(variable)
    for variable in circuit.iter_declared_vars():
        small.add_uninitialized_var(variable)
    kept = set(order)
    for instruction in circuit.data:
        if instruction.operation.name not in _IDLE:
            small.append(_cut(instruction, kept))
    return small


def _cut(instruction: CircuitInstruction, kept: set[Qubit]) -> CircuitInstruction:
    operation = instruction.operation
    # Jumps and bodies keep every qubit that the circuit keeps: their width is what orders them among the gates.
    places = [place for place, qubit in enumerate(instruction.qubits) if qubit in kept]
    qubits = [instruction.qubits[place] for place in places]
    if operation.name in _JUMPS:
        return instruction.replace(operation=type(operation)(len(qubits), len(instruction.clbits)), qubits=qubits)
    if not isinstance(operation, ControlFlowOp):
        return instruction
    bodies = [_without_boxes(block) for block in operation.blocks]
    blocks = [_rebuilt(body, [body.qubits[place] for place in places]) for body in bodies]
    return instruction.replace(operation=operation.replace_blocks(blocks), qubits=qubits)


def _along_couplings(circuit: QuantumCircuit, qubits: Sequence[Qubit]) -> list[Qubit]:
    """Order qubits so that those that meet in gates stand close: a chain becomes a line, however it was laid out.

    Source: Cuthill and McKee, Proceedings of the 24th National Conference of the ACM (1969) 157.
    """
    near: dict[Qubit, set[Qubit]] = {qubit: set() for qubit in qubits}
    for instruction, places in walk(circuit):
        if instruction.operation.name not in _IDLE | _JUMPS and not isinstance(instruction.operation, ControlFlowOp):
            group = [circuit.qubits[place] for place in places if circuit.qubits[place] in near]
            for qubit in group:
                near[qubit].update(other for other in group if other is not qubit)
    ordered: dict[Qubit, None] = {}
    for start in sorted(qubits, key=lambda qubit: len(near[qubit])):
        waiting = deque([start])
        while waiting:
            if (qubit := waiting.popleft()) not in ordered:
                ordered[qubit] = None
                waiting.extend(sorted(near[qubit] - ordered.keys(), key=lambda other: len(near[other])))
    return list(ordered)


def _known_to_aer(circuit: QuantumCircuit, method: str) -> QuantumCircuit:
    """Decompose the gates this method does not know; circuits compiled for a device have none."""
    if names(circuit) <= _vocabulary(method):
        return circuit
    standard = get_standard_gate_name_mapping().keys() | _FLOW
    return transpile(circuit, basis_gates=sorted(_vocabulary(method) & standard), optimization_level=0)


@cache
def _vocabulary(method: str) -> frozenset[str]:
    known = _ALWAYS | frozenset(AerSimulator(method=method).configuration().basis_gates)
    # It takes z rotations by quarter turns only, but phase gates by any angle.
    return known - {"rz"} if method == costs.EXTENDED_STABILIZER else known


def _with_exact_angles(circuit: QuantumCircuit) -> QuantumCircuit:
    """Round z rotations to the quarter turn they stand for: the stabilizer method takes no other."""
    exact = circuit.copy_empty_like()
    for instruction in circuit.data:
        exact.append(instruction.replace(operation=_exact(instruction.operation)))
    return exact


def _exact(operation: Operation) -> Operation:
    if isinstance(operation, ControlFlowOp):
        return operation.replace_blocks([_with_exact_angles(block) for block in operation.blocks])
    if operation.name != "rz":
        return operation
    angle = float(operation.params[0])
    exact = round(angle / (pi / 2)) * (pi / 2)
    # Anything further off is no rounding: it stays, and Aer refuses it.
    return RZGate(exact) if abs(angle - exact) < _ROUNDING else operation
