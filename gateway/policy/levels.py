"""The table of enforcement levels as the gateway reads it: for checks, for people, and to watch rollouts.

What a decision makes of a level is Rego's to say (`policies/gateway/enforcement`); this decides nothing.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from gateway.policy.bundle import Bundle
from gateway.policy.reference import rules

FIXED: Final = ("data.gateway.enforcement.hard_areas", "data.gateway.enforcement.always_hard")
"""Areas and rules that no table can lower, as the policies have them."""
LEVELS: Final = ("advisory", "soft", "hard")
_ROW: Final = {"level", "rollout_percent"}
_WHOLE: Final = 100


class Row(msgspec.Struct, frozen=True):
    """How hard one rule is."""

    level: str = "hard"
    rollout_percent: int | None = None
    """For which share of the projects it denies; null is all of them, and nobody watches."""

    def __str__(self) -> str:
        """Say it."""
        if self.rollout_percent is None:
            return self.level
        return f"{self.level}, for {self.rollout_percent} percent of the projects"


class Surge(msgspec.Struct, frozen=True):
    """How much a rule that is rolled out must deny to be stopped."""

    denials: int
    minutes: int
    people: int
    percent: int


HARD: Final = Row()
"""A rule without a row, or that no row can lower."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """The table of one bundle; what is malformed counts as hard, as in the policies."""

    rows: Mapping[str, Row]
    rules: tuple[str, ...]
    """Every rule there is."""
    break_glass: tuple[str, ...]
    surge: Surge | None

    @classmethod
    def of(cls, bundle: Bundle) -> "Levels":
        """Read it."""
        table = _table(bundle)
        rows = {name: _converted(row, Row) or HARD for name, row in _object(table.get("levels")).items()}
        return cls(
            rows=rows,
            rules=tuple(sorted(rules(bundle))),
            break_glass=tuple(_converted(table.get("break_glass"), list[str]) or ()),
            surge=_converted(table.get("surge"), Surge),
        )

    def row(self, rule: str) -> Row:
        """Give the row that counts for a rule: its own, or its area's."""
        return self.rows.get(rule) or self.rows.get(rule.partition("/")[0], HARD)

    def lowered(self, rule: str, *, glass: bool) -> bool:
        """Say whether a rule that a table may lower may deny less than its words, now and for anybody."""
        row = self.row(rule)
        return _lowers(msgspec.to_builtins(row)) or (glass and rule in self.break_glass)

    @property
    def rollouts(self) -> Mapping[str, int]:
        """Give the rules that are being rolled out, with their shares."""
        found = {rule: self.row(rule).rollout_percent for rule in self.rules}
        return {rule: percent for rule, percent in found.items() if percent is not None}


def problems(bundle: Bundle, areas: Collection[str], fixed: Collection[str]) -> Iterator[str]:
    """Say what is wrong with the table.

    Args:
        bundle: whose table.
        areas: areas whose rules no table can lower.
        fixed: rules that no table can lower.
    """
    table, known = _table(bundle), set(rules(bundle))
    if not table:
        return
    names = known | {each.partition("/")[0] for each in known}
    for name, row in _object(table.get("levels")).items():
        if name not in names:
            yield f"levels[{name!r}] names no rule and no area"
        yield from (f"levels[{name!r}]{problem}" for problem in _wrong(row))
        if _lowers(row) and is_fixed(name, areas, fixed):
            yield f"levels[{name!r}]: this can never be lowered"
    for rule in _names(table.get("break_glass", [])):
        if rule not in known:
            yield f"break_glass names {rule!r}, which is no rule"
        elif is_fixed(rule, areas, fixed):
            yield f"break_glass names {rule!r}, which can never be lifted"
    surge = _object(table.get("surge"))
    for name in Surge.__struct_fields__:
        if type(surge.get(name)) is not int or surge[name] < 1:
            yield f"surge.{name} must be a whole number of 1 or more"


def _wrong(row: Any) -> Iterator[str]:
    if not isinstance(row, dict):
        yield " must be an object with level, rollout_percent, or both"
        return
    if row.keys() - _ROW:
        yield " may hold level and rollout_percent, and nothing else"
    if row.get("level", "hard") not in LEVELS:
        yield f".level is {row['level']!r}; {', '.join(LEVELS)} are known"
    percent = row.get("rollout_percent", _WHOLE)
    if type(percent) is not int or not 0 <= percent <= _WHOLE:
        yield f".rollout_percent is {percent!r}; it goes from 0 to {_WHOLE}"


def _lowers(row: Any) -> bool:
    return isinstance(row, dict) and (row.get("level", "hard") != "hard" or row.get("rollout_percent") is not None)


def is_fixed(name: str, areas: Collection[str], fixed: Collection[str]) -> bool:
    """Say whether no table can lower a rule, or an area."""
    return name in fixed or name.partition("/")[0] in areas


def _table(bundle: Bundle) -> Mapping[str, Any]:
    return _object(bundle.data.get("org", {}).get("enforcement"))


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _names(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _converted(value: Any, type_: Any) -> Any:
    try:
        return msgspec.convert(value, type_)
    except msgspec.ValidationError:
        return None
