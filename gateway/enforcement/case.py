"""An allowed submission with all that is known of it, and the job that it becomes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from gateway.domain.backend import Backend, Calibration
from gateway.domain.circuit import ProgramFacts
from gateway.domain.clock import Clock, rfc3339
from gateway.domain.decision import Decision, Placement, Tried
from gateway.domain.ids import ClientJobId, JobId
from gateway.domain.job import JobRecord, JobStatus
from gateway.domain.money import Quote
from gateway.domain.principal import Caller
from gateway.domain.submission import Submission
from gateway.enforcement.obliged import Kept
from gateway.enforcement.survey import Survey
from gateway.policy.obligations import execution_limit_seconds


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
    tried: tuple[Tried, ...]
    decision: Decision
    placement: Placement
    backend: Backend
    """Where it will run."""
    calibration: Calibration | None
    """Of the backend where it will run."""
    quote: Quote | None
    """What it costs there."""
    kept: Kept
    """The job as it will be run there."""

    @property
    def measured(self) -> ProgramFacts:
        """Measures of what will be run."""
        return self.kept.measured

    @property
    def limit_seconds(self) -> int | None:
        """The longest it may run: what is held for it by the second would not hold longer."""
        bound = None if self.quote is None else self.quote.bound_seconds
        return execution_limit_seconds(self.decision, self.submission.max_execution_seconds, bound)

    def job(self, id_: JobId, client_job_id: ClientJobId, *, at: datetime, stages: Mapping[str, str]) -> JobRecord:
        """Make the record of the job, permitted and not yet forwarded."""
        caller, submission, placement, measured = self.caller, self.submission, self.placement, self.measured
        return JobRecord(
            id=id_,
            client_job_id=client_job_id,
            dialect=submission.dialect,
            project_id=caller.project.id,
            principal_id=caller.principal.id,
            key_id=caller.key.id,
            program=submission.program,
            asked_backend=submission.backend,
            backend=placement.backend,
            upstream=placement.upstream,
            kind=placement.kind,
            fallback_reason=placement.reason if placement.fallback else "",
            status=JobStatus.PERMITTED,
            reason="",
            reason_code=None,
            created_at=at,
            started_at=None,
            finished_at=None,
            tags=(*submission.tags, *self.kept.tags),
            session_id=submission.session_id,
            private=submission.private,
            max_execution_seconds=self.limit_seconds,
            circuits=len(measured.circuits),
            total_shots=measured.total_shots,
            estimated_seconds=measured.estimated_seconds,
            usage_seconds=0.0,
            calibration_digest=None if self.calibration is None else self.calibration.digest,
            decision_id=self.decision.id,
            payload_digest=submission.body_digest,
            program_digest=measured.digest,
            stages=dict(stages),
            echo=submission.echo,
            repeat_token=submission.repeat_token,
            work_digest=submission.work_digest or submission.body_digest,
            obliged=replace(self.kept.obliged, warned=tuple(map(str, self.decision.warn))),
        )
