"""Sessions and batches: jobs that belong together on one backend."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tests.fakes.vendors.ibm.jobs import instant

_SECONDS: Final = 28_800


@dataclass(kw_only=True)
class Session:
    """A session; closed for good when it accepts no jobs and none is left in it."""

    id: str
    crn: str
    user: str
    backend: str
    mode: str
    created: datetime
    max_ttl: int = _SECONDS
    accepting_jobs: bool = True
    closed: datetime | None = None

    @classmethod
    def open(cls, *, crn: str, user: str, backend: str, mode: str, at: datetime, max_ttl: int | None) -> "Session":
        """Open a new one."""
        return cls(
            id=str(uuid.uuid4()),
            crn=crn,
            user=user,
            backend=backend,
            mode=mode,
            created=at,
            max_ttl=max_ttl or _SECONDS,
        )

    def close(self, at: datetime) -> None:
        """Take no more jobs."""
        self.accepting_jobs, self.closed = False, self.closed or at

    def kept(self) -> dict[str, Any]:
        """Write everything, to be read again after a restart."""
        dates = {"created": instant(self.created), "closed": instant(self.closed)}
        return {**vars(self), **dates}

    @classmethod
    def of(cls, kept: dict[str, Any]) -> "Session":
        """Read what `kept` wrote."""
        closed = datetime.fromisoformat(kept["closed"]) if kept["closed"] else None
        return cls(**{**kept, "created": datetime.fromisoformat(kept["created"]), "closed": closed})


def show(session: Session, *, busy: bool, now: datetime) -> dict[str, Any]:
    """Write a session as `GET /sessions/{id}` does; `busy` says that some of its jobs have not ended."""
    state = "active" if busy else ("open" if session.accepting_jobs else "closed")
    shown = {
        "id": session.id,
        "backend_name": session.backend,
        "user_id": session.user,
        "mode": session.mode,
        "state": state,
        "accepting_jobs": session.accepting_jobs,
        "started_at": instant(session.created),
        "closed_at": instant(session.closed) if state == "closed" else None,
        "max_ttl": session.max_ttl,
        "active_ttl": session.max_ttl,
        "interactive_ttl": 60,
        "elapsed_time": (now - session.created).total_seconds(),
        "timestamps": [{"status": "open", "timestamp": instant(session.created)}],
    }
    return {name: value for name, value in shown.items() if value is not None}
