"""From Braket's OpenQASM to a circuit: qiskit's converter of the parsed program, with Braket's gates and pragmas.

Inputs become constants, because a task brings their values along. What a parser or converter says is never repeated:
it quotes.
"""

import math
import operator
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import openqasm3
from openqasm3 import ast
from qiskit import QuantumCircuit
from qiskit.circuit import ClassicalRegister
from qiskit_qasm3_import import types
from qiskit_qasm3_import.converter import ConvertVisitor
from qiskit_qasm3_import.data import Scope, Symbol
from qiskit_qasm3_import.exceptions import raise_from_node
from qiskit_qasm3_import.expression import ValueResolver
from qiskit_qasm3_import.state import State

from adapters.braket.openqasm import MAX_QUBITS
from adapters.braket.pragmas import RESULT
from adapters.braket.reader.gates import GATES
from adapters.braket.reader.unitaries import unitary
from gateway.ports.reader import UnreadableError

_WHOLE = (types.Int, types.Uint)
_NUMBERS = (*_WHOLE, types.Float)
_VALUES = (*_NUMBERS, types.Angle)
_ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    # In doubles: a tower of whole powers would fill the memory before anybody looked at it.
    "**": math.pow,
}
_PLACE = re.compile(r"L?([0-9]{1,9})(?:,|:C)([0-9]{1,9})")
_PHYSICAL = re.compile(r"\$([0-9]+)")
_VERBATIM = "braket verbatim"
_UNITARY = "braket unitary"
_FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "arccos": math.acos,
    "arcsin": math.asin,
    "arctan": math.atan,
    "cos": math.cos,
    "exp": math.exp,
    "log": math.log,
    "sin": math.sin,
    "sqrt": math.sqrt,
    "tan": math.tan,
}


@dataclass(slots=True)
class Converted:
    """A circuit as it was written, measurements included, and what stood beside it."""

    circuit: QuantumCircuit
    registers: dict[str, range] = field(default_factory=dict)
    results: list[str] = field(default_factory=list)


def convert(source: str, inputs: Mapping[str, Any]) -> Converted:
    """Parse and convert a program.

    Raises:
        UnreadableError: `openqasm`, `too-large` or `parameters`.
    """
    for found in _PHYSICAL.finditer(source):
        if len(found[1]) > len(str(MAX_QUBITS)) or int(found[1]) >= MAX_QUBITS:
            raise UnreadableError("too-large", f"a physical qubit has a number above {MAX_QUBITS - 1}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _Conversion(inputs).run(source)
    except (MemoryError, UnreadableError):
        raise
    # A parser fed with foreign text raises anything.
    except Exception as error:  # noqa: BLE001
        raise UnreadableError(
            "openqasm", "the program is not OpenQASM 3 as it can be read here" + _place(error)
        ) from None


class _Constants(ValueResolver):
    """Arithmetic as Braket does it: angles mix with numbers, and powers and functions of constants are known."""

    def visit_BinaryExpression(self, node: ast.BinaryExpression) -> Any:  # noqa: N802  # the visitor's own spelling
        (left, left_type), (right, right_type) = self.visit(node.lhs), self.visit(node.rhs)
        if node.op.name not in _ARITHMETIC or not isinstance(left_type, _VALUES) or not isinstance(right_type, _VALUES):
            raise_from_node(node, "only arithmetic on numbers and angles")
        whole = isinstance(left_type, _WHOLE) and isinstance(right_type, _WHOLE)
        if whole and node.op.name == "/" and left % right:
            _refuse("whole numbers are divided with a remainder, which OpenQASM drops; write 1.0/2 for a half")
        value = _ARITHMETIC[node.op.name](left, right)
        if isinstance(left_type, types.Angle) or isinstance(right_type, types.Angle):
            return value, types.Angle()
        if whole and value == int(value):
            return int(value), types.Int(const=True)
        return value, types.Float(const=True)

    def visit_FunctionCall(self, node: ast.FunctionCall) -> Any:  # noqa: N802
        arguments = [self.visit(argument) for argument in node.arguments]
        known = _FUNCTIONS.get(node.name.name)
        if known is None or not all(isinstance(kind, _NUMBERS) and kind.const for _, kind in arguments):
            raise_from_node(node, "only functions of constants")
        return known(*(value for value, _ in arguments)), types.Float(const=True)


class _Conversion(ConvertVisitor):
    """Visits one program."""

    def __init__(self, inputs: Mapping[str, Any]) -> None:
        super().__init__()
        self._inputs = inputs
        self._verbatim = False
        self._registers: dict[str, range] = {}
        self._results: list[str] = []

    def run(self, source: str) -> Converted:
        """Parse and visit."""
        state = State(source)
        for name, (build, angles, qubits) in GATES.items():
            _define(state, name, _strict(build, angles), types.Gate(angles, qubits))
        self.visit(openqasm3.parse(source), state)
        return Converted(circuit=state.circuit, registers=self._registers, results=self._results)

    def visit_Program(self, node: ast.Program, context: State) -> State:  # noqa: N802
        for statement in node.statements:
            if self._verbatim and not isinstance(statement, ast.Box):
                _refuse("a verbatim pragma is not followed by a box")
            context = self.visit(statement, context)
        return context

    def visit_Include(self, node: ast.Include, context: State) -> NoReturn:  # noqa: N802, ARG002
        _refuse("the program includes a file; Braket's gates are known without, so leave the include out")

    def visit_Pragma(self, node: ast.Pragma, context: State) -> State:  # noqa: N802
        command = " ".join(node.command.split())
        if command == _VERBATIM:
            self._verbatim = True
        elif command.startswith(f"{RESULT} "):
            self._results.append(command.removeprefix(f"{RESULT} "))
        elif command.startswith(_UNITARY):
            self._append_unitary(node.command.split("unitary", 1)[1], context)
        elif command.startswith("braket noise"):
            _refuse("the program asks for noise; noise is the operator's setting and comes from the calibration")
        else:
            _refuse("a pragma is not known here; known are braket verbatim, unitary and result")
        return context

    def visit_Box(self, node: ast.Box, context: State) -> State:  # noqa: N802
        if not self._verbatim or node.duration is not None:
            _refuse("a box stands without a verbatim pragma, or has a duration")
        self._verbatim = False
        for statement in node.body:
            context = self.visit(statement, context)
        return context

    def visit_BranchingStatement(self, node: ast.BranchingStatement, context: State) -> NoReturn:  # noqa: N802, ARG002
        _refuse("the program has a condition; what depends on a measurement is not run here")

    def visit_WhileLoop(self, node: ast.WhileLoop, context: State) -> NoReturn:  # noqa: N802, ARG002
        _refuse("the program has a loop; write out what it does")

    def visit_ForInLoop(self, node: ast.ForInLoop, context: State) -> NoReturn:  # noqa: N802, ARG002
        _refuse("the program has a loop; write out what it does")

    def visit_QubitDeclaration(self, node: ast.QubitDeclaration, context: State) -> State:  # noqa: N802
        size = 1 if node.size is None else self._resolve_constant_int(node.size, context)
        first = context.circuit.num_qubits
        if not 0 < size <= MAX_QUBITS - first:
            raise UnreadableError("too-large", f"the program declares more than {MAX_QUBITS} qubits, or none")
        self._registers[node.qubit.name] = range(first, first + size)
        return super().visit_QubitDeclaration(node, context)

    def visit_ClassicalDeclaration(self, node: ast.ClassicalDeclaration, context: State) -> State:  # noqa: N802
        if isinstance(node.type, ast.BitType) and node.type.size is not None:
            size = self._resolve_constant_int(node.type.size, context)
            if not 0 < size <= MAX_QUBITS:
                raise UnreadableError("too-large", f"a register has more than {MAX_QUBITS} bits, or none")
        return super().visit_ClassicalDeclaration(node, context)

    def visit_IODeclaration(self, node: ast.IODeclaration, context: State) -> State:  # noqa: N802
        name = node.identifier.name
        if node.io_identifier is not ast.IOKeyword.input:
            _refuse("the program declares an output; results are what was measured")
        if isinstance(node.type, ast.FloatType | ast.AngleType):
            _define(context, name, self._input(name, float | int), types.Float(const=True))
        elif isinstance(node.type, ast.IntType | ast.UintType):
            _define(context, name, self._input(name, int), types.Int(const=True))
        else:
            _refuse("an input is neither a float, an angle nor a whole number")
        return context

    def visit_ConstantDeclaration(self, node: ast.ConstantDeclaration, context: State) -> State:  # noqa: N802
        value, kind = self._resolve_generic(node.init_expression, context, strict=True)
        if not isinstance(kind, _NUMBERS) or not kind.const:
            raise_from_node(node, "only numbers")
        _define(context, node.identifier.name, value, kind)
        return context

    def visit_QuantumMeasurementStatement(  # noqa: N802
        self, node: ast.QuantumMeasurementStatement, context: State
    ) -> State:
        if node.target is not None:
            return super().visit_QuantumMeasurementStatement(node, context)
        measured = self._qubits(node.measure.qubit, context)
        register = ClassicalRegister(len(measured))
        context.circuit.add_register(register)
        context.circuit.measure(measured, register)
        return context

    def _resolve_generic(self, node: ast.Expression, context: State, strict: bool) -> Any:  # noqa: FBT001
        return _Constants(context, strict).resolve(node)

    def _append_unitary(self, text: str, context: State) -> None:
        gate, operands = unitary(text)
        # A gate's operands, so they are read as one's.
        call: Any = openqasm3.parse(f"target {operands};").statements[0]
        qubits: list[Any] = []
        for operand in call.qubits:
            qubits += self._qubits(operand, context)
        # The matrix reads its first qubit as the most significant, qiskit's as the least.
        context.circuit.append(gate, qubits[::-1])

    def _qubits(self, operand: Any, context: State) -> list[Any]:
        found: Any = self._resolve_qarg(operand, context)
        return list(found) if hasattr(found, "__len__") else [found]

    def _input(self, name: str, kind: Any) -> Any:
        value = self._inputs.get(name)
        if isinstance(value, bool) or not isinstance(value, kind) or not math.isfinite(value):
            raise UnreadableError(
                "parameters", "an input of the program has no finite number among the task's inputs; give each one"
            )
        return value


def _define(context: State, name: str, value: Any, kind: types.Type) -> None:
    context.symbol_table.insert(Symbol(name, value, kind, Scope.GLOBAL))  # type: ignore[no-untyped-call]


def _strict(build: Callable[..., Any], angles: int) -> Callable[..., Any]:
    def made(*given: Any) -> Any:
        if len(given) != angles:
            raise UnreadableError("openqasm", "a gate is given more or fewer angles than it has")
        return build(*given)

    return made


def _refuse(words: str) -> NoReturn:
    raise UnreadableError("openqasm", words)


def _place(error: Exception) -> str:
    """Take line and column out of a parser's complaint, and nothing else of it."""
    found = _PLACE.match(str(error))
    return f", line {int(found[1])} column {int(found[2])}" if found else ""
