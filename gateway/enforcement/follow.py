"""What happens to a job after it was forwarded: each report of an upstream becomes record, then view.

Order matters: the outcome is durable in the ledger before any client sees it. While the ledger cannot
take it, the job stays `running` for its owner and the report is tried again.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from gateway.audit.ledger import Ledger
from gateway.budgets.hold import release, settle
from gateway.domain.clock import Clock, parse_rfc3339
from gateway.domain.errors import UnavailableError
from gateway.domain.job import JobRecord, JobStatus
from gateway.domain.writes import AttemptUpdate, EntryDraft, HoldWrite, SealedWrite
from gateway.enforcement.entries import Entries
from gateway.enforcement.repeats import Repeats
from gateway.enforcement.turns import Turns
from gateway.ports.dialect import Dialect
from gateway.ports.upstream import Progress
from gateway.store import holds
from gateway.store.engine import Database
from gateway.store.view import JobView
from gateway.telemetry import events
from gateway.vault.vault import Vault

RETRY_SECONDS: Final = (0.2, 1.0, 5.0, 15.0)
_EVENTS: Final = {
    JobStatus.COMPLETED: events.JOB_COMPLETED,
    JobStatus.FAILED: events.JOB_FAILED,
    JobStatus.CANCELLED: events.JOB_CANCELLED,
}
log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Follower:
    """The progress sink of every upstream."""

    database: Database
    dialects: Mapping[str, Dialect]
    vault: Vault
    ledger: Ledger
    entries: Entries
    jobs: JobView
    turns: Turns
    repeats: Repeats
    clock: Clock
    unrecorded: set[str] = field(default_factory=set)
    """Jobs whose outcome the ledger has not taken yet; readiness names how many."""

    async def progress(self, report: Progress) -> None:
        """Take one report in; a job that is final already stays as it is."""
        async with self.turns.of(report.job_id):
            job = await self.jobs.find_by_id(report.job_id)
            if job is None or job.status.final:
                return
            if report.status == JobStatus.RUNNING:
                self.jobs.put(replace(job, status=JobStatus.RUNNING, started_at=report.at))
            elif JobStatus(report.status).final:
                await self._persist(job, report)

    async def _persist(self, job: JobRecord, report: Progress) -> None:
        """Record an outcome, however long the ledger takes to come back."""
        attempt = 0
        while True:
            try:
                ended = await self._record(job, report)
            except UnavailableError as error:
                self.unrecorded.add(job.id)
                log.warning(events.OUTCOME_DELAYED, job_id=job.id, code=error.code)
                await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])
                attempt += 1
            else:
                self.unrecorded.discard(job.id)
                self.jobs.put(ended)
                log.info(_EVENTS[ended.status], job_id=job.id, backend=ended.backend)
                return

    async def _record(self, job: JobRecord, report: Progress) -> JobRecord:
        ended, draft, sealed = await self._outcome(job, report)
        await self.ledger.record(
            draft,
            sealed=sealed,
            hold=await self._settled(ended),
            job=ended,
            attempt=AttemptUpdate(job_id=job.id, attempt=report.attempt, state="done", vendor_job_id=None),
        )
        return ended

    async def _settled(self, ended: JobRecord) -> HoldWrite | None:
        """Charge a completed job what was held for it, and give back what was held for any other."""
        async with self.database.reading() as connection:
            held = await holds.held(connection, ended.id)
        if held is None:
            return None
        now = self.clock.now()
        completed = ended.status is JobStatus.COMPLETED
        return settle(held, held.amount_micros, now) if completed else release(held, now)

    async def _outcome(self, job: JobRecord, report: Progress) -> tuple[JobRecord, EntryDraft, tuple[SealedWrite, ...]]:
        repeats = self.repeats.of(job.key_id, job.payload_digest)
        if report.result is None:
            ended = replace(
                job,
                status=JobStatus(report.status),
                reason=report.reason,
                reason_code=report.reason_code,
                started_at=job.started_at,
                finished_at=report.at,
            )
            return ended, self.entries.ended(ended, attempt=report.attempt, repeats=repeats), ()
        body = await self.vault.open(object_id=job.id, kind="payload")
        encoded = await asyncio.to_thread(self.dialects[job.dialect].encode_results, body, report.result)
        sealed = await self.vault.seal(project_id=job.project_id, object_id=job.id, kind="result", plaintext=encoded)
        ended = replace(
            job,
            status=JobStatus.COMPLETED,
            started_at=parse_rfc3339(report.result.started_at),
            finished_at=parse_rfc3339(report.result.finished_at),
            usage_seconds=report.result.seconds,
        )
        draft = self.entries.completed(
            ended, attempt=report.attempt, repeats=repeats, result=report.result, sealed=sealed
        )
        return ended, draft, (sealed,)
