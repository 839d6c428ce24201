"""`#pragma braket unitary([[…]]) q[0]`: a matrix written out, row by row, as Braket's grammar has it."""

import re

import numpy as np
from qiskit.circuit.library import UnitaryGate

from gateway.ports.reader import UnreadableError

MOST_QUBITS = 6
_REAL = r"[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,3})?|\.[0-9]+(?:[eE][+-]?[0-9]{1,3})?"
_NUMBER = re.compile(rf"(?P<first>-?(?:{_REAL})(?:im)?)(?:(?P<sign>[+-])(?P<second>-?(?:{_REAL}))im)?")
_WHOLE = re.compile(r"\s*\(\s*\[(?P<rows>.*)\]\s*\)\s*(?P<operands>[^\[\]()]+(?:\[[0-9]+\][^\[\]()]*)*)", re.DOTALL)
_ROW = re.compile(r"\[([^\[\]]*)\]")


def unitary(text: str) -> tuple[UnitaryGate, str]:
    """Read a matrix and what it acts on; gives the gate and the operands as they stand.

    Raises:
        UnreadableError: `openqasm`: malformed, not square, too large, or not unitary.
    """
    found = _WHOLE.fullmatch(text)
    rows = _ROW.findall(found["rows"]) if found else []
    if found is None or not rows or len(rows) > 2**MOST_QUBITS:
        raise UnreadableError("openqasm", f"a unitary pragma is malformed or has more than {MOST_QUBITS} qubits")
    matrix = [[_complex(part) for part in row.split(",")] for row in rows]
    if any(len(row) != len(rows) for row in matrix):
        raise UnreadableError("openqasm", "the matrix of a unitary pragma is not square")
    try:
        return UnitaryGate(np.array(matrix)), found["operands"]
    except ValueError:
        raise UnreadableError("openqasm", "the matrix of a unitary pragma is not unitary") from None


def _complex(text: str) -> complex:
    found = _NUMBER.fullmatch(text.replace(" ", ""))
    if found is None:
        raise UnreadableError("openqasm", "a number in the matrix of a unitary pragma cannot be read")
    first, imaginary = found["first"].removesuffix("im"), found["first"].endswith("im")
    value = complex(0, float(first)) if imaginary else complex(float(first), 0)
    if found["second"] is None:
        return value
    return value + complex(0, float(found["second"])) * (-1 if found["sign"] == "-" else 1)
