"""Which gates are Clifford gates, decided by name and angle alone; nothing is simulated. Angles in radians."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from qiskit.circuit import ParameterExpression

_TOLERANCE = 1e-9
_ALWAYS = frozenset(
    {"id", "x", "y", "z", "h", "s", "sdg", "sx", "sxdg", "cx", "cy", "cz", "swap", "iswap", "dcx", "ecr"}
    | {"pauli", "clifford", "permutation", "linear_function", "global_phase"}
)
_QUARTER, _HALF = math.pi / 2, math.pi
_STEPS: Mapping[str, float] = {
    **dict.fromkeys(["rx", "ry", "rz", "r", "p", "u1", "u2", "u3", "u", "rxx", "ryy", "rzz", "rzx"], _QUARTER),
    **dict.fromkeys(["cp", "cu1", "crx", "cry", "crz"], _HALF),
}
"""Gates that are Clifford where all their angles are multiples of a step."""


def is_clifford(name: str, angles: Sequence[Any]) -> bool:
    """Whether a gate of qiskit's library is a Clifford gate; a free parameter makes it none.

    Args:
        name: qiskit's name of the gate.
        angles: its parameters, numbers or expressions.
    """
    if name in _ALWAYS:
        return True
    step = _STEPS.get(name)
    return step is not None and all(_is_multiple(angle, step) for angle in angles)


def _is_multiple(angle: Any, step: float) -> bool:
    if isinstance(angle, ParameterExpression):
        if angle.parameters:
            return False
        angle = angle.numeric()
    if not isinstance(angle, int | float):
        return False
    turns = angle / step
    return math.isfinite(turns) and abs(turns - round(turns)) * step <= _TOLERANCE
