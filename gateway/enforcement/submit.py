"""One submission, top to bottom. The numbers are the steps of docs/architecture.md, in this order.

Here is who may ask and whether it is new; `judge.py` has steps 3 to 6, `dispatch.py` and `permits.py` the rest. A crash
before step 7 leaves nothing. Between 7 and 8 it leaves a job `permitted`, whose client heard nothing: at a vendor the
reconciler gives it up, on our simulator it is claimed again.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_bytes
from typing import Final

import structlog

from gateway.domain.clock import Clock
from gateway.domain.errors import UnavailableError
from gateway.domain.ids import ClientJobId, JobId
from gateway.domain.job import JobRecord
from gateway.domain.principal import Caller
from gateway.domain.submission import Submission
from gateway.enforcement.case import Case, Stages
from gateway.enforcement.dispatch import Dispatcher
from gateway.enforcement.entries import Entries
from gateway.enforcement.errors import NotForwardedError
from gateway.enforcement.halts import Halts
from gateway.enforcement.judge import Judge
from gateway.enforcement.losses import Losses
from gateway.enforcement.repeats import Delivery, Repeats, Standing
from gateway.enforcement.sessions import Sessions
from gateway.enforcement.sticky import Cancelled
from gateway.enforcement.void import TokenUnsettledError, Void
from gateway.enforcement.waiting import Waiting
from gateway.policy.obligations import Duties
from gateway.ports.dialect import Dialect
from gateway.ports.vendor import VendorBusyError, VendorUnreachableError
from gateway.routing.fleet import Fleet
from gateway.store import attempts
from gateway.store import jobs as rows
from gateway.store.commit import WriteRefusedError
from gateway.store.engine import Database
from gateway.store.view import JobView
from gateway.telemetry import events
from gateway.telemetry.metrics import Metrics

ANSWER_SECONDS: Final = 20.0
"""How long a vendor may take to accept a job before its client is told that it waits."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitter:
    """Carries `Submit` out."""

    clock: Clock
    dialects: Mapping[str, Dialect]
    judge: Judge
    waiting: Waiting
    dispatcher: Dispatcher
    fleet: Fleet
    sessions: Sessions
    entries: Entries
    jobs: JobView
    void: Void
    repeats: Repeats
    halts: Halts
    cancelled: Cancelled
    database: Database
    metrics: Metrics
    losses: Losses | None = None
    """Answers that were lost at any of several replicas; with one process memory knows them all."""

    async def submit(self, caller: Caller, submission: Submission, delivery: Delivery) -> JobRecord:
        """Judge, seal, record and forward one submission; the SDK's own retry of an earlier one gets that one's job.

        Raises:
            DeniedError: policy said no; the denial is in the ledger.
            LimitExceededError: policy said yes, and a budget or quota no; that is in the ledger, too.
            UnavailableError: nothing was forwarded; asking again is safe.
        """
        standing, again = await self._join(caller, submission, delivery)
        if again:
            return await self._again(caller, standing)
        try:
            job = await self._submit(caller, submission, standing)
        except WriteRefusedError as error:
            self.repeats.refuse(standing, error)
            standing, again = await self._join(caller, submission, delivery)
            if not again:
                self.repeats.refuse(standing, error)
                raise
            # Another replica was faster with the same token, which is one job whoever is asked for it.
            return await self._again(caller, standing)
        except BaseException as error:
            self.repeats.refuse(standing, error)
            raise
        self.repeats.settle(standing, job)
        return job

    async def _join(self, caller: Caller, submission: Submission, delivery: Delivery) -> tuple[Standing, bool]:
        await self._recall(caller, submission)
        window = timedelta(seconds=self.dialects[submission.dialect].retry_seconds)
        retried = None if self.losses is None else await self.losses.take(caller, submission, window)
        return self.repeats.join(caller, submission, delivery, window=window, now=self.clock.now(), retried=retried)

    async def _again(self, caller: Caller, standing: Standing) -> JobRecord:
        self.metrics.repeated()
        log.info(events.SUBMISSION_REPEATED, key_id=caller.key.id)
        return await asyncio.shield(standing.outcome)

    async def _recall(self, caller: Caller, submission: Submission) -> None:
        """Look a client's own token up in the database, where this process does not remember it.

        Raises:
            TokenUnsettledError: it stands for a submission that is about to be given up.
        """
        token = submission.repeat_token
        if token is None or self.repeats.knows(caller, submission):
            return
        self.void.check(caller, token)
        async with self.database.reading() as connection:
            job = await rows.by_token(
                connection, project_id=caller.project.id, principal_id=caller.principal.id, token=token
            )
        if job is not None:
            await self._check_sent(job)
            self.repeats.learn(job)

    async def _check_sent(self, job: JobRecord) -> None:
        """Make sure that a job which another replica permitted goes: if that one died before, the job is given up."""
        if job.status.final or self.jobs.owns(job.id):
            return
        async with self.database.reading() as connection:
            row = await attempts.latest(connection, job.id)
        if row is not None and row.state == "permitted" and self.fleet.at_vendor(row.upstream):
            raise TokenUnsettledError

    async def _submit(self, caller: Caller, submission: Submission, standing: Standing) -> JobRecord:
        stages = Stages(self.clock)
        stages.mark("received")
        self.halts.check(project_id=caller.project.id)
        self.cancelled.check(caller, submission, self.clock.now())
        await self.sessions.admit(caller, submission)
        case = await self._decide(caller, submission, stages)
        until = asyncio.get_running_loop().time() + ANSWER_SECONDS
        try:
            return await self._go(case, stages, standing, until)
        except UnavailableError as error:
            if not self._is_away(case, error):
                raise
        # Its vendor was left alone after the decision: policy decides once more, knowing that.
        case = await self._decide(caller, submission, stages)
        return await self._go(case, stages, standing, until)

    async def _decide(self, caller: Caller, submission: Submission, stages: Stages) -> Case:
        case = await self.judge.decide(caller, submission, stages)
        await self.sessions.bound(caller, submission, Duties.of(case.decision).session_seconds)
        return case

    def _is_away(self, case: Case, error: UnavailableError) -> bool:
        """Say whether a job certainly did not go because its vendor, or its backend, now gets nothing from anybody."""
        cause = error.__cause__ if isinstance(error, NotForwardedError) else error
        berth = self.fleet.find(case.placement.backend)
        online = berth is not None and berth.status.online
        return isinstance(cause, VendorBusyError | VendorUnreachableError) and not online

    async def _go(self, case: Case, stages: Stages, standing: Standing, until: float) -> JobRecord:
        job = self._job(case, stages.passed)
        self.repeats.begin(standing, job.id)
        if Duties.of(case.decision).demands:
            return await self.waiting.ask(case, job)
        return await self.dispatcher.dispatch(case, job, until)

    def _job(self, case: Case, stages: Mapping[str, str]) -> JobRecord:
        minted = self.dialects[case.submission.dialect].client_job_id(token_bytes(16))
        return case.job(JobId(self.entries.id()), ClientJobId(minted), at=self.clock.now(), stages=stages)
