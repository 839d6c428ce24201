"""Entries whose bodies retention emptied: what must be true of them, for a ledger to hold all the same.

Their hashes stay in chain and tree, so nothing can take their place. That they may be empty an entry has to say,
written before: `ledger.pruned`, with the first entry that stays whole (`stop`) and how old the emptied ones were at
least (`days`). Entries grow younger, so the first whole one behind them bounds the age of all. An operator can hide
nothing this way but what is older than an announced number of days, and nobody can take an announcement back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from gateway.domain.clock import parse_rfc3339

MARK: Final = b'"type":"ledger.pruned"}'
_SKEW: Final = timedelta(seconds=5)
"""As `store.apply` allows between two entries."""


class _Body(msgspec.Struct, frozen=True):
    stop: int
    days: int


class _Event(msgspec.Struct, frozen=True):
    at: str
    body: _Body
    type: Literal["ledger.pruned"]
    """Others may have such words in their bodies."""


class _Leaf(msgspec.Struct, frozen=True):
    event: _Event


class _AnyEvent(msgspec.Struct, frozen=True):
    at: str


class _AnyLeaf(msgspec.Struct, frozen=True):
    event: _AnyEvent


@dataclass(frozen=True, slots=True)
class _Announcement:
    at: datetime
    stop: int
    days: int


class Prunings:
    """Follows a ledger: what is empty, and what was announced. `keeps`: fewer days than that excuse nothing."""

    def __init__(self, keeps: int = 0) -> None:
        self.count = 0
        self._keeps = keeps
        self._newest = -1
        self._behind: datetime | None = None
        """When the first whole entry behind the newest empty one was written."""
        self._first = -1
        self._announced: list[_Announcement] = []

    @property
    def open(self) -> bool:
        """Whether the next whole entry must be shown to `end`."""
        return self.count > 0 and self._behind is None

    def empty(self, seq: int) -> None:
        """Take in an emptied entry."""
        self._first = self._first if self.count else seq
        self.count, self._newest, self._behind = self.count + 1, seq, None

    def end(self, leaf: bytes) -> None:
        """Take in the first whole entry behind emptied ones."""
        try:
            self._behind = parse_rfc3339(msgspec.json.decode(leaf, type=_AnyLeaf).event.at)
        except (msgspec.MsgspecError, ValueError):
            return

    def announce(self, leaf: bytes) -> None:
        """Take in an announcement; one that cannot be read excuses nothing."""
        try:
            event = msgspec.json.decode(leaf, type=_Leaf).event
            self._announced.append(_Announcement(parse_rfc3339(event.at), event.body.stop, event.body.days))
        except (msgspec.MsgspecError, ValueError):
            return

    def finding(self) -> tuple[int, str, str] | None:
        """Say which entry should not be empty, by a code and a sentence; `None` where all were announced and due."""
        covering = [each for each in self._announced if each.stop > self._newest]
        if self.count and (self._first == 0 or not covering):
            told = f"{self.count} entries up to {self._newest} are empty, and no entry says that they were pruned"
            return self._newest, "pruned-uncovered", told
        if self.count and not any(map(self._due, covering)):
            told = f"entries up to {self._newest} were emptied before they were as old as was announced or demanded"
            return self._newest, "pruned-early", told
        return None

    def _due(self, announced: _Announcement) -> bool:
        if announced.days < self._keeps or self._behind is None:
            return False
        return self._behind <= announced.at - timedelta(days=announced.days) + _SKEW


def line(stated_hash: bytes, seq: int) -> bytes:
    """Write one emptied entry's line of an export; the hash is hexadecimal."""
    return b'{"hash":"%b","pruned":%d}\n' % (stated_hash, seq)
