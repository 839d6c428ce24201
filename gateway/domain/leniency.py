"""What keeps a rule from denying for a while: overrides, a broken glass, a rollout that has not come so far.

All of it is told to policy as facts; nothing here lets a job go.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Final

COHORTS: Final = 100
"""Into so many parts of the same size projects are divided for rollouts."""
_COHORT: Final = b"qgw.cohort/1\x00"


@lru_cache(maxsize=4096)
def cohort(project_id: str) -> int:
    """Give the part, 0 to 99, that a project belongs to: always the same, and nobody chooses it."""
    return int.from_bytes(sha256(_COHORT + project_id.encode()).digest()[:8]) % COHORTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One soft rule that does not deny for one project or one principal, until a moment."""

    id: str
    rule: str
    project_id: str | None
    principal_id: str | None
    """Of the two one at least is there; where both are, both must fit."""
    reason: str
    by: str
    at: datetime
    until: datetime
    ended_at: datetime | None = None

    def in_force(self, now: datetime) -> bool:
        """Say whether it holds."""
        return self.ended_at is None and now < self.until

    def covers(self, *, project_id: str, principal_id: str) -> bool:
        """Say whether it was made for this caller; nobody makes one for themselves, by way of a project neither."""
        if principal_id == self.by:
            return False
        return self.project_id in {None, project_id} and self.principal_id in {None, principal_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakGlass:
    """An emergency in which the rules that the table names do not deny; two people are needed for it."""

    id: str
    reason: str
    seconds: int
    """How long it lasts from the confirmation on."""
    requested_by: str
    requested_at: datetime
    lapses_at: datetime
    """Until when it can be confirmed."""
    confirmed_by: str | None = None
    until: datetime | None = None
    ended_at: datetime | None = None

    def in_force(self, now: datetime) -> bool:
        """Say whether it holds."""
        return self.until is not None and self.ended_at is None and now < self.until

    def waits(self, now: datetime) -> bool:
        """Say whether a second person can confirm it."""
        return self.until is None and self.ended_at is None and now < self.lapses_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A rollout that denied too much, so that its rule is advisory for everybody until a person lets it go on."""

    id: str
    rule: str
    denied: int
    decided: int
    """Of so many decisions about projects that the rollout has reached."""
    at: datetime
    resumed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leniency:
    """What holds for one caller at one moment."""

    cohort: int
    overrides: tuple[Override, ...] = ()
    stopped: tuple[str, ...] = ()
    """Rules whose rollout is stopped."""
    glass: BreakGlass | None = None
