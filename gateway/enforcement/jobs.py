"""Reading jobs: from the in-memory view where it can be, from the database where it must."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import structlog

from gateway.audit.ledger import Ledger
from gateway.domain.clock import rfc3339
from gateway.domain.errors import UnavailableError
from gateway.domain.job import JobRecord, JobStatus
from gateway.domain.principal import Caller
from gateway.enforcement.access import Access
from gateway.enforcement.entries import Entries
from gateway.enforcement.follow import document_kind
from gateway.enforcement.outgoing import is_rewritten
from gateway.enforcement.repeats import Repeats
from gateway.ports.answers import CostView, JobList, JobView, LogLines, ResultBody
from gateway.ports.operations import ListJobs
from gateway.ports.upstream import Upstream
from gateway.routing.fleet import Fleet
from gateway.store import holds, legal_holds
from gateway.store import jobs as rows
from gateway.store.engine import Database
from gateway.store.view import JobView as RecentJobs
from gateway.telemetry import events
from gateway.vault.vault import ErasedError, Vault

_REMEMBERED_READS: Final = 50_000
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """Carries out what shows jobs and changes nothing."""

    database: Database
    recent: RecentJobs
    access: Access
    fleet: Fleet
    vault: Vault
    ledger: Ledger
    entries: Entries
    repeats: Repeats
    reads: OrderedDict[tuple[str, str], None] = field(default_factory=OrderedDict)

    async def find(self, caller: Caller, client_job_id: str) -> JobRecord:
        """Find a job this caller may see.

        Raises:
            NotFoundError: none, or another tenant's.
        """
        job = self.recent.get(client_job_id) or await self.recent.find(client_job_id)
        visible = self.access.visible(caller, job, name=client_job_id)
        self.repeats.asked(visible)
        return visible

    async def is_held(self, job: JobRecord) -> bool:
        """Say whether a legal hold keeps what is sealed of a job."""
        async with self.database.reading() as connection:
            held = await legal_holds.standing(connection)
        return held.by(job=job.id, principal=job.principal_id, project=job.project_id) is not None

    async def show(self, caller: Caller, client_job_id: str, *, parameters: bool) -> JobView:
        """Show one job, with what was submitted if asked for."""
        return await self._view(await self.find(caller, client_job_id), parameters=parameters)

    async def metrics(self, caller: Caller, client_job_id: str) -> JobView:
        """Show one job with the vendor's own account of time and usage, where there is one."""
        job = await self.find(caller, client_job_id)
        view = await self._view(job, parameters=False)
        return replace(view, metrics=await self._document(job, "metrics"))

    async def list(self, caller: Caller, operation: ListJobs) -> JobList:
        """List the jobs of the caller's project that the caller may see, newest first unless asked otherwise."""
        colleagues = self.access.permits(caller, "job.read")
        async with self.database.reading() as connection:
            found, count = await rows.search(
                connection,
                operation,
                project_id=caller.project.id,
                principal_id=caller.principal.id,
                dialect=caller.dialect,
                colleagues=colleagues,
            )
        fresh = [self.recent.get(job.client_job_id) or job for job in found]
        views = [await self._view(job, parameters=operation.parameters) for job in fresh]
        return JobList(jobs=tuple(views), count=count, limit=operation.limit, offset=operation.offset)

    async def results(self, caller: Caller, client_job_id: str, *, document: str) -> ResultBody:
        """Fetch one document of the results; `None` until the job is completed.

        Raises:
            ErasedError: the job has no such document.
        """
        job = await self.find(caller, client_job_id)
        if job.status is not JobStatus.COMPLETED:
            return ResultBody(job=job, body=None)
        try:
            body = await self.vault.open(object_id=job.id, kind=document_kind(document))
        except ErasedError:
            # The vault knows the job by a name that clients are never told.
            raise ErasedError(kind=document, object_id=client_job_id) from None
        await self._note_read(caller, job)
        return ResultBody(job=job, body=body)

    async def cost(self, caller: Caller, client_job_id: str) -> CostView:
        """Show what a job was quoted and what it has cost."""
        job = await self.find(caller, client_job_id)
        async with self.database.reading() as connection:
            currency, held, settled = await holds.cost(connection, job.id)
        return CostView(job=job, currency=currency, held_micros=held, settled_micros=settled)

    async def logs(self, caller: Caller, client_job_id: str) -> LogLines:
        """Tell a job's life in lines; what circuits print does not exist."""
        job = await self.find(caller, client_job_id)
        return LogLines(lines=tuple(_story(job)))

    async def _view(self, job: JobRecord, *, parameters: bool) -> JobView:
        upstream = self.fleet.upstreams.get(job.upstream)
        waits = upstream is not None and not job.status.final
        return JobView(
            job=job,
            body=await self.vault.open(object_id=job.id, kind="payload") if parameters else None,
            queue_position=upstream.queue_position(job.id) if upstream is not None and waits else None,
            envelope=await self._envelope(job, upstream),
        )

    async def _envelope(self, job: JobRecord, upstream: Upstream | None) -> bytes | None:
        """Give the vendor's own words about a job, where they are the words of the job's dialect."""
        if upstream is None or upstream.dialect is None or is_rewritten(job, upstream.dialect):
            return None
        return await self._document(job, "job") if job.status.final else upstream.envelope(job.id)

    async def _document(self, job: JobRecord, name: str) -> bytes | None:
        if not self.fleet.at_vendor(job.upstream) or not job.status.final:
            return None
        try:
            return await self.vault.open(object_id=job.id, kind=document_kind(name))
        except ErasedError:
            return None

    async def _note_read(self, caller: Caller, job: JobRecord) -> None:
        """Record the first read of a result per key; reads of one's own jobs stay open without a ledger."""
        if (job.id, caller.key.id) in self.reads:
            return
        draft = self.entries.by("results.read", caller, job_id=job.id)
        try:
            await asyncio.shield(self.ledger.record(draft))
        except UnavailableError:
            log.warning(events.ENTRY_MISSED, job_id=job.id)
            return
        self.reads[job.id, caller.key.id] = None
        if len(self.reads) > _REMEMBERED_READS:
            self.reads.popitem(last=False)


_APPROVAL: Final = {"awaiting": "waits for a second person's approval", "approved": "approved; decided once more"}
"""Stages that only a job has that a second person was asked about, in words."""


def _permitted(job: JobRecord) -> Iterator[str]:
    yield f"permitted by decision {job.decision_id} to run on {job.backend} ({job.kind.value})"
    if job.fallback_reason:
        yield f"placed on {job.backend} instead of {job.asked_backend}: {job.fallback_reason}"
    yield from (f"changed as policy obliges: {words}" for words in job.obliged.words)
    yield from (f"policy warns: {words}" for words in job.obliged.warned)


def _story(job: JobRecord) -> list[str]:
    def line(moment: datetime, text: str) -> str:
        return f"{rfc3339(moment)} {text}"

    lines = [f"{job.stages[stage]} {said}" for stage, said in _APPROVAL.items() if stage in job.stages]
    if "awaiting" not in job.stages or "permitted" in job.stages:
        lines += [f"{job.stages.get('permitted', rfc3339(job.created_at))} {said}" for said in _permitted(job)]
    if job.started_at is not None:
        lines.append(line(job.started_at, "started"))
    if job.finished_at is not None:
        lines.append(line(job.finished_at, f"{job.status.value} {job.reason}".rstrip()))
    return lines
