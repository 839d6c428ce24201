"""One submission, top to bottom. The numbers are the steps of docs/architecture.md, in this order.

A crash before step 7 leaves nothing. Between 7 and 8 it leaves a job `permitted`, whose client heard nothing: at a
vendor the reconciler gives it up, on our simulator it is claimed again. After 8 the job runs whatever becomes of the
answer, so nothing raised there reaches the client as a failure: its SDK would submit the job a second time. For the
same reason the client is answered as soon as its job is certain to be known, at the latest after `ANSWER_SECONDS`;
what is left goes on without it.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from secrets import token_bytes
from typing import Final

import structlog

from gateway.audit.ledger import Ledger
from gateway.budgets.hold import reserve
from gateway.domain.circuit import ProgramFacts
from gateway.domain.clock import Clock
from gateway.domain.decision import Placement, Step
from gateway.domain.errors import GatewayError, UnavailableError
from gateway.domain.exceeded import BudgetCurrencyError, LimitExceededError
from gateway.domain.ids import ClientJobId, JobId
from gateway.domain.job import JobRecord
from gateway.domain.permit import Permit
from gateway.domain.principal import Caller
from gateway.domain.submission import Submission
from gateway.domain.writes import SealedWrite
from gateway.enforcement import provenance
from gateway.enforcement.archive import CalibrationArchive
from gateway.enforcement.case import Case, Stages
from gateway.enforcement.choose import Choice, Chooser, why_elsewhere
from gateway.enforcement.entries import Entries
from gateway.enforcement.errors import NotForwardedError, refusal
from gateway.enforcement.halts import Halts
from gateway.enforcement.launch import Launcher
from gateway.enforcement.losses import Losses
from gateway.enforcement.outgoing import SENT, Outbound, outgoing
from gateway.enforcement.repeats import Delivery, Repeats, Standing
from gateway.enforcement.sessions import Sessions
from gateway.enforcement.sticky import Cancelled
from gateway.enforcement.survey import Surveyor
from gateway.enforcement.turns import Turns
from gateway.enforcement.void import TokenUnsettledError, Void
from gateway.policy.obligations import execution_limit_seconds
from gateway.ports.dialect import Dialect
from gateway.ports.upstream import Order
from gateway.ports.vendor import VendorBusyError, VendorUnreachableError
from gateway.routing import place
from gateway.routing.fleet import Fleet
from gateway.store import attempts
from gateway.store import jobs as rows
from gateway.store.commit import LedgerUnavailableError, WriteRefusedError
from gateway.store.engine import Database
from gateway.store.view import JobView
from gateway.telemetry import events
from gateway.telemetry.metrics import Metrics
from gateway.vault.vault import Vault

ANSWER_SECONDS: Final = 20.0
"""How long a vendor may take to accept a job before its client is told that it waits."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitter:
    """Carries `Submit` out."""

    clock: Clock
    dialects: Mapping[str, Dialect]
    surveyor: Surveyor
    chooser: Chooser
    fleet: Fleet
    sessions: Sessions
    vault: Vault
    ledger: Ledger
    entries: Entries
    jobs: JobView
    launcher: Launcher
    void: Void
    turns: Turns
    repeats: Repeats
    halts: Halts
    cancelled: Cancelled
    outbound: Outbound
    database: Database
    metrics: Metrics
    losses: Losses | None = None
    """Answers that were lost at any of several replicas; with one process memory knows them all."""
    calibrations: CalibrationArchive = field(default_factory=CalibrationArchive)
    under_way: set[asyncio.Task[None]] = field(default_factory=set)
    """What goes on after its client was answered."""

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
        choice = await self.chooser.choose(caller, submission, stages.mark)  # 3, 4, 5
        survey, decision = choice.survey, choice.decision
        stages.mark("decided")
        if not decision.allow or survey.measured is None:
            await self._deny(caller, submission, choice)
            raise refusal(decision)
        case = self._place(caller, submission, choice, survey.measured)  # 6
        stages.mark("permitted")
        self.halts.check(project_id=caller.project.id, upstream=case.placement.upstream)
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
        return await self._answered(case, job, until)

    async def _answered(self, case: Case, job: JobRecord, until: float) -> JobRecord:
        """Let the job go on by itself, and wait until its client can be answered."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[JobRecord] = loop.create_future()
        # A client that went away asks for no error; it is looked at here, so that nobody warns of it.
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())
        permitted: asyncio.Future[JobRecord] = loop.create_future()
        task = asyncio.create_task(self._carry_out(case, job, answer, permitted))
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)
        await asyncio.wait({answer}, timeout=max(0.0, until - loop.time()))
        # Before its permit nobody can be told of a job; the ledger says yes or no in seconds.
        await asyncio.wait({answer, permitted}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done() and (known := self.jobs.get(job.client_job_id)):
            answer.cancel()
            return known
        return await answer

    async def _carry_out(
        self, case: Case, job: JobRecord, answer: asyncio.Future[JobRecord], permitted: asyncio.Future[JobRecord]
    ) -> None:
        """Permit and forward in the job's turn, so that no outcome overtakes the record that it was forwarded."""

        def taken(known: JobRecord) -> None:
            if not answer.done():
                answer.set_result(known)

        try:
            async with self.turns.of(job.id):
                order = self.outbound.order(
                    job, case.submission.body, case.measured, case.calibration, written=case.written
                )
                permit = await self._permit_or_void(case, job, order)  # 7
                permitted.set_result(job)
                taken(await self._forward(permit, job, order, taken))  # 8, 9
        except Exception as error:
            if not answer.done():
                answer.set_exception(error)
            elif not isinstance(error, GatewayError):
                log.exception(events.FORWARD_FAILED, job_id=job.id)
        finally:
            answer.cancel()

    async def _deny(self, caller: Caller, submission: Submission, choice: Choice) -> None:
        """Record a denial. When even that fails the client hears 503, never a silent refusal."""
        decision = choice.decision
        facts = await self._seal(caller, decision.id, "facts", decision.facts)
        draft = self.entries.denied(
            caller=caller,
            submission=submission,
            decision=decision,
            classification=choice.survey.classification,
            facts=facts,
            tried=choice.tried,
        )
        await self.ledger.record(draft, sealed=(facts,))
        log.info(events.JOB_DENIED, decision_id=decision.id, rule=[finding.rule for finding in decision.deny])

    async def _seal(self, caller: Caller, object_id: str, kind: str, plaintext: bytes) -> SealedWrite:
        return await self.vault.seal(project_id=caller.project.id, object_id=object_id, kind=kind, plaintext=plaintext)

    def _place(self, caller: Caller, submission: Submission, choice: Choice, measured: ProgramFacts) -> Case:
        placement = self._placement(submission, choice, measured)
        berth = self.fleet.get(placement.backend)
        return Case(
            caller=caller,
            submission=submission,
            survey=choice.survey,
            tried=choice.tried,
            measured=measured,
            decision=choice.decision,
            placement=placement,
            backend=berth.backend,
            calibration=berth.calibration(),
            quote=self.surveyor.quote(
                caller,
                submission,
                berth.backend,
                measured,
                max_seconds=execution_limit_seconds(choice.decision, submission.max_execution_seconds),
            ),
            written=choice.written,
        )

    def _placement(self, submission: Submission, choice: Choice, measured: ProgramFacts) -> Placement:
        asked = None if choice.survey.asked is None else choice.survey.asked.backend
        placed = place.place(
            submission=submission,
            decision=choice.decision,
            asked=asked,
            simulators=self.fleet.simulators(),
            facts=measured,
        )
        if choice.survey.step is Step.REQUESTED:
            return placed
        return replace(placed, fallback=True, reason=why_elsewhere(choice))

    def _job(self, case: Case, stages: Mapping[str, str]) -> JobRecord:
        minted = self.dialects[case.submission.dialect].client_job_id(token_bytes(16))
        return case.job(JobId(self.entries.id()), ClientJobId(minted), at=self.clock.now(), stages=stages)

    async def _permit_or_void(self, case: Case, job: JobRecord, order: Order) -> Permit:
        """Permit, and see to it that "nothing was forwarded" stays true of a permit that becomes durable too late.

        Raises:
            LimitExceededError, BudgetCurrencyError: the books refused what policy had allowed; that is recorded.
        """
        try:
            return await self._permit(case, job, order)
        except (LimitExceededError, BudgetCurrencyError) as error:
            await self._unaffordable(case, error)
            raise
        except LedgerUnavailableError as error:
            if error.in_doubt:
                self.void.note(job)
            raise

    async def _unaffordable(self, case: Case, error: LimitExceededError | BudgetCurrencyError) -> None:
        """Record that others were faster, or that the job was placed where it costs; else its client hears 503."""
        facts = await self._seal(case.caller, case.decision.id, "facts", case.decision.facts)
        draft = self.entries.unaffordable(
            caller=case.caller,
            submission=case.submission,
            decision=case.decision,
            classification=case.survey.classification,
            placement=case.placement,
            quote=case.quote,
            error=error,
            facts=facts,
        )
        await self.ledger.record(draft, sealed=(facts,))
        log.info(events.RESERVATION_REFUSED, decision_id=case.decision.id, code=error.code)

    async def _permit(self, case: Case, job: JobRecord, order: Order) -> Permit:
        origin = provenance.record(case, job)
        sealed = await self._sealed(case, job, origin)
        draft = self.entries.permitted(
            caller=case.caller,
            submission=case.submission,
            job=job,
            decision=case.decision,
            placement=case.placement,
            measured=case.measured,
            classification=case.survey.classification,
            quote=case.quote,
            sealed=sealed,
            provenance=origin.entry,
            not_applied=case.survey.not_applied,
            prepared=order.prepared,
            tried=case.tried,
        )
        permit = await self.ledger.permit(
            draft,
            job=job,
            placement=case.placement,
            outgoing=outgoing(job, order),
            sealed=tuple(sealed.values()),
            hold=reserve(job, case.quote, team=case.caller.project.team, at=self.clock.now()),
            rows=self.calibrations.rows(case.calibration),
        )
        self.calibrations.stored(case.calibration)
        self.jobs.own(job.id)
        self.jobs.put(job)
        return permit

    async def _sealed(self, case: Case, job: JobRecord, origin: provenance.Record) -> dict[str, SealedWrite]:
        """Seal what was received, where it comes from, what was judged, and what is sent if that was written anew."""
        kept = [("payload", job.id, case.submission.body), ("facts", case.decision.id, case.decision.facts)]
        kept.append((provenance.KIND, job.id, origin.document))
        if case.written is not None:
            kept.append((SENT, job.id, case.written))
        return {kind: await self._seal(case.caller, name, kind, content) for kind, name, content in kept}

    async def _forward(
        self, permit: Permit, job: JobRecord, order: Order, taken: Callable[[JobRecord], None]
    ) -> JobRecord:
        try:
            return await self.launcher.launch(permit, job, order, taken=taken)
        except GatewayError as error:
            return await self._not_started(permit, job, error)
        except Exception:
            # A defect, and nobody knows whether it started. The client sees a waiting job, because its SDK would
            # answer an error by submitting again; the reconciler closes the job when its lease has lapsed.
            log.exception(events.FORWARD_FAILED, job_id=job.id)
            return job

    async def _not_started(self, permit: Permit, job: JobRecord, error: GatewayError) -> JobRecord:
        """Close a job that certainly was not started, so that asking again, under its token too, is a new one."""
        try:
            await self.launcher.abandon(permit.attempt, replace(job, reason=error.message, repeat_token=None))
        except UnavailableError:
            # What is not closed may still be taken up, and a client that was told to ask again would have two.
            log.exception(events.FORWARD_FAILED, job_id=job.id)
            return job
        if isinstance(error, UnavailableError):
            raise NotForwardedError(f"nothing was started: {error.message}") from error
        raise error
