"""Jobs that wait for a second person: how one begins to wait, and how that ends without a permit.

What is received is sealed and recorded when it begins to wait, so that nothing of it is lost in a crash; no money is
held, and nothing may go. Whoever ends it names the state that it had: of two who end it at once, one is refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import msgspec
import structlog

from gateway.audit.ledger import Ledger
from gateway.domain.approval import ApprovalRequest, ApprovalState
from gateway.domain.clock import Clock, rfc3339
from gateway.domain.job import JobRecord, JobStatus
from gateway.domain.submission import Submission
from gateway.domain.writes import RowWrite, SealedWrite
from gateway.enforcement.case import Case
from gateway.enforcement.entries import Entries
from gateway.policy.obligations import Duties
from gateway.store import approvals
from gateway.store.approvals import ApprovalDecidedError
from gateway.store.engine import Database
from gateway.store.view import JobView
from gateway.telemetry import events
from gateway.vault.vault import Vault

KIND: Final = "submission"
"""Kind of the sealed object that holds a submission as it was understood, but for its body."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Lets jobs wait."""

    clock: Clock
    database: Database
    vault: Vault
    ledger: Ledger
    entries: Entries
    jobs: JobView
    letters: Callable[[ApprovalRequest, JobRecord], tuple[RowWrite, ...]]
    """What tells people outside that somebody is asked."""

    async def ask(self, case: Case, job: JobRecord) -> JobRecord:
        """Record a job that policy allows once a second person has approved it.

        Raises:
            UnavailableError: nothing was recorded.
        """
        request = self._request(case, job)
        stages = {**job.stages, "awaiting": rfc3339(request.asked_at)}
        stages.pop("permitted", None)
        awaiting = replace(job, status=JobStatus.AWAITING, stages=stages)
        sealed = await self._sealed(case, awaiting)
        draft = self.entries.awaited(
            caller=case.caller,
            submission=case.submission,
            job=awaiting,
            decision=case.decision,
            placement=case.placement,
            measured=case.measured,
            classification=case.survey.classification,
            quote=case.quote,
            sealed=sealed,
            request=request,
        )
        rows = (approvals.write(request), *case.survey.learned, *self.letters(request, awaiting))
        await self.ledger.record(draft, sealed=tuple(sealed.values()), job=awaiting, rows=rows)
        self.jobs.put(awaiting)
        log.info(events.APPROVAL_REQUESTED, job_id=job.id, backend=request.backend)
        return awaiting

    async def opened(self, job: JobRecord) -> Submission:
        """Give a waiting job's submission as it was received.

        Raises:
            ErasedError: it was erased meanwhile.
        """
        told = msgspec.json.decode(await self.vault.open(object_id=job.id, kind=KIND), type=Submission)
        return replace(told, body=await self.vault.open(object_id=job.id, kind="payload"))

    async def end(self, request: ApprovalRequest, state: ApprovalState, status: JobStatus, reason: str) -> bool:
        """End a job that waits; false when somebody else moved it first.

        Raises:
            UnavailableError: it is not recorded; the job waits on.
        """
        job = await self.jobs.find_by_id(request.job_id)
        if job is None:
            return False
        # Whoever is told that it failed may submit it again under the same token.
        token = None if status is JobStatus.FAILED else job.repeat_token
        ended = replace(job, status=status, reason=reason, finished_at=self.clock.now(), repeat_token=token)
        draft = self.entries.ended(ended, attempt=0, repeats=0, hold=None)
        row = approvals.write(request.ended(state), before=request.state)
        try:
            await self.ledger.record(draft, job=ended, rows=(row,))
        except ApprovalDecidedError:
            return False
        self.jobs.put(ended)
        log.info(events.APPROVAL_ENDED, job_id=job.id, status=state.value)
        return True

    async def withdraw(self, job: JobRecord, reason: str) -> bool:
        """Stop a job that waits, for its owner or an operator; false when it waits no more.

        Raises:
            UnavailableError: it is not recorded; the wish to stop it is, and heeded before it could go.
        """
        async with self.database.reading() as connection:
            request = await approvals.load(connection, job.id)
        if request is None or not request.state.open:
            return False
        return await self.end(request, ApprovalState.WITHDRAWN, JobStatus.CANCELLED, reason)

    def _request(self, case: Case, job: JobRecord) -> ApprovalRequest:
        now, demands = self.clock.now(), Duties.of(case.decision).demands
        judged = _judged(case)
        return ApprovalRequest(
            job_id=job.id,
            client_job_id=job.client_job_id,
            project_id=job.project_id,
            principal_id=job.principal_id,
            state=ApprovalState.WAITING,
            demands=demands,
            backend=judged["backend"]["name"] or "",
            amount_micros=judged["quote"]["amount_micros"],
            currency=judged["quote"]["currency"] or "",
            event_id=self.entries.id(),
            asked_at=now,
            expires_at=now + timedelta(hours=min(each.hours for each in demands)),
        )

    async def _sealed(self, case: Case, job: JobRecord) -> dict[str, SealedWrite]:
        told = msgspec.json.encode(replace(case.submission, body=b""))
        kept: list[tuple[str, str, bytes]] = [(KIND, job.id, told), ("payload", job.id, case.submission.body)]
        kept.append(("facts", case.decision.id, case.decision.facts))
        return {
            kind: await self.vault.seal(project_id=job.project_id, object_id=name, kind=kind, plaintext=content)
            for kind, name, content in kept
        }


def _judged(case: Case) -> Mapping[str, Any]:
    """Read back what was judged: an approval is compared with these very facts when policy decides again."""
    return msgspec.json.decode(case.decision.facts, type=dict[str, Any])
