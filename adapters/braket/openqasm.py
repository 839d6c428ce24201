"""Braket's OpenQASM 3 in words that the serving process may know too: gate names, and how measured bits are named.

The reader measures everything at the end into one register. Its name lists the qubits of its bits, so that whoever
writes the results knows them, wherever the program ran.
"""

import json
import re
from collections.abc import Mapping, Sequence

GATES = frozenset(
    {
        "ccnot", "cnot", "cphaseshift", "cphaseshift00", "cphaseshift01", "cphaseshift10", "cswap", "cv", "cy", "cz",
        "ecr", "gpi", "gpi2", "h", "i", "iswap", "ms", "phaseshift", "prx", "pswap", "rx", "ry", "rz", "s", "si",
        "swap", "t", "ti", "v", "vi", "x", "xx", "xy", "y", "yy", "z", "zz",
    }
)  # fmt: skip
"""Every gate of the language besides `U` and `gphase`."""

MAX_QUBITS = 4096
_LAYOUT = "// qgw-registers "
_HEAD_LINES = 4
_REGISTER = re.compile(r"measured((?:_[0-9]{1,4})+)")


def register_name(qubits: Sequence[int]) -> str:
    """Name the register whose bit i belongs to the i-th of these qubits."""
    return "measured_" + "_".join(map(str, qubits))


def measured_qubits(register: str) -> list[int] | None:
    """Give the qubits of a register's bits; `None` for a register that the reader did not name."""
    found = _REGISTER.fullmatch(register)
    return [int(number) for number in found[1].split("_")[1:]] if found else None


def layout_comment(registers: Mapping[str, Sequence[int]]) -> str:
    """Write, as a comment that Braket passes over, which column of the results each bit of each register is."""
    return _LAYOUT + json.dumps(registers, separators=(",", ":"))


def layout(source: str) -> Mapping[str, Sequence[int]] | None:
    """Read that comment; `None` in a program that was not translated. A bit that nothing measures has column -1."""
    for line in source.splitlines()[:_HEAD_LINES]:
        if line.startswith(_LAYOUT):
            found: Mapping[str, Sequence[int]] = json.loads(line.removeprefix(_LAYOUT))
            return found
    return None
