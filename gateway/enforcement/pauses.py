"""When to try something again that did not work: sooner at first, then slower, and never in a hurry."""

from collections.abc import Collection, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from gateway.domain.clock import Clock

PAUSES: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 60.0)
"""Seconds before each further try."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pauses:
    """The next moment for each thing that waits."""

    clock: Clock
    until: dict[Hashable, datetime] = field(default_factory=dict)

    def due(self, what: Hashable) -> bool:
        """Say whether its time has come."""
        now = self.clock.now()
        return self.until.get(what, now) <= now

    def begin(self, what: Hashable, tries: int) -> None:
        """Leave something alone for a while, after so many tries."""
        pause = PAUSES[min(tries, len(PAUSES) - 1)]
        self.until[what] = self.clock.now() + timedelta(seconds=pause)

    def keep_only(self, waiting: Collection[Hashable]) -> None:
        """Forget whatever waits no longer."""
        for gone in self.until.keys() - set(waiting):
            del self.until[gone]
