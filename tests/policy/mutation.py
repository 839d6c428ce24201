"""Ways to damage facts: every key of every object can be missing, null, or of another type."""

import copy
from collections.abc import Iterator
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str | int, ...]


def paths(value: Any, above: Path = ()) -> Iterator[Path]:
    """Give the path of every key, at every depth."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        path = (*above, name)
        if isinstance(value, dict):
            yield path
        yield from paths(inner, path)


def without(facts: Any, path: Path) -> Any:
    """Take one key out."""
    damaged = copy.deepcopy(facts)
    del _holder(damaged, path)[path[-1]]
    return damaged


def replaced(facts: Any, path: Path, value: Any) -> Any:
    """Put another value in its place."""
    damaged = copy.deepcopy(facts)
    _holder(damaged, path)[path[-1]] = value
    return damaged


def _holder(value: Any, path: Path) -> Any:
    for name in path[:-1]:
        value = value[name]
    return value
