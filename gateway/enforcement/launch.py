"""Forwarding: one attempt per permit, and what is written down around it.

At a vendor the attempt is marked `sending` before the first byte leaves: a crash before the mark leaves a job that
certainly did not go, a crash after it one that is looked for at the vendor before anything else. Our simulator needs no
mark, because running it twice costs nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import structlog

from gateway.audit.ledger import Ledger
from gateway.budgets.hold import release
from gateway.domain.backend import ExecutionKind
from gateway.domain.clock import Clock, rfc3339
from gateway.domain.errors import GatewayError, UnavailableError
from gateway.domain.job import JobRecord, JobStatus
from gateway.domain.permit import Permit
from gateway.domain.writes import AttemptUpdate
from gateway.enforcement.entries import Entries
from gateway.enforcement.obliged import check_still_kept
from gateway.ports.upstream import Order
from gateway.ports.vendor import AnswerLostError
from gateway.routing.fleet import Fleet
from gateway.store import holds
from gateway.store.engine import Database
from gateway.store.view import JobView
from gateway.telemetry import events
from gateway.telemetry.metrics import Metrics

log = structlog.get_logger(__name__)


def _nobody(_: JobRecord) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launcher:
    """Hands permitted jobs to their upstreams."""

    database: Database
    fleet: Fleet
    ledger: Ledger
    entries: Entries
    jobs: JobView
    clock: Clock
    metrics: Metrics
    sending: set[str] = field(default_factory=set)
    """Jobs this process is sending right now; the search leaves them alone."""

    async def launch(
        self, permit: Permit, job: JobRecord, order: Order, *, taken: Callable[[JobRecord], None] = _nobody
    ) -> JobRecord:
        """Start the one attempt a permit allows; `taken` hears it as soon as it is certain that it started.

        A submission whose answer was lost leaves the job `unknown`, and is no error: its client must not send it again.

        Raises:
            GatewayError: certainly not started.
        """
        self.sending.add(job.id)
        try:
            return await self._send(permit, job, order, taken)
        finally:
            self.sending.discard(job.id)

    async def _send(
        self, permit: Permit, job: JobRecord, order: Order, taken: Callable[[JobRecord], None]
    ) -> JobRecord:
        upstream = self.fleet.upstreams[permit.placement.upstream]
        check_still_kept(job.obliged, permit.placement.backend, self.fleet, self.clock)
        if self.fleet.at_vendor(permit.placement.upstream):
            await self._mark_sending(permit)
        try:
            vendor_job_id = await upstream.submit(permit, order)
        except AnswerLostError as error:
            return await self.lose(permit, job, error)
        queued = self._queued(job)
        self.jobs.put(queued)
        taken(queued)
        self._count(permit)
        await self.note_forwarded(queued, attempt=permit.attempt, vendor_job_id=vendor_job_id)
        log.info(events.JOB_FORWARDED, job_id=job.id, backend=job.backend, attempt=permit.attempt)
        return queued

    def _queued(self, job: JobRecord) -> JobRecord:
        return replace(
            job, status=JobStatus.QUEUED, reason="", stages={**job.stages, "forwarded": rfc3339(self.clock.now())}
        )

    async def _mark_sending(self, permit: Permit) -> None:
        await self.ledger.note(
            AttemptUpdate(
                job_id=permit.job_id,
                attempt=permit.attempt,
                state="sending",
                vendor_job_id=None,
                sent_at=self.clock.now(),
            )
        )

    async def take_back(self, permit: Permit) -> None:
        """Note that an attempt certainly did not go: it waits as permitted, and goes later without a search."""
        await self.ledger.note(
            AttemptUpdate(job_id=permit.job_id, attempt=permit.attempt, state="permitted", vendor_job_id=None)
        )

    async def lose(self, permit: Permit, job: JobRecord, error: AnswerLostError) -> JobRecord:
        """Leave a job `unknown`, its hold kept: the vendor may run and bill it."""
        unknown = replace(job, status=JobStatus.UNKNOWN, reason=f"being looked for at the vendor: {error.message}")
        draft = self.entries.lost(unknown, attempt=permit.attempt, why=error.message)
        try:
            await self.ledger.record(draft, job=unknown)
        except UnavailableError:
            log.exception(events.ENTRY_MISSED, job_id=job.id)
        self.jobs.put(unknown)
        self.metrics.lost(permit.placement.upstream)
        log.warning(events.FORWARD_FAILED, job_id=job.id, code=error.code)
        return unknown

    def _count(self, permit: Permit) -> None:
        if permit.placement.kind is ExecutionKind.SIMULATOR:
            self.metrics.simulated(permit.placement.backend)
        if permit.placement.fallback:
            self.metrics.fell_back()

    async def note_forwarded(self, job: JobRecord, *, attempt: int, vendor_job_id: str, found: bool = False) -> None:
        """Record it; whatever the ledger says to that, the job runs, and its attempt stays to be found."""
        draft = self.entries.forwarded(job, attempt=attempt, vendor_job_id=vendor_job_id, found=found)
        update = AttemptUpdate(job_id=job.id, attempt=attempt, state="forwarded", vendor_job_id=vendor_job_id)
        try:
            await self.ledger.record(draft, job=job, attempt=update)
        except GatewayError:
            log.exception(events.ENTRY_MISSED, job_id=job.id)

    async def adopt(self, job: JobRecord, *, attempt: int, vendor_job_id: str) -> JobRecord:
        """Take over a job that was found at the vendor after its answer had been lost."""
        queued = self._queued(job)
        await self.note_forwarded(queued, attempt=attempt, vendor_job_id=vendor_job_id, found=True)
        self.jobs.put(queued)
        return queued

    async def abandon(self, attempt: int, job: JobRecord, *, status: JobStatus = JobStatus.FAILED) -> JobRecord:
        """Close a permitted job that was certainly not started."""
        ended = replace(job, status=status, finished_at=self.clock.now())
        update = AttemptUpdate(job_id=job.id, attempt=attempt, state="abandoned", vendor_job_id=None)
        async with self.database.reading() as connection:
            held = await holds.held(connection, job.id)
        hold = None if held is None else release(held, self.clock.now())
        draft = self.entries.ended(ended, attempt=attempt, repeats=0, hold=hold)
        await self.ledger.record(draft, job=ended, attempt=update, hold=hold)
        self.jobs.put(ended)
        return ended
