"""Cancelling, deleting and tagging jobs. Cancels of one's own jobs work even while the ledger does not."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from gateway.audit.ledger import Ledger
from gateway.domain.clock import Clock
from gateway.domain.job import JobRecord, JobStatus
from gateway.domain.principal import Caller
from gateway.domain.stop import CANCELLED, Source
from gateway.domain.writes import EntryDraft, JobEdit
from gateway.enforcement.access import Access
from gateway.enforcement.entries import Entries
from gateway.enforcement.errors import JobEndedError, JobUnfinishedError
from gateway.enforcement.follow import Follower
from gateway.enforcement.jobs import Jobs
from gateway.enforcement.sticky import Cancelled
from gateway.enforcement.tags import check_tags
from gateway.enforcement.turns import Turns
from gateway.enforcement.waiting import Waiting
from gateway.enforcement.wishes import Wishes
from gateway.ports.operations import TagJob
from gateway.ports.upstream import Progress
from gateway.routing.fleet import Fleet
from gateway.store.view import JobView


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
    cancelled: Cancelled
    wishes: Wishes
    waiting: Waiting
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
        self.cancelled.note(job, self.clock.now())
        draft = self.entries.by("job.cancel_requested", caller, job_id=job.id)
        await self._stop(job, Source.CALLER, CANCELLED, draft)

    async def stop(self, job: JobRecord, *, reason: str) -> None:
        """Stop a job for an operator, who needs nobody's leave."""
        await self._stop(job, Source.OPERATOR, reason, None)

    async def _stop(self, job: JobRecord, source: Source, reason: str, draft: EntryDraft | None) -> None:
        """Stop a job wherever it is; what only the vendor can end stays open until the vendor says so.

        The wish is written down first, and without the job's turn: whoever sends the job just now holds that. Where
        another replica follows the job, that one hears of it.
        """
        await self.wishes.note(job, source, reason, draft=draft)
        if job.status is JobStatus.AWAITING and await self.waiting.withdraw(job, reason):
            return
        if self.jobs.owns(job.id):
            await self.heed(await self.jobs.find_by_id(job.id) or job, reason)

    async def heed(self, job: JobRecord, reason: str) -> None:
        """Act on the wish that a job be stopped, at the replica that follows it."""
        upstream = self.fleet.upstreams.get(job.upstream)
        stopped = upstream is not None and await upstream.cancel(job.id)
        if not stopped and not self.fleet.at_vendor(job.upstream):
            await self._close_unknown(job, reason)

    async def cancel_each(self, caller: Caller, client_job_ids: Sequence[str]) -> None:
        """Stop those of several jobs that can still be stopped."""
        for client_job_id in client_job_ids:
            with suppress(JobEndedError):
                await self.cancel(caller, client_job_id)

    async def _close_unknown(self, job: JobRecord, reason: str) -> None:
        """End a job that its simulator does not know (any more): it was never started, or ended this instant."""
        await self.follower.progress(
            Progress(job_id=job.id, attempt=1, status=JobStatus.CANCELLED, at=self.clock.now(), reason=reason)
        )

    async def delete(self, caller: Caller, client_job_id: str) -> None:
        """Hide a finished job and shred its payload and result, but for a legal hold; its entries and facts stay.

        Raises:
            JobUnfinishedError: it still waits or runs.
            PermissionMissingError: no role of the key carries `job.delete`.
        """
        job = await self.find.find(caller, client_job_id)
        self.access.require(caller, "job.delete")
        if not job.status.final:
            raise JobUnfinishedError(job=client_job_id, status=job.status.value)
        async with self.turns.of(job.id):
            draft = self.entries.by("job.deleted", caller, job_id=job.id)
            erased = () if await self.find.is_held(job) else (job.id,)
            await self.ledger.record(draft, edit=JobEdit(job_id=job.id, deleted=True), erased=erased)
            self.jobs.put(replace(job, deleted=True))

    async def delete_each(self, caller: Caller, client_job_ids: Sequence[str]) -> None:
        """Delete several jobs, all or none: each is checked before the first one goes.

        Raises:
            JobUnfinishedError: one still waits or runs.
        """
        for client_job_id in client_job_ids:
            job = await self.find.find(caller, client_job_id)
            if not job.status.final:
                raise JobUnfinishedError(job=client_job_id, status=job.status.value)
        for client_job_id in client_job_ids:
            await self.delete(caller, client_job_id)

    async def tag(self, caller: Caller, operation: TagJob) -> None:
        """Change a job's tags; labels and consent were judged at submission and do not change with them."""
        job = await self.find.find(caller, operation.client_job_id)
        self.access.require(caller, "job.tag")
        async with self.turns.of(job.id):
            current = self.jobs.get(operation.client_job_id) or job
            tags = _changed(current.tags, operation)
            check_tags(tags)
            draft = self.entries.by("job.tagged", caller, job_id=job.id, tags=len(tags))
            await self.ledger.record(draft, edit=JobEdit(job_id=job.id, tags=tags))
            self.jobs.put(replace(self.jobs.get(operation.client_job_id) or current, tags=tags))


def _changed(tags: tuple[str, ...], operation: TagJob) -> tuple[str, ...]:
    if not operation.keep:
        return operation.tags
    stay = (tag for tag in tags if not operation.dropped or not tag.startswith(operation.dropped))
    return tuple(dict.fromkeys((*stay, *operation.tags)))
