"""Counts what a circuit does in one pass, without transpiling, decomposing or simulating it.

A gate the caller defined counts as what it is made of, so that nothing hides behind a name; its definition is
counted once and multiplied. Gates of qiskit's own library count as one. Bodies of control flow count once.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction, ControlFlowOp

from gateway.circuits.clifford import is_clifford
from gateway.circuits.definitions import Definitions, check_nesting, is_own
from gateway.ports.reader import UnreadableError

MAX_OPERATIONS = 1_000_000
"""What a circuit may amount to once every definition is counted out."""
_IDLE = frozenset({"barrier", "delay"})
_NO_GATE = _IDLE | {"measure", "reset", "store", "break_loop", "continue_loop"}


@dataclass(slots=True, kw_only=True)
class Tally:
    """What one circuit, body or definition adds up to; qubits and clbits by index in it."""

    names: Counter[str] = field(default_factory=Counter)
    arities: Counter[int] = field(default_factory=Counter)
    size: int = 0
    depth: int = 0
    two_qubit_depth: int = 0
    measurements: int = 0
    mid_circuit: int = 0
    resets: int = 0
    control_flow: int = 0
    rotations: int = 0
    used: set[int] = field(default_factory=set)
    written: set[int] = field(default_factory=set)
    """Clbits that a measurement writes."""
    pending: dict[int, set[int]] = field(default_factory=dict)
    """Measured qubits that nothing touched since, with the clbits written."""
    links: list[list[int]] = field(default_factory=list)
    """Qubits joined by one gate."""

    def count(self, other: "Tally") -> None:
        """Add what happens inside an operation."""
        self.names.update(other.names)
        self.arities.update(other.arities)
        for name in ("size", "measurements", "mid_circuit", "resets", "control_flow", "rotations"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        if self.size > MAX_OPERATIONS:
            raise UnreadableError(
                "too-large", f"a circuit amounts to more than {MAX_OPERATIONS} operations once its gates are defined"
            )


def tally(circuit: QuantumCircuit) -> Tally:
    """Count a circuit.

    Raises:
        UnreadableError: `too-large`: its definitions multiply or nest too far.
    """
    return _Counter(Definitions(), 0).count(circuit)


def largest_component(links: Iterable[Sequence[int]], used: Iterable[int]) -> int:
    """Give the most qubits that are joined, directly or through others; 1 when none is, 0 when none is used."""
    parents = {qubit: qubit for qubit in used}

    def root(qubit: int) -> int:
        while parents[qubit] != qubit:
            parents[qubit] = qubit = parents[parents[qubit]]
        return qubit

    for first, *others in links:
        for other in others:
            parents[root(other)] = root(first)
    return max(Counter(map(root, parents)).values(), default=0)


class _Counter:
    """One pass over one circuit, and over what it is made of."""

    def __init__(self, definitions: Definitions[Tally], nesting: int) -> None:
        check_nesting(nesting)
        self._definitions, self._nesting = definitions, nesting

    def count(self, circuit: QuantumCircuit) -> Tally:
        total = Tally()
        index = {bit: place for place, bit in enumerate((*circuit.qubits, *circuit.clbits))}
        depths, two_qubit_depths = [0] * len(index), [0] * len(index)
        for instruction in circuit.data:
            if instruction.is_directive():
                total.names[_shown(instruction.name)] += 1
                continue
            qubits = [index[bit] for bit in instruction.qubits]
            clbits = [index[bit] - circuit.num_qubits for bit in instruction.clbits]
            deep, two_deep = self._add(total, instruction, qubits, clbits)
            wires = [*qubits, *(clbit + circuit.num_qubits for clbit in clbits)]
            _advance(depths, wires, deep)
            _advance(two_qubit_depths, wires, two_deep)
        total.depth, total.two_qubit_depth = max(depths, default=0), max(two_qubit_depths, default=0)
        return total

    def _add(
        self, total: Tally, instruction: CircuitInstruction, qubits: list[int], clbits: list[int]
    ) -> tuple[int, int]:
        """Add one operation; gives its depth, of all and of two-qubit operations."""
        if instruction.is_control_flow():
            add = self._add_box if instruction.name == "box" else self._add_control_flow
            return add(total, instruction.operation, qubits, clbits)
        _touch(total, instruction.name, qubits)
        if not instruction.is_standard_gate() and is_own(operation := instruction.operation):
            inner = self._definitions.of(operation, self._inside().count)
            if inner is not None:
                return _add_defined(total, inner, qubits, clbits)
        return _add_plain(total, instruction, qubits, clbits)

    def _inside(self) -> "_Counter":
        return _Counter(self._definitions, self._nesting + 1)

    def _add_control_flow(
        self, total: Tally, operation: ControlFlowOp, qubits: list[int], clbits: list[int]
    ) -> tuple[int, int]:
        total.names[_shown(operation.name)] += 1
        total.size += 1
        total.control_flow += 1
        _read(total, clbits)
        bodies = [self._inside().count(body) for body in operation.blocks]
        for body in bodies:
            _add_body(total, body, qubits, clbits)
            # Whatever is measured inside may decide what follows.
            total.mid_circuit += body.measurements - body.mid_circuit
        deepest = max((body.depth for body in bodies), default=0)
        return max(deepest, 1), max((body.two_qubit_depth for body in bodies), default=0)

    def _add_box(self, total: Tally, operation: ControlFlowOp, qubits: list[int], clbits: list[int]) -> tuple[int, int]:
        """Add a box: it groups operations and decides nothing."""
        total.names["box"] += 1
        (content,) = (self._inside().count(body) for body in operation.blocks)
        _add_body(total, content, qubits, clbits)
        _add_pending(total, content, qubits, clbits)
        return content.depth, content.two_qubit_depth


def _add_body(total: Tally, body: Tally, qubits: list[int], clbits: list[int]) -> None:
    total.count(body)
    total.written |= {clbits[place] for place in body.written}
    total.links += [[qubits[place] for place in link] for link in body.links]
    _touch(total, "body", [qubits[place] for place in body.used])


def _add_pending(total: Tally, inner: Tally, qubits: list[int], clbits: list[int]) -> None:
    total.pending |= {qubits[place]: {clbits[bit] for bit in bits} for place, bits in inner.pending.items()}


def _add_defined(total: Tally, inner: Tally, qubits: list[int], clbits: list[int]) -> tuple[int, int]:
    total.count(inner)
    total.written |= {clbits[place] for place in inner.written}
    _add_pending(total, inner, qubits, clbits)
    if len(qubits) > 1:
        total.links.append(qubits)
    return inner.depth, inner.two_qubit_depth


def _add_plain(total: Tally, instruction: CircuitInstruction, qubits: list[int], clbits: list[int]) -> tuple[int, int]:
    name, arity = instruction.name, len(qubits)
    total.names[_shown(name)] += 1
    total.size += 1
    if name == "measure":
        total.measurements += 1
        total.written.update(clbits)
        total.pending[qubits[0]] = set(clbits)
    elif name == "reset":
        total.resets += 1
    elif name == "store":
        _read(total, clbits)
    elif name not in _NO_GATE:
        total.arities[arity] += 1
        total.rotations += not is_clifford(name, instruction.params)
        if arity > 1:
            total.links.append(qubits)
            return 1, 1
    return 1, 0


def _touch(total: Tally, name: str, qubits: Iterable[int]) -> None:
    if name in _IDLE:
        return
    for qubit in qubits:
        total.used.add(qubit)
        if total.pending.pop(qubit, None) is not None:
            total.mid_circuit += 1


def _read(total: Tally, clbits: Iterable[int]) -> None:
    """Note that measured bits decide something: their measurements were not the last act."""
    read = set(clbits)
    decided = [qubit for qubit, bits in total.pending.items() if bits & read]
    for qubit in decided:
        del total.pending[qubit]
    total.mid_circuit += len(decided)


def _advance(depths: list[int], wires: list[int], deep: int) -> None:
    level = max([depths[wire] for wire in wires], default=0) + deep
    for wire in wires:
        depths[wire] = level


_SHOWN_LENGTH = 64


def _shown(name: str) -> str:
    """Give the name under which an operation counts: what does not look like one is `other`."""
    return name if len(name) <= _SHOWN_LENGTH and name.isascii() and name.isidentifier() else "other"
