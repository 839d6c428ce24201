"""Reads Braket's dialect of OpenQASM 3: its own gate names, no include, inputs given beside the source, and pragmas.

Straight-line programs only, as Braket's hardware and SV1 take them: loops are unrolled, gate definitions inlined;
branches, subroutines, pulses and gates after a measurement are refused by name.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import openqasm3
from openqasm3 import ast
from openqasm3.parser import QASM3ParsingError

from tests.fakes.vendors.aws import expressions, pragmas
from tests.fakes.vendors.aws.gates import GATES, Matrix, controlled, power
from tests.fakes.vendors.aws.program import MODIFIED, Program, ProgramError, Step

Qubits = tuple[int, ...]
_ANONYMOUS: Final = "measure"
"""The register of measurements that are assigned to nothing; no source can declare it, the name is a keyword."""


def read(source: str, inputs: Mapping[str, Any]) -> Program:
    """Read a program with its inputs; raises `ProgramError` on anything Braket would not run."""
    try:
        parsed = openqasm3.parse(source)
    except QASM3ParsingError as error:
        raise ProgramError(f"the OpenQASM source cannot be parsed: {error}") from error
    return _Reader(inputs).read(parsed)


class _Reader:
    """One walk over one program."""

    def __init__(self, inputs: Mapping[str, Any]) -> None:
        self._inputs = dict(inputs)
        self._names: dict[str, Any] = {}
        self._registers: dict[str, Qubits] = {}
        self._bits: dict[str, int] = {}
        self._gates: dict[str, ast.QuantumGateDefinition] = {}
        self._slots: dict[tuple[int, int], int] = {}
        self._physical: dict[int, None] = {}
        self._program = Program()
        self._verbatim_next = self._verbatim = False

    def read(self, parsed: ast.Program) -> Program:
        for statement in parsed.statements:
            self._statement(statement)
        if self._inputs:
            raise ProgramError(f"inputs that the program does not declare: {', '.join(sorted(self._inputs))}")
        program = self._program
        program.physical = bool(self._physical)
        if self._physical and self._registers:
            raise ProgramError("physical and declared qubits cannot be mixed")
        declared = [label for qubits in self._registers.values() for label in qubits]
        program.qubits = sorted(self._physical) if self._physical else declared
        program.measured = [label for _, label in sorted(self._slots.items())]
        if not program.qubits:
            raise ProgramError("the program has no qubits")
        return program

    def _statement(self, statement: ast.Statement | ast.Pragma) -> None:
        if self._verbatim_next and not isinstance(statement, ast.Box):
            raise ProgramError("a verbatim pragma must be followed by a box")
        known = _STATEMENTS.get(type(statement))
        if known is None:
            raise ProgramError(f"{type(statement).__name__} is not supported")
        known(self, statement)

    def _include(self, _: ast.Include) -> None:
        raise ProgramError("include is not supported; Braket's gates need none")

    def _qubits(self, found: ast.QubitDeclaration) -> None:
        start = sum(len(qubits) for qubits in self._registers.values())
        size = 1 if found.size is None else self._whole(found.size)
        self._declare(found.qubit.name)
        self._registers[found.qubit.name] = tuple(range(start, start + size))

    def _classical(self, found: ast.ClassicalDeclaration | ast.ConstantDeclaration) -> None:
        name = found.identifier.name
        self._declare(name)
        if isinstance(found.type, ast.BitType):
            self._bits[name] = 1 if found.type.size is None else self._whole(found.type.size)
            if isinstance(found.init_expression, ast.QuantumMeasurement):
                self._measure_into(found.init_expression, ast.Identifier(name))
        elif found.init_expression is not None:
            self._names[name] = self._value(found.init_expression)

    def _input(self, found: ast.IODeclaration) -> None:
        name = found.identifier.name
        self._declare(name)
        if found.io_identifier is not ast.IOKeyword["input"]:
            raise ProgramError("output declarations are not supported")
        if name not in self._inputs:
            raise ProgramError(f"input {name} has no value")
        value = self._inputs.pop(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ProgramError(f"input {name} must be a number")
        self._names[name] = value

    def _declare(self, name: str) -> None:
        if name in self._names or name in self._registers or name in self._bits:
            raise ProgramError(f"{name} is declared twice")

    def _assignment(self, found: ast.ClassicalAssignment) -> None:
        target = found.lvalue
        if not isinstance(target, ast.Identifier) or target.name not in self._names or found.op.name != "=":
            raise ProgramError("only plain assignments to declared numbers are supported")
        self._names[target.name] = self._value(found.rvalue)

    def _definition(self, found: ast.QuantumGateDefinition) -> None:
        self._gates[found.name.name] = found

    def _loop(self, found: ast.ForInLoop) -> None:
        chosen = found.set_declaration
        if isinstance(chosen, ast.RangeDefinition):
            values: Sequence[Any] = expressions.span(chosen, self._names)
        elif isinstance(chosen, ast.DiscreteSet):
            values = [self._value(each) for each in chosen.values]
        else:
            raise ProgramError("a loop over something that is no range")
        for value in values:
            self._names[found.identifier.name] = value
            for statement in found.block:
                self._statement(statement)

    def _box(self, found: ast.Box) -> None:
        self._verbatim, self._verbatim_next = self._verbatim_next, False
        for statement in found.body:
            self._statement(statement)
        self._verbatim = False

    def _barrier(self, found: ast.QuantumBarrier) -> None:
        for operand in found.qubits:
            self._operand(operand)

    def _phase(self, found: ast.QuantumPhase) -> None:
        """Leave a global phase out: without control, no result shows it."""
        if found.modifiers:
            raise ProgramError("a modified gphase is not supported; use phaseshift")
        self._value(found.argument)

    def _gate(self, found: ast.QuantumGate) -> None:
        operands = [self._operand(each) for each in found.qubits]
        angles = [self._value(each) for each in found.arguments]
        for qubits in _broadcast(operands):
            self._apply(found, angles, qubits)

    def _apply(self, found: ast.QuantumGate, angles: Sequence[float], qubits: Qubits) -> None:
        name = found.name.name
        if name in self._gates and not found.modifiers:
            self._inline(self._gates[name], angles, qubits)
            return
        if name not in GATES:
            raise ProgramError(f"gate {name} is not supported")
        gate = GATES[name]
        optional = 1 if name == "ms" else 0  # its third angle has a default
        if not gate.angles - optional <= len(angles) <= gate.angles:
            raise ProgramError(f"gate {name} takes {gate.angles} angles, not {len(angles)}")
        matrix = self._modified(gate.matrix(*angles), found.modifiers)
        self._append(Step(MODIFIED + name if found.modifiers else name, matrix, qubits))

    def _modified(self, matrix: Matrix, modifiers: Sequence[ast.QuantumGateModifier]) -> Matrix:
        for each in reversed(modifiers):
            argument = None if each.argument is None else self._value(each.argument)
            match each.modifier.name:
                case "inv":
                    matrix = matrix.conj().T
                case "pow":
                    matrix = power(matrix, float(argument or 0))
                case control:
                    for _ in range(int(argument or 1)):
                        matrix = controlled(matrix, on=0 if control == "negctrl" else 1)
        return matrix

    def _inline(self, gate: ast.QuantumGateDefinition, angles: Sequence[float], qubits: Qubits) -> None:
        if len(gate.arguments) != len(angles) or len(gate.qubits) != len(qubits):
            raise ProgramError(f"gate {gate.name.name} takes other numbers of angles or qubits")
        outer = self._names, self._registers
        self._names = outer[0] | {each.name: angle for each, angle in zip(gate.arguments, angles, strict=True)}
        self._registers = {each.name: (label,) for each, label in zip(gate.qubits, qubits, strict=True)}
        try:
            for statement in gate.body:
                self._statement(statement)
        finally:
            self._names, self._registers = outer

    def _measurement(self, found: ast.QuantumMeasurementStatement) -> None:
        self._measure_into(found.measure, found.target)

    def _measure_into(self, found: ast.QuantumMeasurement, target: Any) -> None:
        labels = self._operand(found.qubit)
        name, elements = self._written(target, len(labels))
        if len(labels) != len(elements):
            raise ProgramError(f"{len(labels)} qubits are measured into {len(elements)} bits")
        register = [*self._bits, _ANONYMOUS].index(name)
        for label, element in zip(labels, elements, strict=True):
            if label in self._slots.values():
                raise ProgramError(f"qubit {label} is measured twice")
            self._slots[register, element] = label

    def _written(self, target: Any, count: int) -> tuple[str, Sequence[int]]:
        if target is None:
            return _ANONYMOUS, range(len(self._slots), len(self._slots) + count)
        name = target.name if isinstance(target, ast.Identifier) else target.name.name
        if name not in self._bits:
            raise ProgramError(f"{name} is not a declared bit")
        size = self._bits[name]
        if isinstance(target, ast.Identifier):
            return name, range(size)
        elements = self._indices(target.indices, size)
        if any(not 0 <= element < size for element in elements):
            raise ProgramError(f"{name} has {size} bits")
        return name, elements

    def _pragma(self, found: ast.Pragma) -> None:
        word, _, rest = found.command.strip().partition(" ")
        if word != "braket":
            raise ProgramError(f"pragma {word} is not supported")
        kind, _, more = rest.strip().partition(" ")
        if kind == "verbatim" and not more:
            self._verbatim_next = True
        elif kind == "result":
            self._program.wanted.append(pragmas.result(more.strip(), self._labels))
        elif kind.startswith("unitary"):
            self._append(Step("unitary", *pragmas.unitary(rest.strip(), self._labels)))
        else:
            raise ProgramError(f"pragma braket {kind.partition('(')[0]} is not supported")

    def _labels(self, text: str) -> Qubits:
        """Give the qubits a pragma names."""
        try:
            statement = openqasm3.parse(f"reset {text};").statements[0]
        except QASM3ParsingError as error:
            raise ProgramError(f"{text!r} names no qubit") from error
        assert isinstance(statement, ast.QuantumReset)
        return self._operand(statement.qubits)

    def _operand(self, operand: Any) -> Qubits:
        if isinstance(operand, ast.Identifier):
            if operand.name.startswith("$"):
                self._physical[int(operand.name[1:])] = None
                return (int(operand.name[1:]),)
            return self._register(operand.name)
        qubits = self._register(operand.name.name)
        try:
            return tuple(qubits[index] for index in self._indices(operand.indices, len(qubits)))
        except IndexError as error:
            raise ProgramError(f"{operand.name.name} has {len(qubits)} qubits") from error

    def _register(self, name: str) -> Qubits:
        if name not in self._registers:
            raise ProgramError(f"{name} is not a declared qubit")
        return self._registers[name]

    def _indices(self, indices: Sequence[Any], size: int) -> list[int]:
        if len(indices) != 1:
            raise ProgramError("qubits and bits have one index")
        parts = indices[0].values if isinstance(indices[0], ast.DiscreteSet) else indices[0]
        return [index for part in parts for index in self._index(part, size)]

    def _index(self, part: Any, size: int) -> Iterator[int]:
        if isinstance(part, ast.RangeDefinition):
            yield from expressions.span(part, self._names, size=size)
        else:
            yield self._whole(part)

    def _append(self, step: Step) -> None:
        if len(set(step.qubits)) != len(step.qubits):
            raise ProgramError(f"{step.name} names a qubit twice")
        if len(step.matrix) != 2 ** len(step.qubits):
            raise ProgramError(f"{step.name} takes another number of qubits than {len(step.qubits)}")
        if late := set(step.qubits) & set(self._slots.values()):
            raise ProgramError(f"{step.name} acts on measured qubit {min(late)}")
        self._program.steps.append(Step(step.name, step.matrix, step.qubits, self._verbatim))

    def _value(self, expression: Any) -> Any:
        return expressions.evaluate(expression, self._names)

    def _whole(self, expression: ast.Expression) -> int:
        return expressions.whole(expression, self._names)


def _broadcast(operands: Sequence[Qubits]) -> Iterator[Qubits]:
    """Apply to whole registers qubit by qubit; single qubits go along with each."""
    lengths = {len(each) for each in operands} - {1}
    if len(lengths) > 1 or 0 in lengths:
        raise ProgramError("registers of different sizes in one gate")
    for place in range(lengths.pop() if lengths else 1):
        yield tuple(each[place if len(each) > 1 else 0] for each in operands)


_STATEMENTS: Final[dict[type[ast.QASMNode], Callable[[_Reader, Any], None]]] = {
    ast.Include: _Reader._include,
    ast.QubitDeclaration: _Reader._qubits,
    ast.ClassicalDeclaration: _Reader._classical,
    ast.ConstantDeclaration: _Reader._classical,
    ast.IODeclaration: _Reader._input,
    ast.ClassicalAssignment: _Reader._assignment,
    ast.QuantumGateDefinition: _Reader._definition,
    ast.ForInLoop: _Reader._loop,
    ast.Box: _Reader._box,
    ast.QuantumBarrier: _Reader._barrier,
    ast.QuantumPhase: _Reader._phase,
    ast.QuantumGate: _Reader._gate,
    ast.QuantumMeasurementStatement: _Reader._measurement,
    ast.Pragma: _Reader._pragma,
}
