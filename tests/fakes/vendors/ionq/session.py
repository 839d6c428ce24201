"""An IonQ session: a right to run jobs on one backend one after another, within limits."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.fakes.vendors.ionq.words import iso, named, stamp


@dataclass(slots=True, kw_only=True)
class Session:
    """One session."""

    id: str
    project_id: str
    organization_id: str
    backend: str
    settings: Mapping[str, Any]
    created_at: float = field(default_factory=time.time)
    started_at: float | None = None
    ended_at: float | None = None

    @property
    def expires_at(self) -> float | None:
        """When its time is over; it runs from the first job on."""
        minutes = self.settings.get("duration_limit_min")
        return None if minutes is None or self.started_at is None else self.started_at + 60 * minutes

    @property
    def active(self) -> bool:
        """Whether it takes jobs."""
        return self.ended_at is None and (self.expires_at is None or time.time() < self.expires_at)

    def full(self, *, jobs: int, cost: float) -> str | None:
        """Say which limit is reached, given how many jobs it has and what they cost."""
        count, money = self.settings.get("job_count_limit"), self.settings.get("cost_limit")
        if count is not None and jobs >= count:
            return f"the session takes {count} jobs"
        if money is not None and cost >= money["value"]:
            return f"the session may cost {money['value']} {money['unit']}"
        return None

    def end(self) -> None:
        """Take no more jobs; ending twice is the same as once."""
        if self.active:
            self.ended_at = time.time()

    def view(self) -> dict[str, Any]:
        """Give it as the vendor does."""
        ended = self.ended_at if self.active or self.ended_at else self.expires_at
        creator = named("user", self.project_id)
        status = "ended" if not self.active else "created" if self.started_at is None else "started"
        expiry = {} if self.expires_at is None else {"expires_at": stamp(self.expires_at)}
        return {
            "id": self.id,
            "created_at": stamp(self.created_at),
            "organization_id": self.organization_id,
            "backend": self.backend,
            "project_id": self.project_id,
            "creator_id": creator,
            "ended_at": iso(ended),
            "ender_id": creator if self.ended_at else None,
            "settings": dict(self.settings) | expiry,
            "active": self.active,
            "status": status,
            "started_at": iso(self.started_at),
        }

    def saved(self) -> dict[str, Any]:
        """Give it as JSON, for a restart."""
        return asdict(self)

    @classmethod
    def restored(cls, saved: Mapping[str, Any]) -> "Session":
        """Take it from JSON."""
        return cls(**saved)
