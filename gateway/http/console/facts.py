"""Values as people read them: facts a line for each, by path and noun; times in a unit that fits; counts with nouns."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from gateway.http.console.page import count

_UNITS: Final = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def flattened(facts: Mapping[str, Any], above: str = "") -> Iterable[tuple[str, str]]:
    """Write nested facts as lines of path and value, in their own order."""
    for name, value in facts.items():
        path = f"{above}{name}"
        if isinstance(value, Mapping) and value:
            yield from flattened(value, f"{path}.")
        elif isinstance(value, list | tuple) and any(isinstance(each, Mapping) for each in value):
            for number, each in enumerate(value):
                yield from flattened(each, f"{path}[{number}].")
        else:
            yield path, shown(value)


def nouns(facts: Mapping[str, Any]) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
    """Group facts by their nouns, as policies speak of them."""
    return [(noun, list(flattened({noun: value}))) for noun, value in sorted(facts.items())]


def shown(value: Any) -> str:
    """Write one value."""
    match value:
        case None:
            return "unknown"
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(map(shown, value)) or "none"
        case _:
            return str(value)


def duration(seconds: float) -> str:
    """Write a length of time in the largest unit of which it has one at least."""
    size, unit = next((each for each in _UNITS if seconds >= each[0]), _UNITS[-1])
    return f"{seconds / size:.4g} {unit}"


def plural(number: int, noun: str) -> str:
    """Write a number with its noun."""
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"
