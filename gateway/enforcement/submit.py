"""One submission, top to bottom. The numbers are the steps of docs/architecture.md, in this order.

A crash before step 7 leaves nothing. Between 7 and 8 it leaves a job `permitted`, which the reconciler
claims again. After 8 the job runs whatever becomes of the answer, so nothing raised there reaches the
client as a failure: its SDK would submit the job a second time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from secrets import token_bytes

import structlog

from gateway.audit.ledger import Ledger
from gateway.budgets.hold import reserve
from gateway.domain.backend import Calibration
from gateway.domain.circuit import ProgramFacts
from gateway.domain.clock import Clock, rfc3339
from gateway.domain.decision import Decision, Placement
from gateway.domain.errors import GatewayError
from gateway.domain.ids import ClientJobId, JobId
from gateway.domain.job import JobRecord, JobStatus
from gateway.domain.money import Quote
from gateway.domain.permit import Permit
from gateway.domain.principal import Caller
from gateway.domain.submission import Submission
from gateway.domain.writes import SealedWrite
from gateway.enforcement.archive import CalibrationArchive
from gateway.enforcement.entries import Entries
from gateway.enforcement.errors import NotForwardedError, refusal
from gateway.enforcement.launch import Launcher
from gateway.enforcement.repeats import Repeats
from gateway.enforcement.sessions import Sessions
from gateway.enforcement.survey import Survey, Surveyor
from gateway.enforcement.turns import Turns
from gateway.policy.obligations import execution_limit_seconds
from gateway.ports.decision_point import DecisionPoint
from gateway.ports.dialect import Dialect
from gateway.ports.upstream import Order
from gateway.routing import place
from gateway.routing.fleet import Fleet
from gateway.store.view import JobView
from gateway.telemetry import events
from gateway.telemetry.metrics import Metrics
from gateway.vault.vault import Vault

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Stages:
    """When each step was passed, for the entry and the outcome."""

    clock: Clock
    passed: dict[str, str] = field(default_factory=dict)

    def mark(self, stage: str) -> None:
        """Note that a step is done."""
        self.passed[stage] = rfc3339(self.clock.now())


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An allowed submission with all that is known of it; found out once, so that no two steps differ."""

    caller: Caller
    submission: Submission
    survey: Survey
    measured: ProgramFacts
    decision: Decision
    placement: Placement
    calibration: Calibration | None
    """Of the backend where it will run."""
    quote: Quote | None
    """What it costs there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitter:
    """Carries `Submit` out."""

    clock: Clock
    dialects: Mapping[str, Dialect]
    surveyor: Surveyor
    decision_point: DecisionPoint
    fleet: Fleet
    sessions: Sessions
    vault: Vault
    ledger: Ledger
    entries: Entries
    jobs: JobView
    launcher: Launcher
    turns: Turns
    repeats: Repeats
    metrics: Metrics
    calibrations: CalibrationArchive = field(default_factory=CalibrationArchive)

    async def submit(self, caller: Caller, submission: Submission) -> JobRecord:
        """Judge, seal, record and forward one submission.

        Raises:
            DeniedError: policy said no; the denial is in the ledger.
            UnavailableError: nothing was forwarded; asking again is safe.
        """
        stages = Stages(self.clock)
        stages.mark("received")
        if self.repeats.note(caller.key.id, submission.body_digest):
            self.metrics.repeated()
        await self.sessions.admit(caller, submission)
        survey = await self.surveyor.survey(caller, submission)  # 3, 4
        stages.mark("measured")
        decision = await self._decide(survey)  # 5
        stages.mark("decided")
        if not decision.allow or survey.measured is None:
            await self._deny(caller, submission, survey, decision)
            raise refusal(decision)
        case = self._place(caller, submission, survey, survey.measured, decision)  # 6
        stages.mark("permitted")
        job = self._job(case, stages.passed)
        async with self.turns.of(job.id):
            permit = await self._permit(case, job)  # 7
            return await self._forward(permit, case, job)  # 8, 9

    async def _decide(self, survey: Survey) -> Decision:
        decision = await self.decision_point.decide(survey.facts, decision_id=self.entries.id())
        self.metrics.decided(
            outcome="allow" if decision.allow else "deny",
            rules=tuple(finding.rule for finding in decision.deny),
            seconds=decision.milliseconds / 1000,
        )
        return decision

    async def _deny(self, caller: Caller, submission: Submission, survey: Survey, decision: Decision) -> None:
        """Record a denial. When even that fails the client hears 503, never a silent refusal."""
        facts = await self._seal(caller, decision.id, "facts", decision.facts)
        draft = self.entries.denied(
            caller=caller,
            submission=submission,
            decision=decision,
            classification=survey.classification,
            facts=facts,
        )
        await self.ledger.record(draft, sealed=(facts,))
        log.info(events.JOB_DENIED, decision_id=decision.id, rule=[finding.rule for finding in decision.deny])

    async def _seal(self, caller: Caller, object_id: str, kind: str, plaintext: bytes) -> SealedWrite:
        return await self.vault.seal(project_id=caller.project.id, object_id=object_id, kind=kind, plaintext=plaintext)

    def _place(
        self, caller: Caller, submission: Submission, survey: Survey, measured: ProgramFacts, decision: Decision
    ) -> Case:
        placement = place.place(
            submission=submission,
            decision=decision,
            asked=None if survey.asked is None else survey.asked.backend,
            simulators=self.fleet.simulators(),
            facts=measured,
        )
        berth = self.fleet.get(placement.backend)
        return Case(
            caller=caller,
            submission=submission,
            survey=survey,
            measured=measured,
            decision=decision,
            placement=placement,
            calibration=berth.calibration(),
            quote=self.surveyor.quote(berth.backend, measured),
        )

    def _job(self, case: Case, stages: Mapping[str, str]) -> JobRecord:
        submission, placement, measured = case.submission, case.placement, case.measured
        return JobRecord(
            id=JobId(self.entries.id()),
            client_job_id=ClientJobId(self.dialects[submission.dialect].client_job_id(token_bytes(16))),
            dialect=submission.dialect,
            project_id=case.caller.project.id,
            principal_id=case.caller.principal.id,
            key_id=case.caller.key.id,
            program=submission.program,
            asked_backend=submission.backend,
            backend=placement.backend,
            upstream=placement.upstream,
            kind=placement.kind,
            fallback_reason=placement.reason if placement.fallback else "",
            status=JobStatus.PERMITTED,
            reason="",
            reason_code=None,
            created_at=self.clock.now(),
            started_at=None,
            finished_at=None,
            tags=submission.tags,
            session_id=submission.session_id,
            private=submission.private,
            max_execution_seconds=execution_limit_seconds(case.decision, submission.max_execution_seconds),
            circuits=len(measured.circuits),
            total_shots=measured.total_shots,
            estimated_seconds=measured.estimated_seconds,
            usage_seconds=0.0,
            calibration_digest=None if case.calibration is None else case.calibration.digest,
            decision_id=case.decision.id,
            payload_digest=submission.body_digest,
            program_digest=measured.digest,
            stages=dict(stages),
            echo=submission.echo,
        )

    async def _permit(self, case: Case, job: JobRecord) -> Permit:
        payload = await self._seal(case.caller, job.id, "payload", case.submission.body)
        facts = await self._seal(case.caller, case.decision.id, "facts", case.decision.facts)
        draft = self.entries.permitted(
            caller=case.caller,
            submission=case.submission,
            job=job,
            decision=case.decision,
            placement=case.placement,
            measured=case.measured,
            classification=case.survey.classification,
            quote=case.quote,
            sealed={"payload": payload, "facts": facts},
            not_applied=case.survey.not_applied,
        )
        permit = await self.ledger.permit(
            draft,
            job=job,
            placement=case.placement,
            sealed=(payload, facts),
            hold=None if case.quote is None else reserve(job, case.quote, self.clock.now()),
            rows=self.calibrations.rows(case.calibration),
        )
        self.calibrations.stored(case.calibration)
        self.jobs.put(job)
        return permit

    async def _forward(self, permit: Permit, case: Case, job: JobRecord) -> JobRecord:
        order = Order(
            reader=case.submission.dialect,
            body=case.submission.body,
            program=case.submission.program,
            facts=case.measured,
            principal_id=job.principal_id,
            max_seconds=job.max_execution_seconds,
            calibration=case.calibration,
        )
        try:
            return await self.launcher.launch(permit, job, order)
        except GatewayError as error:
            # Certainly not started: close the job under its permit, so that asking again is a new one.
            await self.launcher.abandon(permit, replace(job, reason=error.message))
            raise NotForwardedError(f"nothing was started: {error.message}") from error
        except Exception:
            # A defect, and nobody knows whether it started. The client sees a waiting job, because its SDK would
            # answer an error by submitting again; the reconciler closes the job when its lease has lapsed.
            log.exception(events.FORWARD_FAILED, job_id=job.id)
            return job
