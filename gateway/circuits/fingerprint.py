"""A digest of what a circuit does: the same for the same operations, whatever they and their wires are called.

Covered: operations with their parameters, qubit and clbit indices, control flow with conditions and bodies, the
definitions of gates the caller defined. Left out: names of circuits, registers, parameters and variables,
labels, metadata. A free parameter is known by the order of its first use, and an expression by its values at
fixed points, so `a + b` and `b + a` are one.
"""

import hashlib
import math
from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction, ClassicalRegister, Clbit, ControlFlowOp, ParameterExpression
from qiskit.circuit.classical import expr

from gateway.circuits.definitions import Definitions, check_nesting, is_own

_VERSION = "qgw.circuit/1"


def digest(circuit: QuantumCircuit) -> str:
    """Give the SHA-256 of the canonical circuit, hexadecimal.

    Raises:
        UnreadableError: `too-large`: its definitions nest too far.
    """
    return _Canon().circuit(circuit).hex()


class _Canon:
    """The naming of one circuit: parameters in the order of their first use, definitions by their digest."""

    def __init__(self) -> None:
        self._parameters: dict[Any, int] = {}
        self._definitions: Definitions[bytes] = Definitions()
        self._nesting = 0

    def circuit(self, circuit: QuantumCircuit) -> bytes:
        self._nesting += 1
        check_nesting(self._nesting)
        scope = _Scope(self, circuit)
        body = [
            _VERSION,
            circuit.num_qubits,
            circuit.num_clbits,
            self.parameter(circuit.global_phase),
            [scope.instruction(instruction) for instruction in circuit.data],
        ]
        self._nesting -= 1
        return hashlib.sha256(msgspec.msgpack.encode(body)).digest()

    def parameter(self, value: Any) -> Any:
        """Write a gate's parameter as plain values."""
        if isinstance(value, ParameterExpression):
            return self._expression(value)
        if isinstance(value, QuantumCircuit):
            return self.circuit(value)
        if isinstance(value, np.ndarray):
            return [str(value.dtype), list(value.shape), value.tobytes()]
        if isinstance(value, complex):
            return [_number(value.real), _number(value.imag)]
        if isinstance(value, float | np.floating):
            return _number(float(value))
        return value if isinstance(value, int | str | None) else repr(value)

    def definition(self, operation: Any) -> bytes | None:
        """Digest what a gate of the caller's own is made of."""
        return self._definitions.of(operation, self.circuit)

    def _expression(self, expression: ParameterExpression) -> Any:
        free = expression.parameters
        if not free:
            return _number(complex(expression.numeric()).real)
        self._name(expression, [parameter for parameter in free if parameter not in self._parameters])
        places = sorted(self._parameters[parameter] for parameter in free)
        points = ({parameter: _point(self._parameters[parameter], turn) for parameter in free} for turn in (1, 2))
        return ["free", places, [_value(expression, point) for point in points]]

    def _name(self, expression: ParameterExpression, new: list[Any]) -> None:
        """Number the parameters that an expression uses first, by the part they play in it."""
        known = {
            parameter: _point(self._parameters[parameter], 1)
            for parameter in expression.parameters
            if parameter in self._parameters
        }
        rest = _point(len(self._parameters), 3)

        def part(parameter: Any) -> tuple[str, str]:
            point = {**known, **dict.fromkeys(new, rest), parameter: _point(len(self._parameters), 4)}
            return _value(expression, point), parameter.name

        ordered = new if len(new) == 1 else sorted(new, key=part)
        for parameter in ordered:
            self._parameters[parameter] = len(self._parameters)


class _Scope:
    """The wires of one circuit or body, by index."""

    def __init__(self, canon: _Canon, circuit: QuantumCircuit) -> None:
        self._canon = canon
        self._index = {bit: place for place, bit in enumerate(circuit.qubits)}
        self._index |= {bit: place for place, bit in enumerate(circuit.clbits)}
        self._variables = {variable: place for place, variable in enumerate(circuit.iter_vars())}
        self._variables |= {variable: place for place, variable in enumerate(circuit.iter_stretches())}

    def instruction(self, instruction: CircuitInstruction) -> list[Any]:
        wires = [[self._index[bit] for bit in bits] for bits in (instruction.qubits, instruction.clbits)]
        if instruction.is_standard_gate():
            return [instruction.name, *wires, [self._canon.parameter(value) for value in instruction.params]]
        operation = instruction.operation
        # Its name is the caller's choice; what it is made of is not.
        if is_own(operation) and (definition := self._canon.definition(operation)) is not None:
            return [definition, *wires]
        if isinstance(operation, ControlFlowOp):
            return [
                operation.name,
                *wires,
                list(self._control(operation)),
                [self._canon.circuit(body) for body in operation.blocks],
            ]
        return [operation.name, *wires, list(self._particulars(operation))]

    def _control(self, operation: ControlFlowOp) -> Iterable[Any]:
        """Write what decides: the condition, the loop's range, the switch's target and cases."""
        yield self.condition(getattr(operation, "condition", None))
        yield self.condition(getattr(operation, "target", None))
        if operation.name == "switch_case":
            yield [[self._label(label) for label in labels] for labels, _ in operation.cases_specifier()]
        if operation.name == "for_loop":
            indices, variable, _ = operation.params
            yield [list(indices) if not isinstance(indices, range) else repr(indices), variable is not None]
        yield [repr(annotation) for annotation in getattr(operation, "annotations", ())]

    def _particulars(self, operation: Any) -> Iterable[Any]:
        for value in getattr(operation, "params", ()):
            yield self.condition(value) if isinstance(value, expr.Expr) else self._canon.parameter(value)
        for name in ("lvalue", "rvalue"):
            yield self.condition(getattr(operation, name, None))
        for name in ("unit", "ctrl_state", "operator", "base_op", "modifiers"):
            yield str(getattr(operation, name, ""))

    def condition(self, value: Any) -> Any:
        """Write a condition or a classical expression."""
        if isinstance(value, Clbit):
            return ["bit", self._index[value]]
        if isinstance(value, ClassicalRegister):
            return ["register", [self._index[bit] for bit in value]]
        if isinstance(value, tuple):
            return [self.condition(value[0]), value[1]]
        if isinstance(value, expr.Var | expr.Stretch):
            return ["variable", self._variables[value]] if value.standalone else self.condition(value.var)
        if isinstance(value, expr.Expr):
            return [type(value).__name__, str(value.type), *self._members(value)]
        return value if isinstance(value, int | float | str | None) else repr(value)

    def _members(self, value: expr.Expr) -> Iterable[Any]:
        for name in ("op", "value", "operand", "left", "right", "target", "index"):
            if (member := getattr(value, name, None)) is not None:
                yield [name, self.condition(member)]

    def _label(self, label: Any) -> Any:
        return label if isinstance(label, int) else "default"


def _number(value: float) -> str:
    """Write a number to ten digits, so that the last bit of a sum decides nothing."""
    return f"{value + 0.0:.10e}"


def _point(place: int, turn: int) -> float:
    """Give a number in (0, 1) that no other parameter has: a golden-ratio sequence, one for each turn."""
    return math.fmod((place + 1) * 0.6180339887498949 * turn + 0.1234567 * turn, 1.0)


def _value(expression: ParameterExpression, point: dict[Any, float]) -> str:
    try:
        value = complex(expression.bind(point, allow_unknown_parameters=False).numeric())
    except (ZeroDivisionError, ValueError, OverflowError, TypeError):
        return "undefined"
    return f"{_number(value.real)},{_number(value.imag)}"
