"""What would have to be otherwise for a rule not to deny: found by changing one thing at a time and asking again.

Nothing is known here of what a rule means. Each fact, and each value of the tables, is changed alone; those that change
what the rule says are what it looked at, and those that silence it, and rouse no other rule, are what could be done. Of
numbers the last one that still does is found by halves. It works for rules that others wrote, too.
"""

import copy
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import msgspec

from gateway.policy.bulk import BulkEngine
from gateway.policy.bundle import ENTRYPOINT, Bundle
from gateway.policy.nouns import LARGEST, Facts

PROBE: Final = {
    "gateway/what_if/what_if.rego": "package gateway.what_if\n\ndecision := found if {\n"
    "\tfound := data.gateway.main.decision with input as input.facts with data.org as input.org\n}\n"
}
"""Rego that decides by other facts and by other tables than those that were loaded."""
_WITH_TABLES: Final = "data.gateway.what_if.decision"
_EVERY: Final = "[]"
_MOST_WORDS: Final = 150
"""Texts of the other side that are tried in the place of one; more would take longer than anybody waits."""
_FEW_WORDS: Final = 10
_NUMBER: Final = re.compile(r"\d{1,16}")
_NOT_TO_CHANGE: Final = frozenset({("approval",), ("dlp",), ("enforcement",), ("principal", "id")})
"""Facts that can be looked at and not submitted otherwise: overrides and the like, which the remedy tells of."""
Path: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that would have to be otherwise."""

    path: str
    """As a rule would write it: `input.job.total_shots`, `data.org.limits.experimental.default.depth`."""
    now: Any
    wanted: Any
    bound: str
    """`at most` or `at least`, of numbers; empty where it must be exactly so."""

    def __str__(self) -> str:
        """Say it."""
        wanted = msgspec.json.encode(self.wanted).decode()
        now = msgspec.json.encode(self.now).decode()
        return f"{self.path} is {now}, and would have to be {f'{self.bound} ' if self.bound else ''}{wanted}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Causes:
    """What a rule looked at when it denied, and what would silence it."""

    looked_at: tuple[str, ...] = ()
    facts: tuple[Change, ...] = ()
    tables: tuple[Change, ...] = ()


class _Finding(msgspec.Struct, frozen=True):
    rule: str
    message: str


class _Outcome(msgspec.Struct, frozen=True):
    deny: list[_Finding]

    def said_by(self, rule: str) -> list[str]:
        return [each.message for each in self.deny if each.rule == rule]

    def denied_by(self) -> set[str]:
        return {each.rule for each in self.deny}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """Facts or tables: what can be changed, and how an engine is asked about it."""

    name: str
    rule: str
    document: Any = field(repr=False)
    question: Callable[[Any], Any] = field(repr=False)
    words: Callable[[Path], Sequence[str]] = field(repr=False)
    """Texts that could stand at a path: those it may be compared with."""
    possible: Callable[[Any], bool] = field(repr=False)
    """Whether a document could be one at all."""
    changeable: Callable[[Path, Any], bool] = field(default=lambda _, __: True, repr=False)
    """Whether anybody could change what stands at a path, and is this now."""


class WhatIf:
    """Tries changes of one decision's facts, and of the tables it was made by."""

    def __init__(self, engine: BulkEngine, facts: Any) -> None:
        self._engine = engine
        org = engine.bundle.data.get("org", {})
        self._sides = (
            _Side(
                name="input",
                rule=ENTRYPOINT,
                document=facts,
                question=lambda changed: changed,
                words=lambda _: _texts(org),
                # Facts of older gateways lack what was added since, and then nothing can be said about changed ones.
                possible=_are_facts if _are_facts(facts) else lambda _: True,
                changeable=_can_be_submitted_otherwise,
            ),
            _Side(
                name="data.org",
                rule=_WITH_TABLES,
                document=org,
                question=lambda changed: {"facts": facts, "org": changed},
                # A table's own words mean something there, and so does the pattern that fits everything.
                words=lambda path: _texts([org[path[0]], "*", facts]),
                possible=lambda _: True,
            ),
        )

    @staticmethod
    def engine(bundle: Bundle, workers: int = 2) -> BulkEngine:
        """Make the engine that this asks."""
        return BulkEngine(bundle, workers, besides=PROBE)

    async def causes(self, rules: Iterable[str]) -> Mapping[str, Causes]:
        """Find what the denials of rules hang on, by rule."""
        facts, tables = [await self._of_side(side, list(rules)) for side in self._sides]
        return {
            rule: Causes(looked_at=(*seen, *tables[rule][0]), facts=changes, tables=tables[rule][1])
            for rule, (seen, changes) in facts.items()
        }

    async def _of_side(
        self, side: _Side, rules: Sequence[str]
    ) -> dict[str, tuple[tuple[str, ...], tuple[Change, ...]]]:
        """Give by rule where it looked, and what would silence it."""
        tries = [
            (path, value)
            for path in _leaves(side.document)
            for value in _other(_at(side.document, path), side.words(path))
        ]
        first, *others = await self._ask(side, [side.document, *(_with(side.document, *each) for each in tries)])
        assert first is not None, "what was decided once is decided again"
        found = {}
        for rule in rules:
            told = zip(tries, others, strict=True)
            changing = (path for (path, _), then in told if then and then.said_by(rule) != first.said_by(rule))
            paths = list(dict.fromkeys(changing))
            changeable = (path for path in paths if side.changeable(path, _at(side.document, path)))
            changes = [await self._change(side, rule, path, first) for path in changeable]
            found[rule] = tuple(_written(side.name, path) for path in paths), tuple(filter(None, changes))
        return found

    async def _change(self, side: _Side, rule: str, path: Path, first: _Outcome) -> Change | None:
        """Find the smallest change of one value that silences a rule and rouses no other."""
        now, where = _at(side.document, path), _written(side.name, path)
        numbers = {int(each) for message in first.said_by(rule) for each in _NUMBER.findall(message)} | {0, 1, LARGEST}
        values = [
            each for each in _values(now, side.words(path), numbers) if side.possible(_with(side.document, path, each))
        ]
        silent = await self._silencing(side, rule, path, values, first)
        if not silent:
            return None
        if not _is_number(now):
            return Change(path=where, now=now, wanted=min(silent, key=_size), bound="")
        denied, last = now, min(silent, key=lambda value: abs(value - now))
        while abs(denied - last) > 1:
            middle = (denied + last) // 2
            if await self._silencing(side, rule, path, [middle], first):
                last = middle
            else:
                denied = middle
        return Change(path=where, now=now, wanted=last, bound="at most" if last < now else "at least")

    async def _silencing(
        self, side: _Side, rule: str, path: Path, values: Sequence[Any], first: _Outcome
    ) -> Sequence[Any]:
        outcomes = await self._ask(side, [_with(side.document, path, value) for value in values])
        left = first.denied_by() - {rule}
        return [
            value for value, then in zip(values, outcomes, strict=True) if then is not None and then.denied_by() <= left
        ]

    async def _ask(self, side: _Side, documents: Sequence[Any]) -> list[_Outcome | None]:
        """Ask about documents; what the policies fail on tells nothing."""
        inputs = [msgspec.json.encode(side.question(document)) for document in documents]
        answers = await self._engine.evaluate(side.rule, inputs)
        return [msgspec.json.decode(each["json"], type=_Outcome) if "json" in each else None for each in answers]


# ── changing one thing ───────────────────────────────────────────────────────────────────────────
def _leaves(document: Any, above: Path = ()) -> Iterator[Path]:
    """Give the path of everything that is no object; what is alike in all objects of a list has one path."""
    if isinstance(document, dict):
        for name, value in document.items():
            yield from _leaves(value, (*above, name))
    elif _is_table(document):
        yield from dict.fromkeys(path for row in document for path in _leaves(row, (*above, _EVERY)))
    else:
        yield above


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)


def _at(document: Any, path: Path) -> Any:
    """Give the value at a path; of many the largest number, or the first."""
    for number, name in enumerate(path):
        if name == _EVERY:
            found = [_at(row, path[number + 1 :]) for row in document]
            return max(found) if all(map(_is_number, found)) else found[0]
        document = document.get(name) if isinstance(document, dict) else None
    return document


def _with(document: Any, path: Path, value: Any) -> Any:
    changed = copy.deepcopy(document)
    _put(changed, path, value)
    return changed


def _put(document: Any, path: Path, value: Any) -> None:
    name, *rest = path
    if name == _EVERY:
        for row in document:
            _put(row, tuple(rest), value)
    elif rest:
        if isinstance(document.get(name), dict | list):
            _put(document[name], tuple(rest), value)
    else:
        document[name] = value


def _other(value: Any, words: Sequence[str]) -> tuple[Any, ...]:
    """Give values that differ from one in different ways."""
    if isinstance(value, bool):
        return not value, None
    if isinstance(value, int):
        return (0 if value else 1), None
    if isinstance(value, str):
        return "\u2013", None, *words[:_FEW_WORDS]
    if isinstance(value, list):
        return [], None, [*value, *words]
    return 0, True, "\u2013"


def _values(now: Any, words: Sequence[str], numbers: Iterable[int]) -> Iterator[Any]:
    """Give what could stand in the place of a value."""
    near = {each + step for each in numbers for step in (0, 1)}
    if isinstance(now, bool):
        yield not now
    elif isinstance(now, int):
        yield from near - {now}
    elif isinstance(now, list):
        yield from ([each for each in now if each != gone] for gone in now)
        yield []
        yield from ([*now, word] for word in words if word not in now)
    else:
        yield from (word for word in words if word != now)
        if now is None:
            yield from (True, False, *near)


def _can_be_submitted_otherwise(path: Path, now: Any) -> bool:
    """Say so; and nobody makes unknown what is known."""
    if path[-1] == "known" and now is True:
        return False
    return not any(path[: len(each)] == each for each in _NOT_TO_CHANGE)


def _size(value: Any) -> tuple[int, str]:
    """Prefer the shortest, and among those always the same."""
    written = msgspec.json.encode(value).decode()
    return len(written), written


def _are_facts(document: Any) -> bool:
    try:
        msgspec.convert(document, Facts)
    except msgspec.ValidationError:
        return False
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _texts(document: Any) -> Sequence[str]:
    return list(dict.fromkeys(_every_text(document)))[:_MOST_WORDS]


def _every_text(document: Any) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        yield from document
        for value in document.values():
            yield from _every_text(value)
    elif isinstance(document, list):
        for value in document:
            yield from _every_text(value)


def _written(root: str, path: Path) -> str:
    return "".join([root, *(name if name == _EVERY else f".{name}" for name in path)])
