"""What an answer looks like, without what it says: keys with types, and the words of closed sets. Never a value.

A shape is JSON: a type's name, a list of shapes (any of them), or an object: `{"keys": …, "may": …}` for an object
with required and possible keys, `{"of": …}` for an object whose keys are data, `{"each": …}` for a list and
`{"words": […]}` for a string of a closed set. Places are paths such as `/jobs/*/status`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

Shape: TypeAlias = Any
ANY: Final = "any"
_NAMES: Final = {str: "string", bool: "boolean", int: "number", float: "number", type(None): "null"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What cannot be learned from an answer: which strings are closed sets, and which objects have data for keys."""

    words: Mapping[str, Sequence[str]] = field(default_factory=dict)
    maps: Sequence[str] = ()
    anything: Sequence[str] = ()
    """Places whose inside is nobody's contract."""


def learn(value: Any, known: Known, place: str = "") -> Shape:
    """Describe a value."""
    if place in known.anything:
        return ANY
    match value:
        case dict() if place in known.maps:
            return {"of": _merged([learn(each, known, f"{place}/*") for each in value.values()])}
        case dict():
            return {"keys": {key: learn(each, known, f"{place}/{key}") for key, each in sorted(value.items())}}
        case list():
            return {"each": _merged([learn(each, known, f"{place}/*") for each in value])}
        case str() if place in known.words:
            return {"words": sorted(known.words[place])}
        case _:
            return _NAMES[type(value)]


def merge(one: Shape, other: Shape) -> Shape:
    """Describe what is either; keys that only one has become possible ones."""
    return _merged([one, other])


def deviations(value: Any, shape: Shape, place: str = "") -> Iterator[str]:
    """Tell how a value differs from a shape, each time with its place."""
    if shape == ANY:
        return
    fitting = [each for each in _alternatives(shape) if _fits(value, each)]
    if not fitting:
        told = ", ".join(_kind(each) for each in _alternatives(shape)) or "nothing"
        yield f"{place or '/'}: {_NAMES.get(type(value)) or type(value).__name__} instead of {told}"
    for each in fitting[:1]:
        yield from _inside(value, each, place)


def _inside(value: Any, shape: Shape, place: str) -> Iterator[str]:
    match shape:
        case {"words": words} if value not in words:
            yield f"{place}: the unknown word {value!r:.60}"
        case {"each": each}:
            yield from _each(value, each, place)
        case {"of": each}:
            yield from _each(value.values(), each, place)
        case {"keys": keys}:
            yield from _object(value, keys, shape.get("may", {}), place)


def _each(values: Any, shape: Shape, place: str) -> Iterator[str]:
    """Tell each deviation of many alike values once."""
    told = (line for value in values for line in deviations(value, shape, f"{place}/*"))
    yield from dict.fromkeys(told) if shape is not None else ()


def _object(value: Mapping[str, Any], keys: Mapping[str, Shape], may: Mapping[str, Shape], place: str) -> Iterator[str]:
    yield from (f"{place}/{key}: missing" for key in sorted(keys.keys() - value.keys()))
    yield from (f"{place}/{key}: new" for key in sorted(value.keys() - keys.keys() - may.keys()))
    for key, shape in sorted({**may, **keys}.items()):
        if key in value:
            yield from deviations(value[key], shape, f"{place}/{key}")


def _fits(value: Any, shape: Shape) -> bool:
    match shape:
        case {"keys": _} | {"of": _}:
            return isinstance(value, dict)
        case {"each": _}:
            return isinstance(value, list)
        case {"words": _}:
            return isinstance(value, str)
        case _:
            return bool(_NAMES.get(type(value)) == shape)


def _kind(shape: Shape) -> str:
    match shape:
        case {"keys": _} | {"of": _}:
            return "object"
        case {"each": _}:
            return "list"
        case {"words": _}:
            return "string"
        case _:
            return str(shape)


def _alternatives(shape: Shape) -> list[Shape]:
    return shape if isinstance(shape, list) else [] if shape is None else [shape]


def _merged(shapes: Sequence[Shape]) -> Shape:
    """Merge shapes of one kind with each other and list what remains; `null` shapes are those of empty lists."""
    kinds: dict[str, Shape] = {}
    for shape in (each for given in shapes for each in _alternatives(given)):
        kind = _kind(shape)
        kinds[kind] = _two(kinds[kind], shape) if kind in kinds else shape
    found = [kinds[kind] for kind in sorted(kinds)]
    return found[0] if len(found) == 1 else (found or None)


def _two(one: Shape, other: Shape) -> Shape:
    match one, other:
        case {"keys": _}, {"keys": _}:
            return _objects(one, other)
        case {"of": first}, {"of": second}:
            return {"of": _merged([first, second])}
        case {"each": first}, {"each": second}:
            return {"each": _merged([first, second])}
        case _:
            return one


def _objects(one: Shape, other: Shape) -> Shape:
    both = one["keys"].keys() & other["keys"].keys()
    everything: dict[str, Shape] = {}
    for part in (one.get("may", {}), one["keys"], other.get("may", {}), other["keys"]):
        for key, shape in part.items():
            everything[key] = _merged([everything[key], shape]) if key in everything else shape
    may = {key: shape for key, shape in sorted(everything.items()) if key not in both}
    keys = {key: everything[key] for key in sorted(both)}
    return {"keys": keys, **({"may": may} if may else {})}
