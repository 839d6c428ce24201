"""What becomes of jobs that wait for a second person: sent once approved, ended when nobody approves in time.

Done by the process that leads. A job that was approved is judged again, by the policies and prices of now and with the
approval as a fact, and takes its place in the books with its permit. A crash before that permit leaves it approved,
for the next look; after it, it is a permitted job like any other.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import structlog

from gateway.domain.approval import ApprovalRequest, ApprovalState
from gateway.domain.clock import Clock
from gateway.domain.errors import GatewayError, RefusedError
from gateway.domain.job import JobRecord, JobStatus
from gateway.enforcement.case import Case, Stages
from gateway.enforcement.dispatch import Dispatcher
from gateway.enforcement.halts import HaltedError, Halts
from gateway.enforcement.judge import Judge
from gateway.enforcement.pauses import Pauses
from gateway.enforcement.sessions import Sessions
from gateway.enforcement.waiting import Waiting
from gateway.enforcement.wishes import Wishes
from gateway.identity.authenticate import Authenticator
from gateway.policy.obligations import Duties
from gateway.store import approvals, jobs
from gateway.store.approvals import ApprovalDecidedError
from gateway.store.engine import Database
from gateway.store.view import JobView
from gateway.telemetry import events
from gateway.telemetry.metrics import Metrics

AT_ONCE: Final = 8
SENDING_SECONDS: Final = 20.0
"""How long the others wait for a job that is being sent."""
TRIES: Final = 3
"""As if it had failed so often: each try is a decision, with an entry of its own."""
UNHEARD: Final = timedelta(minutes=10)
"""After so long a job whose client is not known to have been told of it is given up: it was submitted again."""
log = structlog.get_logger(__name__)


class AnotherApprovalError(RefusedError):
    """An approved job needs another approval by now: it costs more, would run elsewhere, or the rules changed."""

    code = "approval-outdated"

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__(
            f"it was approved, and needs another approval by now ({'; '.join(reasons)}); submit it again to ask for one"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """Looks after every job that waits."""

    clock: Clock
    database: Database
    jobs: JobView
    authenticator: Authenticator
    sessions: Sessions
    halts: Halts
    wishes: Wishes
    waiting: Waiting
    judge: Judge
    dispatcher: Dispatcher
    metrics: Metrics
    pauses: Pauses

    async def run(self) -> None:
        """Do what is due; what cannot be done now is tried again at the next look."""
        async with self.database.reading() as connection:
            found = await approvals.standing(connection)
            count, oldest = await approvals.waits(connection)
        self.pauses.keep_only({each.job_id for each in found})
        now = self.clock.now()
        self.metrics.approvals.show(count, 0.0 if oldest is None else (now - oldest).total_seconds())
        room = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(self._look_at(request, room) for request in found))

    async def _look_at(self, request: ApprovalRequest, room: asyncio.Semaphore) -> None:
        async with room:
            try:
                await self._settle(request)
            except GatewayError as error:
                log.warning(events.APPROVAL_DELAYED, job_id=request.job_id, code=error.code)
            except Exception:
                # A defect met by one job must not keep the others waiting.
                log.exception(events.APPROVAL_DELAYED, job_id=request.job_id)

    async def _settle(self, request: ApprovalRequest) -> None:
        job = await self.jobs.find_by_id(request.job_id)
        if job is None:
            return
        if ending := await self._ending(request, job):
            await self.waiting.end(request, *ending)
        elif request.state is ApprovalState.APPROVED and self.pauses.due(job.id) and await self._is_heard_of(job):
            self.pauses.begin(job.id, TRIES)
            await self._send(request, job)

    async def _ending(self, request: ApprovalRequest, job: JobRecord) -> tuple[ApprovalState, JobStatus, str] | None:
        """Say whether and why a job waits no longer."""
        if stop := self.wishes.of(job.id):
            return ApprovalState.WITHDRAWN, JobStatus.CANCELLED, stop.reason
        try:
            self.halts.check(project_id=job.project_id, upstream=job.upstream)
        except HaltedError as error:
            return ApprovalState.WITHDRAWN, JobStatus.CANCELLED, f"stopped by an operator: {error.halt.reason}"
        now = self.clock.now()
        if request.expires_at <= now:
            return ApprovalState.EXPIRED, JobStatus.FAILED, _lapsed(request)
        if request.asked_at + UNHEARD <= now and not await self._is_heard_of(job):
            why = "its client was not told of it before the gateway stopped; nothing ran, submit it again"
            return ApprovalState.WITHDRAWN, JobStatus.FAILED, why
        return None

    async def _is_heard_of(self, job: JobRecord) -> bool:
        """Say whether a client knows of a job. Who was told nothing submits again, and both must not run."""
        async with self.database.reading() as connection:
            return await jobs.is_answered(connection, job.id)

    async def _send(self, request: ApprovalRequest, job: JobRecord) -> None:
        """Judge an approved job again, and let it go.

        Raises:
            UnavailableError: not now; it stays approved, or was permitted and is closed by whoever sent it.
        """
        try:
            stages = Stages(self.clock, dict(job.stages))
            case = await self._judged(request, job, stages)
            again = case.job(job.id, job.client_job_id, at=job.created_at, stages=stages.passed)
            until = asyncio.get_running_loop().time() + SENDING_SECONDS
            await self.dispatcher.dispatch(case, replace(again, tags=job.tags), until)
        except ApprovalDecidedError:
            return  # its owner, or another process, was faster
        except RefusedError as error:
            await self.waiting.end(request, ApprovalState.REFUSED, JobStatus.FAILED, error.message)

    async def _judged(self, request: ApprovalRequest, job: JobRecord, stages: Stages) -> Case:
        """Decide once more, as if it were submitted now by who submitted it.

        Raises:
            RefusedError: its key is over, its session is closed, policy says no, or wants another approval.
        """
        caller = replace(self.authenticator.owner(job.key_id), dialect=job.dialect)
        submission = await self.waiting.opened(job)
        await self.sessions.admit(caller, submission)
        stages.mark("approved")
        case = await self.judge.decide(caller, submission, stages, request)
        if demands := Duties.of(case.decision).demands:
            raise AnotherApprovalError(tuple(each.reason for each in demands))
        return case


def _lapsed(request: ApprovalRequest) -> str:
    """Say why a job waits no longer, to who submitted it."""
    hours = min(each.hours for each in request.demands)
    if request.state is ApprovalState.APPROVED:
        return f"it was approved, and could not be sent in {hours} hours; submit it again"
    who = "; ".join(dict.fromkeys(f"{each.who}: {each.reason}" for each in request.demands))
    return f"nobody approved it in {hours} hours ({who}); submit it again if it is still wanted"
