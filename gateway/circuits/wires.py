"""A circuit as steps on numbered wires, all that recognising it looks at: no names, registers, angles or pauses.

Gates that the caller defined, and boxes, are taken apart, so that nothing hides behind a name. What measures at the
very end is left out: the same circuit is sampled and estimated. Bodies of control flow stay whole.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction, ClassicalRegister, Clbit, ControlFlowOp
from qiskit.circuit.classical import expr

from gateway.circuits.definitions import check_nesting, is_own

_SILENT = frozenset({"barrier", "delay", "id", "global_phase"})
_ALIASES = {"p": "rz", "u1": "rz", "u2": "u", "u3": "u", "cu1": "cp", "cu3": "cu"}
"""Gates that differ by a phase, or by how many of their angles are written."""
_SYMMETRIC = frozenset({"cz", "ccz", "cp", "swap", "iswap", "rxx", "ryy", "rzz"})
_CONTROLLED = frozenset({"ccx", "c3x", "c4x", "mcx", "mcphase"})
"""Gates whose last qubit is the target, and whose other qubits are alike."""

_DEFINITION = 4
"""To build what a gate is made of takes as long as to look at so many instructions."""

Body = Callable[[QuantumCircuit, int], tuple[bytes, Sequence[bytes]]]
"""Tells what a body is and what it does to each of its wires, so many levels down."""


class Step(NamedTuple):
    """One operation."""

    label: bytes
    wires: tuple[int, ...]
    """Qubits from 0 on, then clbits from the circuit's number of qubits on."""
    places: tuple[bytes, ...]
    """What each wire is to the operation; wires of one place may be exchanged."""
    gate: bool = False
    """Whether it only turns qubits: it measures, resets and decides nothing."""


class TooManyStepsError(Exception):
    """There is more to look at than may be looked at."""


class Allowance:
    """How many instructions may still be looked at."""

    def __init__(self, instructions: int) -> None:
        self.left = instructions

    def take(self, instructions: int = 1) -> None:
        """Look at some.

        Raises:
            TooManyStepsError: that is more than may be looked at.
        """
        self.left -= instructions
        if self.left < 0:
            raise TooManyStepsError


class Unroller:
    """Takes circuits apart within an allowance."""

    def __init__(self, allowance: Allowance, body: Body) -> None:
        self._allowance, self._body = allowance, body

    def steps(self, circuit: QuantumCircuit, nesting: int = 0) -> list[Step]:
        """Take a circuit, or a body so many levels down, apart.

        Raises:
            TooManyStepsError: it has more instructions than may be looked at.
            UnreadableError: `too-large`: its definitions nest too far.
        """
        return list(self._steps(circuit, range(circuit.num_qubits + circuit.num_clbits), nesting))

    def _steps(self, circuit: QuantumCircuit, wires: Sequence[int], nesting: int) -> Iterator[Step]:
        check_nesting(nesting)
        index = dict(zip((*circuit.qubits, *circuit.clbits), wires, strict=True))
        for instruction in circuit.data:
            self._allowance.take()
            if instruction.name not in _SILENT and not instruction.is_directive():
                yield from self._step(instruction, index, nesting)

    def _step(self, instruction: CircuitInstruction, index: Mapping[Any, int], nesting: int) -> Iterable[Step]:
        wires = [index[bit] for bit in (*instruction.qubits, *instruction.clbits)]
        if instruction.is_standard_gate():
            return (_plain(instruction.name, wires, gate=True),)
        operation = instruction.operation
        if isinstance(operation, ControlFlowOp):
            if instruction.name == "box":
                return self._steps(operation.blocks[0], wires, nesting + 1)
            return (self._control_flow(instruction, index, nesting),)
        if is_own(operation):
            self._allowance.take(_DEFINITION)
            if (definition := operation.definition) is not None:
                return self._steps(definition, wires, nesting + 1)
            return (_plain("opaque", wires, gate=not instruction.clbits),)
        return (_plain(instruction.name, wires, gate=not (instruction.clbits or instruction.name == "reset")),)

    def _control_flow(self, instruction: CircuitInstruction, index: Mapping[Any, int], nesting: int) -> Step:
        operation = instruction.operation
        bodies = [self._body(body, nesting + 1) for body in operation.blocks]
        places = {
            index[bit]: b"".join(colours[place] for _, colours in bodies)
            for place, bit in enumerate((*instruction.qubits, *instruction.clbits))
        }
        # What decides need not be among what the bodies touch.
        for bit in _asked(operation) & index.keys():
            places[index[bit]] = b"asked" + places.get(index[bit], b"")
        label = b"\0".join([operation.name.encode(), _extent(operation), *(name for name, _ in bodies)])
        return Step(label, tuple(places), tuple(places.values()))


def without_last_measurements(steps: Sequence[Step]) -> list[Step]:
    """Leave out measurements after which nothing happens to their qubit and nothing asks for their bit."""
    kept: list[Step] = []
    later: set[int] = set()
    for step in reversed(steps):
        if step.label != b"measure" or not later.isdisjoint(step.wires):
            kept.append(step)
            later.update(step.wires)
    return kept[::-1]


def _plain(name: str, wires: list[int], *, gate: bool) -> Step:
    name = _ALIASES.get(name, name)
    return Step(name.encode(), tuple(wires), _places(name, len(wires)), gate)


def _places(name: str, arity: int) -> tuple[bytes, ...]:
    if name in _SYMMETRIC:
        return (b"",) * arity
    if name in _CONTROLLED:
        return (*(b"",) * (arity - 1), b"target")
    if name == "cswap":
        return b"control", b"", b""
    return tuple(place.to_bytes(4, "big") for place in range(arity))


def _asked(operation: ControlFlowOp) -> set[Clbit]:
    """Find the bits that decide: of a condition, or of a switch's target."""
    value: Any = getattr(operation, "condition", None) or getattr(operation, "target", None)
    value = value[0] if isinstance(value, tuple) else value
    if isinstance(value, expr.Expr):
        return {bit for variable in expr.iter_vars(value) for bit in _bits(variable.var)}
    return set(_bits(value))


def _bits(value: Any) -> Iterable[Clbit]:
    if isinstance(value, Clbit):
        return (value,)
    return tuple(value) if isinstance(value, ClassicalRegister) else ()


def _extent(operation: ControlFlowOp) -> bytes:
    """Say for what value something is done, or how often."""
    if operation.name == "for_loop":
        return str(len(operation.params[0])).encode()
    condition = getattr(operation, "condition", None)
    return str(condition[1]).encode() if isinstance(condition, tuple) else b""
