"""One line of the timeline for each entry found, on the page and for entries that come in while it is open."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

from gateway.casework.found import Found
from gateway.domain.clock import rfc3339
from gateway.http.console import words
from gateway.http.console.page import moment, money


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An entry in a few words."""

    seq: int
    at: datetime
    type: str
    title: str
    tone: str
    who: str
    project: str
    place: str
    """Where it ran; with an arrow where that was not what was asked for."""
    kind: str
    """`hardware`, `simulator` or nothing."""
    told: str
    """Why, or under which rules."""
    cost: str
    job: str

    @classmethod
    def of(cls, found: Found) -> "Row":
        """Tell an entry."""
        return cls(
            seq=found.seq,
            at=found.at,
            type=found.type,
            title=words.title(found.type),
            tone=words.tone(found.type),
            who=_who(found),
            project=found.project or "",
            place=_place(found),
            kind=found.kind or "",
            told=found.reason.strip() or ", ".join(found.rules) or found.code or "",
            cost=_cost(found),
            job=found.job_id or "",
        )

    def plain(self) -> dict[str, Any]:
        """Give it as JSON takes it, for the script that adds it to the page."""
        return {**asdict(self), "at": rfc3339(self.at), "when": moment(self.at)}


_EARLIEST: Final = datetime(1, 1, 1, tzinfo=UTC)
BLANK: Final = Row(
    seq=0,
    at=_EARLIEST,
    type="",
    title="",
    tone="plain",
    who="",
    project="",
    place="",
    kind="",
    told="",
    cost="",
    job="-",
)
"""A line with nothing in it: what the script copies for each entry that comes in."""


def _who(found: Found) -> str:
    if found.principal:
        return found.principal
    return f"erased ({found.subject[:8]}…)" if found.subject else ""


def _place(found: Found) -> str:
    asked, used = found.backend_asked or "", found.backend or ""
    return f"{asked} → {used}" if asked and used and asked != used else used or asked


def _cost(found: Found) -> str:
    return "" if found.cost_micros is None else money(found.cost_micros, found.currency or "").strip()
