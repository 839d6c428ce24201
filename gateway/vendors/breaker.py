"""When to leave somebody alone: a breaker, closed, open, or half-open with a single probe. Pure: no clock, no I/O.

Every call that is admitted gives back its admission with a verdict. A verdict counts only in the era in which
its call was admitted: what was sent before the breaker opened says nothing about recovery, however late it ends.
Moments are seconds of any clock that does not jump.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

WINDOW: Final = 20
"""Calls over which a share of failures is looked at."""
_JITTER: Final = 0.2


class State(StrEnum):
    """What a breaker lets through: everything, nothing, or one probe."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When it opens, and for how long."""

    in_a_row: int = 5
    of_twenty: int = 10
    shortest_seconds: float = 5.0
    longest_seconds: float = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Admission:
    """The right to make one call; given back with exactly one verdict."""

    era: int
    probe: bool


class Breaker:
    """Opens after failures in a row, or many of the last twenty; pauses double from probe to failed probe."""

    def __init__(self, limits: Limits, *, random: Callable[[], float]) -> None:
        self._limits, self._random = limits, random
        self._era = 0
        self._verdicts: deque[bool] = deque(maxlen=WINDOW)
        self._pauses = 0
        self._until: float | None = None
        self._probe: Admission | None = None
        self.failures = 0
        """In a row, up to now."""

    @property
    def recent_failures(self) -> int:
        """Count the failures among the last calls; while it is open, those that opened it."""
        return self._verdicts.count(False)

    def state(self, now: float) -> State:
        """Say what it lets through."""
        if self._until is None:
            return State.CLOSED
        return State.HALF_OPEN if now >= self._until else State.OPEN

    def seconds_left(self, now: float) -> float:
        """Say how long nothing is let through at all; 0 when a probe, or everything, is."""
        return 0.0 if self._until is None else max(0.0, self._until - now)

    def admit(self, now: float) -> Admission | None:
        """Let a call through, or not; half-open there is one at a time."""
        state = self.state(now)
        if state is State.CLOSED:
            return Admission(self._era, probe=False)
        if state is State.OPEN or self._probe is not None:
            return None
        self._probe = Admission(self._era, probe=True)
        return self._probe

    def succeed(self, admission: Admission) -> None:
        """Take in that a call was answered; a probe's success closes the breaker."""
        if admission is self._probe:
            self._close()
        elif self._counts(admission):
            self.failures = 0
            self._verdicts.append(True)

    def fail(self, admission: Admission, now: float) -> None:
        """Take in that a call failed by the other side's fault."""
        if admission is self._probe:
            self._open(now)
        elif self._counts(admission):
            self.failures += 1
            self._verdicts.append(False)
            if self.failures >= self._limits.in_a_row or self.recent_failures >= self._limits.of_twenty:
                self._open(now)

    def withdraw(self, admission: Admission) -> None:
        """Take an admission back that led to no verdict; a probe may then be made by somebody else."""
        if admission is self._probe:
            self._probe = None

    def _counts(self, admission: Admission) -> bool:
        return self._until is None and admission.era == self._era

    def _open(self, now: float) -> None:
        pause = min(self._limits.longest_seconds, self._limits.shortest_seconds * 2.0**self._pauses)
        # Never longer than what is documented, and not all replicas at once.
        self._until = now + pause * (1 - _JITTER * self._random())
        self._pauses = min(self._pauses + 1, 32)
        self._next_era()

    def _close(self) -> None:
        self._until, self._pauses, self.failures = None, 0, 0
        self._verdicts.clear()
        self._next_era()

    def _next_era(self) -> None:
        self._era, self._probe = self._era + 1, None
