"""Approval: what a second person must allow before a job may go, and how such a request stands."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from gateway.domain.ids import ClientJobId, JobId, PrincipalId, ProjectId


class ApprovalState(StrEnum):
    """How a request stands. The first two are open; each of the others ended it for good."""

    WAITING = "waiting"
    APPROVED = "approved"
    """A second person said yes; policy decides once more, and then it goes."""
    REJECTED = "rejected"
    SUBMITTED = "submitted"
    """It was permitted, in the same transaction."""
    REFUSED = "refused"
    """It was approved, and could not go all the same."""
    WITHDRAWN = "withdrawn"
    """It was stopped, by its owner or an operator."""
    EXPIRED = "expired"

    @property
    def open(self) -> bool:
        """Whether its job still waits."""
        return self in {ApprovalState.WAITING, ApprovalState.APPROVED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Who may approve, and why anybody must."""

    reason: str
    hours: int
    """For so long somebody may approve, and from then on for as long it may go."""
    permission: str = ""
    role: str = ""
    """A role that the approver must have; one of the two is given."""

    @property
    def who(self) -> str:
        """Name in words who may approve."""
        return f"somebody with the role {self.role}" if self.role else f"somebody with the permission {self.permission}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a second person said."""

    by: PrincipalId
    roles: tuple[str, ...]
    """Those that the approver acted with."""
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequest:
    """One job that waits for a second person, or did."""

    job_id: JobId
    client_job_id: ClientJobId
    project_id: ProjectId
    principal_id: PrincipalId
    """Who asked; never who approves."""
    state: ApprovalState
    demands: tuple[Demand, ...]
    """All of them are to be met by the one who approves."""
    backend: str
    """Where it was to run when it was asked for."""
    amount_micros: int | None
    """The most it was to cost there; nothing where that has no price."""
    currency: str
    event_id: str
    """The entry that recorded the request."""
    asked_at: datetime
    expires_at: datetime
    """Until then it waits: for somebody to approve it, and once that was done for a chance to go."""
    verdict: Verdict | None = None

    def decided(self, state: ApprovalState, verdict: Verdict) -> Self:
        """Give the same with a verdict; what was approved has as long again to go."""
        decided = replace(self, state=state, verdict=verdict)
        if state is not ApprovalState.APPROVED:
            return decided
        hours = min(each.hours for each in self.demands)
        return replace(decided, expires_at=verdict.at + timedelta(hours=hours))

    def ended(self, state: ApprovalState) -> Self:
        """Give the same, over."""
        return replace(self, state=state)
