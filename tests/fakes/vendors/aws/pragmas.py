"""The text after `#pragma braket`: results, unitaries and the mark of a verbatim box."""

import re
from collections.abc import Callable
from typing import Final

import numpy as np

from tests.fakes.vendors.aws import gates
from tests.fakes.vendors.aws.gates import Matrix
from tests.fakes.vendors.aws.program import Factor, ProgramError, Wanted

Named = Callable[[str], tuple[int, ...]]
"""Gives the labels behind `q`, `q[0]`, `q[0:2]` or `$3`."""

PAULIS: Final[dict[str, Matrix]] = {"x": gates.X, "y": gates.Y, "z": gates.Z, "h": gates.H, "i": gates.EYE}
_RESULT: Final = re.compile(r"(\w+)\s*(.*)", re.DOTALL)
_STANDARD: Final = re.compile(r"([xyzhi])\s*(?:\(\s*(.+?)\s*\)|\s+(all))")
_MATRIX: Final = re.compile(r"(\w+)\s*\((.*)\)\s*(.*)", re.DOTALL)


def unitary(text: str, named: Named) -> tuple[Matrix, tuple[int, ...]]:
    """Read `unitary(matrix) qubits`."""
    matrix, qubits = _matrix_on(text, named)
    if not np.allclose(matrix @ matrix.conj().T, np.eye(len(matrix)), atol=1e-6):
        raise ProgramError("the matrix of a unitary pragma is not unitary")
    return matrix, qubits


def result(text: str, named: Named) -> Wanted:
    """Read what follows `braket result`."""
    found = _RESULT.fullmatch(text)
    if found is None:
        raise ProgramError("a result pragma names no result")
    kind, rest = found.groups()
    match kind:
        case "state_vector" if not rest:
            return Wanted("statevector")
        case "probability" | "density_matrix":
            qubits = None if rest in {"", "all"} else labels(rest, named)
            return Wanted(kind.replace("_", ""), qubits=qubits)
        case "amplitude":
            return Wanted("amplitude", states=_states(rest))
        case "expectation" | "variance" | "sample":
            return Wanted(kind, factors=tuple(_factor(part.strip(), named) for part in rest.split("@")))
    raise ProgramError(f"result type {kind} is not supported")


def labels(text: str, named: Named) -> tuple[int, ...]:
    """Read a list of qubits."""
    return tuple(label for part in text.split(",") for label in named(part.strip()))


def _factor(text: str, named: Named) -> Factor:
    if text.startswith("hermitian"):
        matrix, qubits = _matrix_on(text, named)
        if not np.allclose(matrix, matrix.conj().T, atol=1e-6):
            raise ProgramError("the matrix of an observable is not hermitian")
        return Factor("hermitian", matrix, qubits)
    found = _STANDARD.fullmatch(text)
    if found is None:
        raise ProgramError(f"{text!r} is not an observable")
    name, operand, everywhere = found.groups()
    qubits = () if everywhere else named(operand)
    # A whole register means each of its qubits, as with gates.
    return Factor(name, PAULIS[name], qubits if len(qubits) == 1 else None)


def _matrix_on(text: str, named: Named) -> tuple[Matrix, tuple[int, ...]]:
    found = _MATRIX.fullmatch(text)
    if found is None:
        raise ProgramError("a matrix and its qubits were expected")
    matrix, qubits = _matrix(found[2]), labels(found[3], named)
    if matrix.shape != (2 ** len(qubits), 2 ** len(qubits)):
        raise ProgramError(f"a matrix of shape {matrix.shape} does not fit {len(qubits)} qubits")
    return matrix, qubits


def _matrix(text: str) -> Matrix:
    rows = re.findall(r"\[([^\[\]]*)\]", text)
    try:
        return np.array([[_number(entry) for entry in row.split(",")] for row in rows], dtype=complex)
    except ValueError as error:
        raise ProgramError("the matrix of a pragma is not square or has an entry that is no number") from error


def _number(text: str) -> complex:
    plain = text.replace(" ", "").replace("im", "j")
    return complex(plain.replace("+-", "-").replace("--", "+"))


def _states(text: str) -> tuple[str, ...]:
    states = tuple(part.strip().strip('"') for part in text.split(","))
    if not all(re.fullmatch("[01]+", state) for state in states):
        raise ProgramError("an amplitude is asked of something that is no bit string")
    return states
