"""Braket's gates as matrices, big-endian: the first qubit named is the most significant.

One definition per gate serves every modifier, so that `ctrl @ pow(0.5) @ prx(…)` needs no case of its own. Angles are
radians. Source: the gate definitions of the Amazon Braket developer guide.
"""

import cmath
import math
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np

Matrix = np.ndarray[Any, np.dtype[Any]]

X: Final[Matrix] = np.array([[0, 1], [1, 0]], dtype=complex)
Y: Final[Matrix] = np.array([[0, -1j], [1j, 0]], dtype=complex)
Z: Final[Matrix] = np.diag([1, -1]).astype(complex)
H: Final[Matrix] = (X + Z) / math.sqrt(2)
EYE: Final[Matrix] = np.eye(2, dtype=complex)


class Gate(NamedTuple):
    """How many angles and qubits a gate takes, and its matrix for given angles."""

    angles: int
    qubits: int
    matrix: Callable[..., Matrix]


def power(matrix: Matrix, exponent: float) -> Matrix:
    """Raise a unitary to any real power, on the principal branch."""
    if exponent == int(exponent):
        exact: Matrix = np.linalg.matrix_power(matrix, int(exponent))
        return exact
    # A unitary is normal, but eig gives no orthogonal vectors for repeated values; those of a random combination of
    # its two commuting hermitian parts diagonalise both.
    mixed = 0.7310585786 * (matrix + matrix.conj().T) / 2 + 0.2689414214 * (matrix - matrix.conj().T) / 2j
    _, vectors = np.linalg.eigh(mixed)
    values = np.diag(vectors.conj().T @ matrix @ vectors)
    phases = np.angle(values)
    phases[phases < 1e-9 - math.pi] = math.pi  # rounding must not decide on which side of the cut -1 lies
    raised: Matrix = (vectors * np.exp(1j * exponent * phases)) @ vectors.conj().T
    return raised


def controlled(matrix: Matrix, *, on: int) -> Matrix:
    """Add one control qubit in front, which fires when it is `on`."""
    size = len(matrix)
    larger = np.eye(2 * size, dtype=complex)
    larger[on * size : (on + 1) * size, on * size : (on + 1) * size] = matrix
    return larger


def _u(theta: float, phi: float, lam: float) -> Matrix:
    cos, sin = math.cos(theta / 2), math.sin(theta / 2)
    return np.array([[cos, -cmath.exp(1j * lam) * sin], [cmath.exp(1j * phi) * sin, cmath.exp(1j * (phi + lam)) * cos]])


def _prx(theta: float, phi: float) -> Matrix:
    return _rotation(math.cos(phi) * X + math.sin(phi) * Y)(theta)


def _rotation(axis: Matrix) -> Callable[[float], Matrix]:
    """Give `exp(-i angle axis / 2)` of an axis that squares to one."""
    return lambda angle: math.cos(angle / 2) * np.eye(len(axis), dtype=complex) - 1j * math.sin(angle / 2) * axis


def _phase_at(place: int, size: int) -> Callable[[float], Matrix]:
    return lambda angle: np.diag([cmath.exp(1j * angle) if at == place else 1 for at in range(size)]).astype(complex)


def _middle(block: Callable[..., Matrix]) -> Callable[..., Matrix]:
    """Act on the states 01 and 10 alone."""

    def whole(*angles: float) -> Matrix:
        matrix = np.eye(4, dtype=complex)
        matrix[1:3, 1:3] = block(*angles)
        return matrix

    return whole


def _gpi(phi: float) -> Matrix:
    return np.array([[0, cmath.exp(-1j * phi)], [cmath.exp(1j * phi), 0]])


def _ms(first: float, second: float, angle: float = math.pi / 2) -> Matrix:
    return _rotation(np.kron(_gpi(first), _gpi(second)))(angle)


def _fixed(matrix: Matrix) -> Callable[[], Matrix]:
    return lambda: matrix


_S = np.diag([1, 1j])
_T = np.diag([1, cmath.exp(1j * math.pi / 4)])
_V = np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2
_SWAP = _middle(_fixed(X))()
_ECR = np.array([[0, 0, 1, 1j], [0, 0, 1j, 1], [1, -1j, 0, 0], [-1j, 1, 0, 0]]) / math.sqrt(2)

GATES: Final[dict[str, Gate]] = {
    "i": Gate(0, 1, _fixed(EYE)),
    "h": Gate(0, 1, _fixed(H)),
    "x": Gate(0, 1, _fixed(X)),
    "y": Gate(0, 1, _fixed(Y)),
    "z": Gate(0, 1, _fixed(Z)),
    "s": Gate(0, 1, _fixed(_S)),
    "si": Gate(0, 1, _fixed(_S.conj())),
    "t": Gate(0, 1, _fixed(_T)),
    "ti": Gate(0, 1, _fixed(_T.conj())),
    "v": Gate(0, 1, _fixed(_V)),
    "vi": Gate(0, 1, _fixed(_V.conj().T)),
    "U": Gate(3, 1, _u),
    "rx": Gate(1, 1, _rotation(X)),
    "ry": Gate(1, 1, _rotation(Y)),
    "rz": Gate(1, 1, _rotation(Z)),
    "phaseshift": Gate(1, 1, _phase_at(1, 2)),
    "prx": Gate(2, 1, _prx),
    "gpi": Gate(1, 1, _gpi),
    "gpi2": Gate(1, 1, lambda phi: _prx(math.pi / 2, phi)),
    "cnot": Gate(0, 2, _fixed(controlled(X, on=1))),
    "cy": Gate(0, 2, _fixed(controlled(Y, on=1))),
    "cz": Gate(0, 2, _fixed(controlled(Z, on=1))),
    "cv": Gate(0, 2, _fixed(controlled(_V, on=1))),
    "ecr": Gate(0, 2, _fixed(_ECR)),
    "swap": Gate(0, 2, _fixed(_SWAP)),
    "iswap": Gate(0, 2, _middle(_fixed(1j * X))),
    "pswap": Gate(1, 2, _middle(lambda angle: cmath.exp(1j * angle) * X)),
    "xy": Gate(1, 2, _middle(lambda angle: _rotation(X)(-angle))),
    "xx": Gate(1, 2, _rotation(np.kron(X, X))),
    "yy": Gate(1, 2, _rotation(np.kron(Y, Y))),
    "zz": Gate(1, 2, _rotation(np.kron(Z, Z))),
    "cphaseshift": Gate(1, 2, _phase_at(3, 4)),
    "cphaseshift00": Gate(1, 2, _phase_at(0, 4)),
    "cphaseshift01": Gate(1, 2, _phase_at(1, 4)),
    "cphaseshift10": Gate(1, 2, _phase_at(2, 4)),
    "ms": Gate(3, 2, _ms),
    "ccnot": Gate(0, 3, _fixed(controlled(controlled(X, on=1), on=1))),
    "cswap": Gate(0, 3, _fixed(controlled(_SWAP, on=1))),
}
