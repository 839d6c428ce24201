"""Ways to damage facts and rules: keys that are missing or of another type, rules that say nothing, or the opposite."""

import copy
import re
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


_HEADS = re.compile(r"^(deny|divert) contains ", re.MULTILINE)


def disabled(rego: str) -> str:
    """Let a rule say nothing, and still be there."""
    kinds, silent = _set_aside(rego)
    return silent + "".join(f'\n{kind} contains "silent" if false\n' for kind in kinds)


def inverted(rego: str) -> str:
    """Let a rule deny what it let go, and let go what it denied."""
    kinds, silent = _set_aside(rego)
    finding = '{"rule": "mutant/inverted", "message": "it said nothing", "remedy": "none"}'
    return silent + "".join(f"\n{kind} contains {finding} if count(_said_{kind}) == 0\n" for kind in kinds)


def _set_aside(rego: str) -> tuple[list[str], str]:
    """Give what a rule says under other names, and which kinds of findings those were."""
    return sorted(set(_HEADS.findall(rego))), _HEADS.sub(r"_said_\1 contains ", rego)
