"""Cancelling, deleting and tagging jobs. Cancels of one's own jobs work even while the ledger does not."""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

import structlog

from gateway.audit.ledger import Ledger
from gateway.domain.clock import Clock
from gateway.domain.errors import UnavailableError
from gateway.domain.job import JobRecord, JobStatus
from gateway.domain.principal import Caller
from gateway.enforcement.access import Access
from gateway.enforcement.entries import Entries
from gateway.enforcement.errors import JobEndedError, JobUnfinishedError
from gateway.enforcement.follow import Follower
from gateway.enforcement.jobs import Jobs
from gateway.enforcement.tags import check_tags
from gateway.enforcement.turns import Turns
from gateway.ports.upstream import Progress
from gateway.routing.fleet import Fleet
from gateway.store.view import JobView
from gateway.telemetry import events

CANCELLED_BY_USER: Final = "cancelled by the user"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Carries out what changes a job after its submission."""

    find: Jobs
    access: Access
    jobs: JobView
    fleet: Fleet
    follower: Follower
    ledger: Ledger
    entries: Entries
    turns: Turns
    clock: Clock

    async def cancel(self, caller: Caller, client_job_id: str) -> None:
        """Stop a job that waits or runs. One's own can always be stopped.

        Raises:
            JobEndedError: it had ended already.
            PermissionMissingError: it is a colleague's, and no role of the key carries `job.cancel`.
        """
        job = await self.find.find(caller, client_job_id)
        if job.principal_id != caller.principal.id:
            self.access.require(caller, "job.cancel")
        if job.status.final:
            raise JobEndedError(job=client_job_id, status=job.status.value)
        await self._note_request(caller, job)
        upstream = self.fleet.upstreams.get(job.upstream)
        if upstream is None or not await upstream.cancel(job.id):
            await self._close_unknown(job)

    async def cancel_each(self, caller: Caller, client_job_ids: list[str]) -> None:
        """Stop those of several jobs that can still be stopped."""
        for client_job_id in client_job_ids:
            with suppress(JobEndedError):
                await self.cancel(caller, client_job_id)

    async def _note_request(self, caller: Caller, job: JobRecord) -> None:
        try:
            await self.ledger.record(self.entries.by("job.cancel_requested", caller, job_id=job.id))
        except UnavailableError:
            log.warning(events.ENTRY_MISSED, job_id=job.id)

    async def _close_unknown(self, job: JobRecord) -> None:
        """End a job that its upstream does not know (any more): it was never started, or ended this instant."""
        await self.follower.progress(
            Progress(
                job_id=job.id, attempt=1, status=JobStatus.CANCELLED, at=self.clock.now(), reason=CANCELLED_BY_USER
            )
        )

    async def delete(self, caller: Caller, client_job_id: str) -> None:
        """Hide a finished job and shred its payload and result; its entries and facts stay.

        Raises:
            JobUnfinishedError: it still waits or runs.
            PermissionMissingError: no role of the key carries `job.delete`.
        """
        job = await self.find.find(caller, client_job_id)
        self.access.require(caller, "job.delete")
        if not job.status.final:
            raise JobUnfinishedError(job=client_job_id, status=job.status.value)
        async with self.turns.of(job.id):
            gone = replace(job, deleted=True)
            draft = self.entries.by("job.deleted", caller, job_id=job.id)
            await self.ledger.record(draft, job=gone, erased=(job.id,))
            self.jobs.put(gone)

    async def tag(self, caller: Caller, client_job_id: str, tags: tuple[str, ...]) -> None:
        """Replace a job's tags; labels and consent were judged at submission and do not change with them."""
        check_tags(tags)
        job = await self.find.find(caller, client_job_id)
        self.access.require(caller, "job.tag")
        async with self.turns.of(job.id):
            tagged = replace(self.jobs.get(client_job_id) or job, tags=tags)
            await self.ledger.record(self.entries.by("job.tagged", caller, job_id=job.id, tags=len(tags)), job=tagged)
            self.jobs.put(tagged)
