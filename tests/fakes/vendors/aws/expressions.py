"""Classical OpenQASM 3 expressions, evaluated: numbers, names, arithmetic, functions and casts."""

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from openqasm3 import ast

from tests.fakes.vendors.aws.program import ProgramError

CONSTANTS: Final = {"pi": math.pi, "π": math.pi, "tau": math.tau, "τ": math.tau, "euler": math.e, "ℇ": math.e}
_OPERATORS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
    "**": operator.pow,
}
_FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "arcsin": math.asin,
    "arccos": math.acos,
    "arctan": math.atan,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "pow": math.pow,
    "mod": operator.mod,
    "floor": math.floor,
    "ceiling": math.ceil,
}


def evaluate(expression: ast.Expression, names: Mapping[str, Any]) -> Any:
    """Give the number an expression stands for."""
    try:
        return _value(expression, names)
    except (ArithmeticError, ValueError, TypeError) as error:
        if isinstance(error, ProgramError):
            raise
        raise ProgramError(f"an expression has no value: {error}") from error


def whole(expression: ast.Expression, names: Mapping[str, Any]) -> int:
    """Give the integer an expression stands for."""
    value = evaluate(expression, names)
    if not isinstance(value, int):
        raise ProgramError(f"a whole number was expected, not {value}")
    return value


def span(found: ast.RangeDefinition, names: Mapping[str, Any], *, size: int | None = None) -> range:
    """Give the indices of `[start:step:end]`, the end included; `size` closes an open range."""
    step = whole(found.step, names) if found.step else 1
    start = whole(found.start, names) if found.start else 0
    if found.end is None and size is None:
        raise ProgramError("a range without an end")
    end = whole(found.end, names) if found.end else (size or 0) - 1
    if step == 0:
        raise ProgramError("a range with step 0")
    return range(start, end + (1 if step > 0 else -1), step)


def _value(expression: ast.Expression, names: Mapping[str, Any]) -> Any:
    match expression:
        case ast.IntegerLiteral() | ast.FloatLiteral() | ast.BooleanLiteral():
            return expression.value
        case ast.Identifier():
            if (known := names.get(expression.name, CONSTANTS.get(expression.name))) is None:
                raise ProgramError(f"{expression.name} has no value")
            return known
        case ast.UnaryExpression() if expression.op.name == "-":
            return -_value(expression.expression, names)
        case ast.BinaryExpression() if expression.op.name in _OPERATORS:
            return _OPERATORS[expression.op.name](_value(expression.lhs, names), _value(expression.rhs, names))
        case ast.FunctionCall() if expression.name.name in _FUNCTIONS:
            return _FUNCTIONS[expression.name.name](*(_value(each, names) for each in expression.arguments))
        case ast.Cast():
            return _cast(expression, names)
    raise ProgramError(f"{type(expression).__name__} is not supported in an expression")


def _cast(expression: ast.Cast, names: Mapping[str, Any]) -> Any:
    value = _value(expression.argument, names)
    return int(value) if isinstance(expression.type, ast.IntType | ast.UintType) else float(value)
