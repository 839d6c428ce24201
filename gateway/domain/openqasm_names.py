"""Names in the text of an OpenQASM program: a word that the language does not have was chosen by somebody.

So what has to be found is not every way to declare a name, but every word of the language; a word that is missing here
is renamed too, the program cannot be read any more or is another one, and nothing is sent.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

LANGUAGE: Final = frozenset(
    {
        "OPENQASM", "include", "defcalgrammar", "def", "cal", "defcal", "gate", "extern", "box", "let", "break",
        "continue", "if", "else", "end", "return", "for", "while", "in", "switch", "case", "default", "pragma",
        "opaque", "qreg", "creg", "barrier", "reset", "measure", "delay", "durationof", "input", "output", "const",
        "readonly", "mutable", "qubit", "bit", "bool", "int", "uint", "float", "angle", "complex", "array", "void",
        "duration", "stretch", "inv", "pow", "ctrl", "negctrl", "true", "false", "pi", "tau", "euler", "im", "U", "CX",
        "gphase", "sizeof", "arccos", "arcsin", "arctan", "ceiling", "cos", "exp", "floor", "log", "mod", "popcount",
        "real", "imag", "rotl", "rotr", "sin", "sqrt", "tan", "ln",
    }
)  # fmt: skip
"""Keywords, constants and functions of OpenQASM 2 and 3."""
STANDARD_GATES: Final = frozenset(
    {
        "p", "x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "sxdg", "rx", "ry", "rz", "cx", "cy", "cz", "cp", "crx",
        "cry", "crz", "ch", "csx", "swap", "ccx", "cswap", "cu", "phase", "cphase", "id", "u", "u0", "u1", "u2", "u3",
        "cu1", "cu3", "rxx", "rzz", "rccx", "rc3x", "c3x", "c3sqrtx", "c4x",
    }
)  # fmt: skip
"""Of `stdgates.inc` and `qelib1.inc`."""

_TOKEN: Final = re.compile(
    r"""(?P<comment>//[^\r\n]*|/\*.*?(?:\*/|\Z))"""
    r"""|(?P<plain>"[^"\r\n]*"|\$[0-9]+|[0-9][\w.]*)"""
    r"""|(?P<name>[^\W\d]\w*)""",
    re.DOTALL,
)
_REGISTER: Final = re.compile(r"(?<!\w)(?:bit(?:\s*\[[^\]]*\])?|creg)\s+(?P<name>[^\W\d]\w*)")


@dataclass(frozen=True, slots=True)
class Renamed:
    """A program under other names."""

    source: str
    names: Mapping[str, str]
    """Its own names, and what each is called now."""


def registers(source: str) -> tuple[str, ...]:
    """List the classical registers of a program in the order of their declarations."""
    return tuple(dict.fromkeys(found["name"] for found in _REGISTER.finditer(without_comments(source))))


def without_comments(source: str) -> str:
    """Leave comments out."""
    return _TOKEN.sub(lambda found: " " if found["comment"] else found[0], source)


def renamed(source: str, given: Mapping[str, str], *, words: frozenset[str] | None = None) -> Renamed:
    """Give names their given ones, and with `words` all others too; comments are left out then.

    Args:
        source: the program.
        given: names that are known, and what they become; a name may stay as it is.
        words: what the language has. Any other name becomes one that says nothing; alphabetical order is kept, because
            parameters are ordered by it.
    """
    names = dict(given)
    if words is not None:
        found = sorted(set(_names(source)) - words - set(given))
        new = _unused(len(found), words | set(given.values()))
        names |= dict(zip(found, new, strict=False))

    def said(found: re.Match[str]) -> str:
        if found["comment"]:
            return found[0] if words is None else " "
        return names.get(found[0], found[0]) if found["name"] else found[0]

    return Renamed(_TOKEN.sub(said, source), names)


def _names(source: str) -> Iterator[str]:
    return (found["name"] for found in _TOKEN.finditer(source) if found["name"])


def _unused(count: int, taken: frozenset[str]) -> Iterator[str]:
    """Give so many names of one length, in alphabetical order."""
    length, prefix = len(str(count)), "n_"
    while any(name.startswith(prefix) for name in taken):
        prefix += "_"
    return (f"{prefix}{place:0{length}}" for place in range(count))
