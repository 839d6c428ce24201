"""Approving and rejecting jobs that wait for a second person; for command line, admin interface and console alike.

A verdict is an entry and a move of the request's row, durable together. Sending what was approved is
`enforcement.approved`'s; rejecting ends the job here, as nothing of it was ever sent.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgspec
import structlog

from gateway.casework.entries import AdminEntries
from gateway.casework.names import checked_reason
from gateway.domain.approval import ApprovalRequest, ApprovalState, Demand, Verdict
from gateway.domain.clock import Clock
from gateway.domain.errors import NotFoundError, RefusedError
from gateway.domain.ids import ProjectId
from gateway.domain.job import JobRecord, JobStatus
from gateway.domain.principal import Principal, PrincipalKind
from gateway.store import approvals, jobs
from gateway.store.approvals import ApprovalDecidedError
from gateway.store.engine import Database
from gateway.store.view import IdentityView
from gateway.telemetry import events
from gateway.vault.vault import Vault

APPROVE: Final = "job.approve"
"""Permission to decide on jobs of projects that one has a key of."""
APPROVE_ANY: Final = "job.approve_any"
"""Permission to decide on jobs of any project."""
MOST: Final = 200
log = structlog.get_logger(__name__)


class ApproverRefusedError(RefusedError):
    """Whoever wants to decide on a job is not one who may."""

    code = "approver-refused"

    def __init__(self, why: str) -> None:
        super().__init__(f"you cannot decide on this job: {why}; ask somebody who may")


@dataclass(frozen=True, slots=True, kw_only=True)
class Approver:
    """Somebody who looks at requests, or decides on one."""

    principal: Principal
    roles: tuple[str, ...]
    projects: frozenset[ProjectId]
    """Those that one belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A request with what people look at before they decide."""

    request: ApprovalRequest
    job: JobRecord
    asker: str
    """Name of who submitted it."""
    approver: str
    """Name of who decided; empty where nobody has."""
    project: str
    facts: Mapping[str, Any] | None = field(default=None, repr=False)
    """What policy judged it by; nothing in a list, and where it was erased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    """Lists requests, and takes verdicts."""

    database: Database
    entries: AdminEntries
    vault: Vault
    identity: IdentityView
    clock: Clock
    permissions: Callable[[], Mapping[str, tuple[str, ...]]]
    """What each role may do, by the tables in force."""

    async def every(self, viewer: Approver | None, *, waiting: bool = True) -> list[Shown]:
        """List requests, newest first; without a viewer all of them, for who runs the gateway's machine.

        Raises:
            ApproverRefusedError: the viewer may decide on nothing.
        """
        reach = None if viewer is None else self._reach(viewer)
        async with self.database.reading() as connection:
            found = await approvals.newest(connection, project_ids=reach, waiting=waiting, limit=MOST)
            known = {job.id: job for job in await jobs.by_ids(connection, [each.job_id for each in found])}
        return [self._shown(each, known[each.job_id]) for each in found]

    async def named(self, name: str, viewer: Approver | None) -> Shown:
        """Show one request by its job, with the facts it was judged by.

        Raises:
            NotFoundError: there is none, or none that the viewer may decide on.
        """
        request, job = await self._found(name, viewer)
        return replace(self._shown(request, job), facts=await self._facts(job))

    async def approve(self, name: str, approver: Approver, *, reason: str) -> Shown:
        """Let a job go, once policy has decided on it again.

        Raises:
            NotFoundError: no such request.
            ApproverRefusedError: its submitter, a service, or somebody whom the request does not ask.
            ApprovalDecidedError: it does not wait any more.
        """
        request, job = await self._decidable(name, approver)
        verdict = self._verdict(approver, reason)
        decided = request.decided(ApprovalState.APPROVED, verdict)
        await self._record("approval.granted", request, decided, None)
        return self._shown(decided, job)

    async def reject(self, name: str, approver: Approver, *, reason: str) -> Shown:
        """End a job that waits; its submitter reads the reason. Raises as `approve` does."""
        request, job = await self._decidable(name, approver)
        verdict = self._verdict(approver, reason)
        decided = request.decided(ApprovalState.REJECTED, verdict)
        ended = replace(
            job,
            status=JobStatus.FAILED,
            reason=f"not approved: {verdict.reason}",
            finished_at=verdict.at,
            repeat_token=None,
        )
        await self._record("approval.rejected", request, decided, ended)
        return self._shown(decided, ended)

    async def _record(self, type_: str, before: ApprovalRequest, after: ApprovalRequest, job: JobRecord | None) -> None:
        verdict = after.verdict
        assert verdict is not None, "a decided request has a verdict"
        await self.entries.record(
            type_,
            by=verdict.by,
            project_id=after.project_id,
            rows=(approvals.write(after, before=before.state),),
            body={
                "job_id": after.job_id,
                "client_job_id": after.client_job_id,
                "request": after.event_id,
                "reason": verdict.reason,
                "roles": list(verdict.roles),
            },
            people={},
            job=job,
        )
        log.info(events.APPROVAL_DECIDED, job_id=after.job_id, status=after.state.value)

    async def _found(self, name: str, viewer: Approver | None) -> tuple[ApprovalRequest, JobRecord]:
        async with self.database.reading() as connection:
            request = await approvals.load(connection, name)
            job = None if request is None else await jobs.by_id(connection, request.job_id)
        reach = None if viewer is None else self._reach(viewer)
        if request is None or job is None or (reach is not None and request.project_id not in reach):
            raise NotFoundError(noun="request for approval of job", name=name)
        return request, job

    async def _decidable(self, name: str, approver: Approver) -> tuple[ApprovalRequest, JobRecord]:
        request, job = await self._found(name, approver)
        if request.principal_id == approver.principal.id:
            raise ApproverRefusedError("you submitted it yourself, whichever key you use")
        if approver.principal.kind is not PrincipalKind.PERSON:
            raise ApproverRefusedError("an approval is a person's word, and this is the key of a service")
        if unmet := next((each for each in request.demands if not self._meets(approver, each)), None):
            raise ApproverRefusedError(f"it takes {unmet.who}")
        if request.state is not ApprovalState.WAITING:
            raise ApprovalDecidedError(request.state.value)
        if request.expires_at <= self.clock.now():
            raise ApprovalDecidedError(ApprovalState.EXPIRED.value)
        return request, job

    def _verdict(self, approver: Approver, reason: str) -> Verdict:
        return Verdict(
            by=approver.principal.id, roles=approver.roles, reason=checked_reason(reason), at=self.clock.now()
        )

    def _reach(self, viewer: Approver) -> frozenset[ProjectId] | None:
        """Give the projects whose requests somebody may see, or nothing for all of them."""
        held = self._held(viewer)
        if APPROVE_ANY in held:
            return None
        if APPROVE not in held:
            raise ApproverRefusedError(f"none of your roles carries {APPROVE} or {APPROVE_ANY}")
        return viewer.projects

    def _meets(self, approver: Approver, demand: Demand) -> bool:
        return demand.role in approver.roles if demand.role else demand.permission in self._held(approver)

    def _held(self, approver: Approver) -> frozenset[str]:
        known = self.permissions()
        return frozenset(each for role in approver.roles for each in known.get(role, ()))

    def _shown(self, request: ApprovalRequest, job: JobRecord) -> Shown:
        asker = self.identity.principal(request.principal_id)
        approver = None if request.verdict is None else self.identity.principal(request.verdict.by)
        project = self.identity.project(request.project_id)
        return Shown(
            request=request,
            job=job,
            asker=request.principal_id if asker is None else asker.name,
            approver="" if approver is None else approver.name,
            project=request.project_id if project is None else project.name,
        )

    async def _facts(self, job: JobRecord) -> Mapping[str, Any] | None:
        try:
            facts = await self.vault.open(object_id=job.decision_id, kind="facts")
        except RefusedError:
            return None
        return msgspec.json.decode(facts, type=dict[str, Any])


def row_of(shown: Shown) -> dict[str, Any]:
    """Write a request for scripts and tables."""
    request, verdict = shown.request, shown.request.verdict
    return {
        "job": request.client_job_id,
        "state": request.state.value,
        "project": shown.project,
        "asker": shown.asker,
        "backend": request.backend,
        "circuits": shown.job.circuits,
        "shots": shown.job.total_shots,
        "amount_micros": request.amount_micros,
        "currency": request.currency or None,
        "reasons": [each.reason for each in request.demands],
        "takes": [each.who for each in request.demands],
        "asked": request.asked_at,
        "expires": request.expires_at,
        "approver": shown.approver or None,
        "verdict": None if verdict is None else verdict.reason,
        "decided": None if verdict is None else verdict.at,
    }
