"""Shapes to hold tables against: each finds what is not as it must be, says what stands there, and what may.

A shape is a function of a value and of its place, so that shapes are made of shapes as tables are of tables.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final, TypeAlias

LARGEST: Final = 2**53 - 1
"""Both engines agree on whole numbers up to here."""
_SHOWN: Final = 60
_LISTED: Final = 10


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a table, and where."""

    where: str
    """Such as `size[0].when`; empty is the whole table."""
    words: str
    advice: bool = False
    """It may be right, of a name that is not known here."""

    def __str__(self) -> str:
        """Say it."""
        return f"{self.where}: {self.words}" if self.where else self.words


Shape: TypeAlias = Callable[[Any, str], Iterator[Problem]]


def fits(holds: Callable[[Any], bool], wanted: str) -> Shape:
    """Take what a test holds for."""

    def look(value: Any, where: str) -> Iterator[Problem]:
        if not holds(value):
            yield Problem(where, f"found {_shown(value)}, where {wanted} must stand")

    return look


def whole(least: int = 0, most: int = LARGEST) -> Shape:
    """Take a whole number between two others."""
    wanted = f"a whole number from {least} to {most}" if most < LARGEST else f"a whole number of {least} or more"
    return fits(lambda value: type(value) is int and least <= value <= most, wanted)


def anything(_: Any, __: str) -> Iterator[Problem]:
    """Take every value: somebody else looks at it."""
    return iter(())


TEXT: Final = fits(lambda value: isinstance(value, str), "a text")
FLAG: Final = fits(lambda value: isinstance(value, bool), "true or false")


def one_of(noun: str, known: Collection[str], *, advice: bool = False) -> Shape:
    """Take one of some words; where there may be others, it is advice."""

    def look(value: Any, where: str) -> Iterator[Problem]:
        if not (isinstance(value, str) and value in known):
            yield Problem(where, f"{_shown(value)} is no {noun} known here; {nearest(str(value), known)}", advice)

    return look


def or_null(shape: Shape) -> Shape:
    """Take null, too."""
    return lambda value, where: iter(()) if value is None else shape(value, where)


def list_of(shape: Shape) -> Shape:
    """Take a list of them."""

    def look(value: Any, where: str) -> Iterator[Problem]:
        if not isinstance(value, list):
            yield Problem(where, f"found {_shown(value)}, where a list must stand")
            return
        for number, each in enumerate(value):
            yield from shape(each, f"{where}[{number}]")

    return look


def each_under(names: Shape, shape: Shape) -> Shape:
    """Take an object with such names and such values."""

    def look(value: Any, where: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield Problem(where, f"found {_shown(value)}, where an object must stand")
            return
        for name, inner in value.items():
            yield from names(name, where)
            yield from shape(inner, _below(where, name))

    return look


def keys(
    must: Mapping[str, Shape], may: Mapping[str, Shape] | None = None, *, more: Callable[[str], bool] | None = None
) -> Shape:
    """Take an object with some keys that must, and others that may stand there; `more` says which besides."""
    known = {**must, **(may or {})}

    def look(value: Any, where: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield Problem(where, f"found {_shown(value)}, where an object must stand")
            return
        for name, inner in value.items():
            if name in known:
                yield from known[name](inner, _below(where, name))
            elif more is None or not more(name):
                yield Problem(where, f"{_shown(name)} is no key known here; {nearest(name, known)}")
        for name in must:
            if name not in value:
                yield Problem(where, f"the key {_shown(name)} is missing")

    return look


def in_turn(*shapes: Shape) -> Shape:
    """Take what every shape takes; the first that finds something is heard alone."""

    def look(value: Any, where: str) -> Iterator[Problem]:
        for shape in shapes:
            if found := list(shape(value, where)):
                yield from found
                return

    return look


def nearest(wrong: str, known: Collection[str]) -> str:
    """Say what may stand there, what is most like the wrong one first."""
    near = sorted(known, key=lambda each: (-SequenceMatcher(None, wrong, each).ratio(), each))
    more = f" and {len(near) - _LISTED} more" if len(near) > _LISTED else ""
    return f"known are {', '.join(near[:_LISTED]) or 'none'}{more}"


def _below(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
