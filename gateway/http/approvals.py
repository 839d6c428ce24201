"""Jobs that wait for a second person, over HTTP."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import BaseModel, ConfigDict, Field

from gateway.casework.approvals import Approver, Shown, row_of
from gateway.domain.principal import Caller
from gateway.wiring import House

_Reason = Annotated[str, Field(min_length=1, max_length=200)]


class VerdictBody(BaseModel):
    """Why a job may go, or may not."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    reason: _Reason
    """The ledger keeps it, and who submitted the job reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPage:
    """A job that waits for a second person, or did."""

    job: str
    state: str
    """`waiting`, `approved`, `rejected`, `submitted`, `refused`, `withdrawn` or `expired`."""
    project: str
    asker: str
    """Who submitted it."""
    backend: str
    circuits: int
    shots: int
    amount_micros: int | None
    """The most it was to cost when it was asked for."""
    currency: str | None
    reasons: list[str]
    takes: list[str]
    """Whose approval it needs, in words."""
    asked: datetime
    expires: datetime
    approver: str | None
    verdict: str | None
    """The reason that was given."""
    decided: datetime | None
    facts: dict[str, Any] | None = None
    """What policy judged it by; left out of lists."""

    @classmethod
    def of(cls, shown: Shown) -> "RequestPage":
        """Show a request."""
        return cls(**row_of(shown), facts=None if shown.facts is None else dict(shown.facts))


class ApprovalController(Controller):
    """Jobs that wait until a second person approves them."""

    path = "/approvals"
    tags = ("approvals",)

    @get("/", operation_id="listApprovals")
    async def every(
        self,
        caller: NamedDependency[Caller],
        house: NamedDependency[House],
        everything: FromQuery[bool] = False,  # noqa: FBT002  # a parameter of the query
    ) -> list[RequestPage]:
        """List what waits for the key's holder, newest first; with `everything` also what waits no more."""
        found = await house.approvals.every(_approver(caller), waiting=not everything)
        return [RequestPage.of(each) for each in found]

    @get("/{job:str}", operation_id="getApproval")
    async def show(
        self, job: FromPath[str], caller: NamedDependency[Caller], house: NamedDependency[House]
    ) -> RequestPage:
        """Show one request by its job's id, with the facts it was judged by."""
        return RequestPage.of(await house.approvals.named(job, _approver(caller)))

    @post("/{job:str}/approve", operation_id="approveJob", status_code=200)
    async def approve(
        self,
        job: FromPath[str],
        data: JSONBody[VerdictBody],
        caller: NamedDependency[Caller],
        house: NamedDependency[House],
    ) -> RequestPage:
        """Let a job go, once policy has decided on it again; never one's own."""
        return RequestPage.of(await house.approvals.approve(job, _approver(caller), reason=data.reason))

    @post("/{job:str}/reject", operation_id="rejectJob", status_code=200)
    async def reject(
        self,
        job: FromPath[str],
        data: JSONBody[VerdictBody],
        caller: NamedDependency[Caller],
        house: NamedDependency[House],
    ) -> RequestPage:
        """End a job that waits."""
        return RequestPage.of(await house.approvals.reject(job, _approver(caller), reason=data.reason))


def _approver(caller: Caller) -> Approver:
    return Approver(principal=caller.principal, roles=caller.key.roles, projects=frozenset({caller.project.id}))
