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


# ── conditions, one by one ───────────────────────────────────────────────────────────────────────
_ALONE = re.compile(r"^(?P<before>\t+)(?P<said>(?!some |every |[}\])#\"]|else)[^\n]*[^\n{\[(,|])$")
"""A line of a body that says one thing, and declares nothing."""
_AFTER = re.compile(r"^(?P<before>[\w}].* if )(?P<said>[^\n{]+[^\n{\[(,])$")
"""What stands behind a rule's `if`."""
_DECLARES = re.compile(r":=|^[\w\"]+:|^\w+ (?:some|every) ")


def conditions(rego: str) -> Iterator[tuple[str, str]]:
    """Take each condition of each rule away, and turn each round: words for the change, and what is left."""
    lines = rego.splitlines()
    for number, line in enumerate(lines):
        found = _ALONE.match(line) or _AFTER.match(line)
        if found is None or _DECLARES.search(found["said"]) or found["said"].startswith(("default ", "import ")):
            continue
        said = found["said"]
        turned = said.removeprefix("not ") if said.startswith("not ") else f"not {said}"
        for change, instead in (("without", "true"), ("turned round", turned)):
            mutant = [*lines[:number], f"{found['before']}{instead}", *lines[number + 1 :]]
            yield f"line {number + 1} {change}: {said}", "\n".join(mutant) + "\n"
