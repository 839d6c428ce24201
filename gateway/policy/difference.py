"""What differs between two revisions: rules as text, tables value by value."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from gateway.policy.bundle import Bundle


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """One Rego file that differs."""

    path: str
    change: str
    """`added`, `removed` or `changed`."""
    lines: tuple[str, ...]
    """As `diff -u` writes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueChange:
    """One value of a table that differs; absent is null, and `change` tells it from a null that is there."""

    path: str
    change: str
    before: Any
    after: Any

    def __str__(self) -> str:
        """Say it in one line."""
        before, after = (msgspec.json.encode(each).decode() for each in (self.before, self.after))
        if self.change == "added":
            return f"{self.path}: added, {after}"
        return f"{self.path}: {f'removed, was {before}' if self.change == 'removed' else f'{before} -> {after}'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Everything that differs between two bundles; tests do not count."""

    rules: tuple[RuleChange, ...]
    tables: tuple[ValueChange, ...]

    def __bool__(self) -> bool:
        """Say whether anything does."""
        return bool(self.rules or self.tables)


def difference(before: Bundle, after: Bundle) -> Difference:
    """Compare two bundles."""
    return Difference(
        rules=tuple(_rules(before.rego, after.rego)),
        tables=tuple(_values("data", before.data, after.data)),
    )


def _rules(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[RuleChange]:
    for path in sorted(before.keys() | after.keys()):
        old, new = before.get(path, ""), after.get(path, "")
        if old == new:
            continue
        lines = difflib.unified_diff(
            old.splitlines(), new.splitlines(), fromfile=f"before/{path}", tofile=f"after/{path}", lineterm=""
        )
        yield RuleChange(path=path, change=_word(path in before, path in after), lines=tuple(lines))


def _values(path: str, before: Any, after: Any) -> Iterator[ValueChange]:
    if before == after:
        return
    if not (isinstance(before, dict) and isinstance(after, dict)):
        yield ValueChange(path=path, change="changed", before=before, after=after)
        return
    for name in sorted(before.keys() | after.keys()):
        if name in before and name in after:
            yield from _values(f"{path}.{name}", before[name], after[name])
        else:
            yield ValueChange(
                path=f"{path}.{name}",
                change=_word(name in before, name in after),
                before=before.get(name),
                after=after.get(name),
            )


def _word(was: bool, stays: bool) -> str:  # noqa: FBT001  # read once, two lines above
    if was and stays:
        return "changed"
    return "removed" if was else "added"
