"""Looks for what texts must not hold, by rules that policy gives. Runs in a worker process.

Nearly always there is nothing to find, so all texts are looked through together first; only rules that saw something
there are asked again, text by text. A rule that takes too long is ended with its worker, and the payload is denied.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

from gateway.circuits.secrets import FINDERS, Finder
from gateway.circuits.texts import Spot, Texts
from gateway.domain.leaks import Leak, LeakRule, Scan

MOST_LEAKS: Final = 64
"""Findings told apart by circuit; beyond that only by place."""


class Look(NamedTuple):
    """One rule, ready to look."""

    rule: LeakRule
    finders: Sequence[Finder]

    def spans(self, text: str) -> Iterator[str]:
        """Give every part of a text that the rule is about."""
        for find in self.finders:
            yield from find(text)

    def sees(self, text: str) -> bool:
        """Whether there is any."""
        return any(True for find in self.finders for _ in find(text))

    def count(self, text: str) -> int:
        """Count what is found; two ways of looking that find the same count it once."""
        return len(set(self.spans(text)))


@lru_cache(maxsize=4)
def looks(encoded: bytes) -> tuple[Look, ...]:
    """Make every rule ready, once for as long as the same rules come."""
    rules = msgspec.json.decode(encoded, type=tuple[LeakRule, ...])
    return tuple(Look(rule, tuple(_finders(rule))) for rule in rules)


def scan(texts: Texts, rules: Sequence[Look]) -> Scan:
    """Look through the texts of a submission."""
    found: Counter[tuple[str, Spot]] = Counter()
    suspects = seen([text for known in texts.found.values() for text in known], rules)
    for spot, known in texts.found.items():
        for look in seen(list(known), suspects):
            found[look.rule.id, spot] = sum(map(look.count, known))
    return Scan(rules=tuple(look.rule.id for look in rules), leaks=tuple(_leaks(+found)), complete=texts.complete)


def seen(texts: Sequence[str], rules: Sequence[Look]) -> list[Look]:
    """Give the rules that may have something to say about some of these texts."""
    together = "\n".join(texts)
    return [look for look in rules if look.sees(together)]


def _leaks(found: Counter[tuple[str, Spot]]) -> Iterator[Leak]:
    if len(found) > MOST_LEAKS:
        merged: Counter[tuple[str, Spot]] = Counter()
        for (rule, (place, _)), count in found.items():
            merged[rule, (place, None)] += count
        found = merged
    for (rule, (place, circuit)), count in sorted(found.items(), key=lambda each: _order(*each[0])):
        yield Leak(rule=rule, place=place, circuit=circuit, count=count)


def _order(rule: str, spot: Spot) -> tuple[str, str, int]:
    place, circuit = spot
    return rule, place.value, -1 if circuit is None else circuit


def _finders(rule: LeakRule) -> Iterator[Finder]:
    if rule.words:
        yield _matching(_whole_words(rule.words), re.IGNORECASE)
    for pattern in rule.patterns:
        yield _matching(pattern, re.MULTILINE)
    for name in rule.detectors:
        yield FINDERS[name]


def _matching(pattern: str, flags: re.RegexFlag) -> Callable[[str], Iterable[str]]:
    compiled = re.compile(pattern, flags)
    return lambda text: (match[0] for match in compiled.finditer(text))


def _whole_words(words: Sequence[str]) -> str:
    """Match words whole: digits and underscores end a word too, as they do in names; so do other gaps inside it."""
    each = (r"[\s_.-]{0,3}".join(map(re.escape, re.split(r"[\s_-]+", word.strip()))) for word in words)
    return rf"(?<![^\W\d_])(?:{'|'.join(each)})(?![^\W\d_])"
