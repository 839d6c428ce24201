"""Result types: what `#pragma braket result …` asks to be computed from the samples.

The reader needs them to choose the basis of each measurement, the dialect to compute the values, which happens in
another process and long after. So they are found in the text alone; the reader checks that its parser found the same.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

MOST_PROBABILITIES = 16
"""Qubits of one `probability`, which has a value for each of their states."""
MOST_RESULTS = 256
RESULT = "braket result"

_TEXTS = re.compile(r"(?<!\w)#?pragma[ \t]+(?P<pragma>[^\r\n]*)|//[^\r\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_QUBITS = re.compile(r"(?<!\w)qubit\s*(?:\[\s*(?P<size>[0-9]{1,5})\s*\]\s*|\s)\s*(?P<name>[^\W\d]\w*)\s*;")
_OPERAND = re.compile(r"\$(?P<physical>[0-9]{1,4})|(?P<name>[^\W\d]\w*)(?:\[(?P<index>[0-9]{1,5})\])?")
_FACTOR = re.compile(r"(?P<letter>[xyzhi])\((?P<operand>[^()]*)\)")
_BROADCAST = re.compile(r"(?P<letter>[xyzhi]) all")
_EXACT = frozenset({"state_vector", "density_matrix", "amplitude", "adjoint_gradient"})
_OBSERVED = frozenset({"expectation", "variance", "sample"})


class PragmaError(ValueError):
    """A result type that cannot be computed here; the message is for the caller and quotes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultType:
    """One value that was asked for."""

    kind: str
    """`probability`, `expectation`, `variance` or `sample`."""
    observables: tuple[str, ...] = ()
    """One letter of x y z h i for each target, or one alone for every qubit by itself."""
    targets: tuple[int, ...] | None = None
    """`None` is every measured qubit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What the text of a program says without being parsed."""

    registers: Mapping[str, range]
    """Qubits by the name they were declared under, in order."""
    results: tuple[str, ...]
    """What follows `#pragma braket result`, in order."""


def outline(source: str) -> Outline:
    """Find declarations and result pragmas, outside of comments."""
    pragmas = [found["pragma"].split() for found in _TEXTS.finditer(source) if found["pragma"] is not None]
    return Outline(
        registers=_registers(_TEXTS.sub(" ", source)),
        results=tuple(" ".join(words[2:]) for words in pragmas if words[:2] == RESULT.split()),
    )


def result_types(told: Outline) -> tuple[ResultType, ...]:
    """Read every result pragma.

    Raises:
        PragmaError: malformed, or something that samples cannot give.
    """
    if len(told.results) > MOST_RESULTS:
        raise PragmaError(f"the program asks for {len(told.results)} results, at most {MOST_RESULTS} are computed")
    return tuple(_result_type(text, number, told.registers) for number, text in enumerate(told.results, start=1))


def bases(wanted: Sequence[ResultType], qubits: Sequence[int]) -> dict[int, str]:
    """Say in which basis each qubit must be measured; one that is not named is measured in any.

    Raises:
        PragmaError: one qubit would have to be measured in two.
    """
    chosen: dict[int, str] = {}
    for result in wanted:
        targets = qubits if result.targets is None else result.targets
        letters = result.observables * (len(targets) if result.targets is None else 1)
        for qubit, letter in zip(targets, letters, strict=False):
            if letter != "i" and chosen.setdefault(qubit, letter) != letter:
                raise PragmaError(
                    f"results ask for qubit {qubit} in two bases; run one task for each, since samples have one basis"
                )
        for qubit in targets if result.kind == "probability" else ():
            if chosen.setdefault(qubit, "z") != "z":
                raise PragmaError(f"a probability and an observable share qubit {qubit} in two bases; run two tasks")
    return chosen


def _registers(text: str) -> Mapping[str, range]:
    registers, begin = {}, 0
    for found in _QUBITS.finditer(text):
        size = int(found["size"] or 1)
        registers[found["name"]] = range(begin, begin + size)
        begin += size
    return registers


def _result_type(text: str, number: int, registers: Mapping[str, range]) -> ResultType:
    kind, _, rest = text.partition(" ")
    if kind in _EXACT or "hermitian" in rest:
        raise PragmaError(
            f"result {number} needs an exact state, or a basis of its own; results come from samples here: "
            "probability, and expectation, variance and sample of x, y, z, h and i"
        )
    if kind == "probability":
        return ResultType(kind=kind, targets=_probability(rest, number, registers))
    if kind not in _OBSERVED:
        _malformed(number)
    return _observed(kind, rest, number, registers)


def _probability(text: str, number: int, registers: Mapping[str, range]) -> tuple[int, ...] | None:
    if text in {"", "all"}:
        return None
    return _distinct([qubit for part in text.split(",") for qubit in _operand(part, number, registers)], number)


def _observed(kind: str, text: str, number: int, registers: Mapping[str, range]) -> ResultType:
    if found := _BROADCAST.fullmatch(text):
        return ResultType(kind=kind, observables=(found["letter"],))
    factors = [_FACTOR.fullmatch(part.strip()) for part in text.split("@")]
    letters: list[str] = []
    targets: list[int] = []
    for factor in factors:
        if factor is None:
            _malformed(number)
        qubits = _operand(factor["operand"], number, registers)
        if len(qubits) > 1:
            return _every(kind, factor["letter"], number, alone=len(factors) == 1 and len(registers) == 1)
        letters.append(factor["letter"])
        targets += qubits
    return ResultType(kind=kind, observables=tuple(letters), targets=_distinct(targets, number))


def _every(kind: str, letter: str, number: int, *, alone: bool) -> ResultType:
    """Read an observable of a whole register, which stands for each of its qubits by itself."""
    if not alone:
        raise PragmaError(f"result {number} names a whole register among others; name its qubits one by one")
    return ResultType(kind=kind, observables=(letter,))


def _operand(text: str, number: int, registers: Mapping[str, range]) -> Sequence[int]:
    found = _OPERAND.fullmatch(text.strip())
    if found is None:
        _malformed(number)
    if found["physical"] is not None:
        return (int(found["physical"]),)
    qubits = registers.get(found["name"])
    if qubits is None or int(found["index"] or 0) >= len(qubits):
        raise PragmaError(f"result {number} names a qubit that the program does not declare with a plain number")
    return qubits if found["index"] is None else (qubits[int(found["index"])],)


def _distinct(qubits: Sequence[int], number: int) -> tuple[int, ...]:
    if len(set(qubits)) != len(qubits):
        raise PragmaError(f"result {number} names a qubit twice")
    return tuple(qubits)


def _malformed(number: int) -> NoReturn:
    raise PragmaError(f"result {number} cannot be read; write it as the SDK does")
