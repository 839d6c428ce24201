"""Steps 8 and 9: forward once per permit, and record that it was forwarded.

Used by submission and by recovery alike. The caller holds the job's turn.
"""

from dataclasses import dataclass, replace

import structlog

from gateway.audit.ledger import Ledger
from gateway.budgets.hold import release
from gateway.domain.backend import ExecutionKind
from gateway.domain.clock import Clock, rfc3339
from gateway.domain.errors import UnavailableError
from gateway.domain.job import JobRecord, JobStatus
from gateway.domain.permit import Permit
from gateway.domain.writes import AttemptUpdate
from gateway.enforcement.entries import Entries
from gateway.ports.upstream import Order
from gateway.routing.fleet import Fleet
from gateway.store import holds
from gateway.store.engine import Database
from gateway.store.view import JobView
from gateway.telemetry import events
from gateway.telemetry.metrics import Metrics

log = structlog.get_logger(__name__)


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

    async def launch(self, permit: Permit, job: JobRecord, order: Order) -> JobRecord:
        """Start the one attempt a permit allows.

        Raises:
            GatewayError: certainly not started.
        """
        upstream = self.fleet.upstreams[permit.placement.upstream]
        vendor_job_id = await upstream.submit(permit, order)
        stages = {**job.stages, "forwarded": rfc3339(self.clock.now())}
        queued = replace(job, status=JobStatus.QUEUED, stages=stages)
        await self._note_forwarded(permit, queued, vendor_job_id)
        self.jobs.put(queued)
        self._count(permit)
        log.info(events.JOB_FORWARDED, job_id=job.id, backend=job.backend, attempt=permit.attempt)
        return queued

    def _count(self, permit: Permit) -> None:
        if permit.placement.kind is ExecutionKind.SIMULATOR:
            self.metrics.simulated(permit.placement.backend)
        if permit.placement.fallback:
            self.metrics.fell_back()

    async def _note_forwarded(self, permit: Permit, job: JobRecord, vendor_job_id: str) -> None:
        """Record it; if the ledger is down now the job runs on, and its attempt stays claimable."""
        draft = self.entries.forwarded(job, attempt=permit.attempt, vendor_job_id=vendor_job_id)
        update = AttemptUpdate(job_id=job.id, attempt=permit.attempt, state="forwarded", vendor_job_id=vendor_job_id)
        try:
            await self.ledger.record(draft, job=job, attempt=update)
        except UnavailableError:
            log.exception(events.ENTRY_MISSED, job_id=job.id)

    async def abandon(self, permit: Permit, job: JobRecord) -> JobRecord:
        """Close a permitted job that was certainly not started."""
        failed = replace(job, status=JobStatus.FAILED, finished_at=self.clock.now())
        draft = self.entries.ended(failed, attempt=permit.attempt, repeats=0)
        update = AttemptUpdate(job_id=job.id, attempt=permit.attempt, state="abandoned", vendor_job_id=None)
        async with self.database.reading() as connection:
            held = await holds.held(connection, job.id)
        hold = None if held is None else release(held, self.clock.now())
        await self.ledger.record(draft, job=failed, attempt=update, hold=hold)
        self.jobs.put(failed)
        return failed
