"""What happens to a job after it was forwarded: each report of an upstream becomes record, then view.

Order matters: the outcome is durable in the ledger before any client sees it. While the ledger cannot
take it, the job stays `running` for its owner and the report is tried again.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final

import structlog

from gateway.audit.ledger import Ledger
from gateway.budgets.hold import release, settle
from gateway.budgets.pricing import Pricing
from gateway.domain.clock import Clock, parse_rfc3339, rfc3339
from gateway.domain.errors import GatewayError, UnavailableError
from gateway.domain.job import JobRecord, JobStatus
from gateway.domain.result import ProgramResult
from gateway.domain.writes import AttemptUpdate, EntryDraft, HoldWrite, SealedWrite
from gateway.enforcement.entries import Entries
from gateway.enforcement.outgoing import is_rewritten
from gateway.enforcement.repeats import Repeats
from gateway.enforcement.restored import Restorer
from gateway.enforcement.screening import Handed, Screening, withheld_kind
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
_LONGEST_NAME: Final = 24
_UNREAD: Final = (
    "it ran, and the gateway cannot put its results into the words of this SDK; they are kept: "
    "give the gateway's operators the id of this job"
)
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
    prices: Pricing
    clock: Clock
    shared: bool = False
    """Whether other replicas show its jobs, too."""
    spoken: Mapping[str, str] = field(default_factory=dict)
    """Upstream name to the dialect whose words its results are in."""
    screening: Screening | None = None
    """Looks through what vendors send before anybody gets it."""
    unrecorded: set[str] = field(default_factory=set)
    """Jobs whose outcome the ledger has not taken yet; readiness names how many."""

    async def progress(self, report: Progress) -> None:
        """Take one report in; a job that is final already stays as it is."""
        async with self.turns.of(report.job_id):
            job = await self.jobs.find_by_id(report.job_id)
            if job is None or job.status.final:
                return
            if report.status in {JobStatus.QUEUED, JobStatus.RUNNING}:
                started = report.at if report.status == JobStatus.RUNNING else None
                await self._show(replace(job, status=JobStatus(report.status), started_at=job.started_at or started))
            elif JobStatus(report.status).final:
                await self._persist(job, report)

    async def _show(self, job: JobRecord) -> None:
        """Show how a job stands; other replicas see it in the database, and nobody waits for that."""
        self.jobs.put(job)
        if self.shared:
            with suppress(UnavailableError):
                await self.ledger.show(job)

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
        hold = await self._settled(job, report)
        ended, draft, sealed = await self._outcome(job, report, hold)
        await self.ledger.record(
            draft,
            sealed=sealed,
            hold=hold,
            job=ended,
            attempt=AttemptUpdate(job_id=job.id, attempt=report.attempt, state="done", vendor_job_id=None),
        )
        return ended

    async def _settled(self, job: JobRecord, report: Progress) -> HoldWrite | None:
        """Charge what the vendor says, else what its usage costs; what did not run costs nothing."""
        async with self.database.reading() as connection:
            held = await holds.held(connection, job.id)
        if held is None:
            return None
        charge = self.prices.charge(job, report, held.charge)
        now = self.clock.now()
        if not charge.jobs:
            return release(held, now)
        settled = settle(held, charge, now, native=self.prices.native(report, held.native))
        return replace(settled, price_revision=self.prices.revision(report, held.price_revision))

    async def _outcome(
        self, job: JobRecord, report: Progress, hold: HoldWrite | None
    ) -> tuple[JobRecord, EntryDraft, tuple[SealedWrite, ...]]:
        repeats = self.repeats.of(job.client_job_id)
        ended = _ended(job, report)
        documents = await self._documents(job, report)
        if ended.status is JobStatus.COMPLETED and "result" not in documents:
            # It ran and was paid for: what the vendor left is kept for whoever can read it.
            ended, documents = replace(ended, status=JobStatus.FAILED, reason=_UNREAD), report.documents
        handed = await self._screened(ended, report, documents)
        ended = _as_handed(ended, handed)
        sealed = [await self._seal(job, document_kind(name), body) for name, body in handed.documents.items()]
        sealed += [await self._seal(job, withheld_kind(name), body) for name, body in handed.kept.items()]
        if ended.status is not JobStatus.COMPLETED:
            draft = self.entries.ended(
                ended, attempt=report.attempt, repeats=repeats, sealed=sealed, hold=hold, screened=handed.told
            )
        else:
            draft = self.entries.completed(
                ended,
                attempt=report.attempt,
                repeats=repeats,
                result=report.result,
                vendor=report.vendor,
                sealed=sealed,
                hold=hold,
                screened=handed.told,
            )
        return ended, draft, tuple(sealed)

    async def _screened(self, ended: JobRecord, report: Progress, documents: Mapping[str, bytes]) -> Handed:
        """Look through what a vendor sent; what a simulator of ours made holds no words but its user's."""
        if self.screening is None or not (report.documents or report.envelope or report.vendor):
            return Handed(documents=documents, reason=ended.reason)
        return await self.screening.screen(ended, documents, ended.reason)

    async def _documents(self, job: JobRecord, report: Progress) -> Mapping[str, bytes]:
        """Give what clients will fetch: the vendor's own bytes where its words are theirs, else ours."""
        if (report.documents or report.envelope) and self.speaks(job):
            # How a job failed is told in the vendor's words, too.
            told = self.restorer.documents(job, {**report.documents, "job": report.envelope})
        elif report.result is not None:
            told = self._encoded(job, report, report.result)
        else:
            return {}
        try:
            return await told
        except GatewayError:
            raise
        except Exception:
            # The defect is ours, and asking the vendor again changes nothing.
            log.exception(events.RESULT_UNREAD, job_id=job.id)
            return {}

    async def _encoded(self, job: JobRecord, report: Progress, ran: ProgramResult) -> Mapping[str, bytes]:
        """Write a result in the words of the job's client."""
        body = await self.vault.open(object_id=job.id, kind="payload")
        ended = _ended(job, report)
        result = ran if report.vendor is None else _labelled(_timed(ran, ended), ended)
        restored = await self.restorer.result(job, result)
        return await asyncio.to_thread(self.dialects[job.dialect].encode_results, ended, body, restored)

    @property
    def restorer(self) -> Restorer:
        """What undoes in results what policy had changed."""
        return Restorer(dialects=self.dialects, vault=self.vault)

    def speaks(self, job: JobRecord) -> bool:
        """Say whether a job ran as it was written, where its own dialect is spoken: nothing needs translating."""
        spoken = self.spoken.get(job.upstream)
        return spoken is not None and not is_rewritten(job, spoken)

    async def _seal(self, job: JobRecord, kind: str, body: bytes) -> SealedWrite:
        return await self.vault.seal(project_id=job.project_id, object_id=job.id, kind=kind, plaintext=body)


def _timed(result: ProgramResult, ended: JobRecord) -> ProgramResult:
    """Tell when a vendor ran a job, whose results seldom say so themselves."""
    started, finished = ended.started_at or ended.created_at, ended.finished_at or ended.created_at
    return replace(result, started_at=rfc3339(started), finished_at=rfc3339(finished), seconds=ended.usage_seconds)


def _labelled(result: ProgramResult, ended: JobRecord) -> ProgramResult:
    """Say in the result itself where it comes from: it is told in other words than that vendor's."""
    label = {"execution_kind": ended.kind.value, "backend": ended.backend, "asked_backend": ended.asked_backend}
    why = {"fallback_reason": ended.fallback_reason} if ended.fallback_reason else {}
    return replace(result, metadata={**result.metadata, **label, **why})


def document_kind(name: str) -> str:
    """Name the sealed object that holds one document of a job's results; long names by their digest."""
    if name == "result":
        return name
    return f"result/{name if len(name) <= _LONGEST_NAME else sha256(name.encode()).hexdigest()[:_LONGEST_NAME]}"


def _as_handed(ended: JobRecord, handed: Handed) -> JobRecord:
    """Tell a job's client what it gets: a job whose result is withheld has none to show."""
    if not handed.withheld:
        return replace(ended, reason=handed.reason)
    failed = ended.status is JobStatus.COMPLETED
    return replace(ended, status=JobStatus.FAILED if failed else ended.status, reason=handed.withheld)


def _ended(job: JobRecord, report: Progress) -> JobRecord:
    result, vendor = report.result, report.vendor
    started, finished, seconds = job.started_at, report.at, job.usage_seconds
    if result is not None and vendor is None:
        started, finished = parse_rfc3339(result.started_at), parse_rfc3339(result.finished_at)
        seconds = result.seconds
    if vendor is not None:
        started, finished = vendor.started_at or started, vendor.finished_at or finished
        seconds = seconds if vendor.billed_seconds is None else vendor.billed_seconds
    return replace(
        job,
        status=JobStatus(report.status),
        reason=report.reason,
        reason_code=report.reason_code,
        started_at=started,
        finished_at=finished,
        usage_seconds=seconds,
        execution_calibration=report.calibration or job.calibration_digest,
    )
