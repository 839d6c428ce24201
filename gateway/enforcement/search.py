"""Looking for submissions whose answer was lost: at the vendor, by our mark, until it is known what became of them.

Found means adopted. Not found means sent again only where the upstream proves that safe: the vendor runs one token
once, or repeated searches over its own settling time found nothing. Until then the job stays `unknown`, and its hold
is kept.
"""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Final

import structlog

from gateway.audit.ledger import Ledger
from gateway.domain.clock import Clock
from gateway.domain.decision import Placement
from gateway.domain.errors import RefusedError, UnavailableError
from gateway.domain.job import JobRecord, JobStatus
from gateway.domain.permit import Permit
from gateway.domain.writes import AttemptUpdate
from gateway.enforcement.entries import Entries
from gateway.enforcement.launch import Launcher
from gateway.enforcement.outgoing import Outbound, outgoing
from gateway.enforcement.pauses import Pauses
from gateway.enforcement.turns import Turns
from gateway.enforcement.wishes import Wishes
from gateway.ports.upstream import Attempt, Order, Upstream
from gateway.ports.vendor import Resend
from gateway.routing.fleet import Fleet
from gateway.store import attempts
from gateway.store.attempts import AttemptRow
from gateway.store.engine import Database
from gateway.store.view import JobView
from gateway.telemetry import events

AT_ONCE: Final = 32
"""Attempts at one vendor that are looked for at the same time: they share its answers."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Settles attempts that were sent, and whose answer nobody has."""

    database: Database
    ledger: Ledger
    fleet: Fleet
    jobs: JobView
    outbound: Outbound
    launcher: Launcher
    entries: Entries
    turns: Turns
    wishes: Wishes
    clock: Clock
    pauses: Pauses

    async def run(self) -> None:
        """Look for every attempt whose time has come."""
        if not self.fleet.has_hardware():
            return
        async with self.database.reading() as connection:
            lost = await attempts.sending(connection, owner=self.ledger.owner)
        self.pauses.keep_only({_key(row) for row in lost})
        rooms: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(AT_ONCE))
        due = [row for row in lost if row.job_id not in self.launcher.sending and self.pauses.due(_key(row))]
        await asyncio.gather(*(self._next(row, rooms[row.upstream]) for row in due))

    async def _next(self, row: AttemptRow, room: asyncio.Semaphore) -> None:
        async with room, self.turns.of(row.job_id):
            await self._settle(row)

    async def _settle(self, row: AttemptRow) -> None:
        """Look once; whatever cannot be done now is tried again after a pause."""
        self.pauses.begin(_key(row), row.searches)
        try:
            job, current = await self._open(row)
            if job is not None and current == row:
                await self._look(job, row)
        except RefusedError as error:
            log.warning(events.SEARCH_FAILED, job_id=row.job_id, code=error.code)
        except UnavailableError as error:
            log.info(events.SEARCH_FAILED, job_id=row.job_id, code=error.code)
        except Exception:
            # A defect met by one attempt must not end the search for the others.
            log.exception(events.SEARCH_FAILED, job_id=row.job_id)

    async def _open(self, row: AttemptRow) -> tuple[JobRecord | None, AttemptRow | None]:
        async with self.database.reading() as connection:
            current = await attempts.load(connection, row.job_id, row.attempt)
        return await self.jobs.find_by_id(row.job_id), current

    async def _look(self, job: JobRecord, row: AttemptRow) -> None:
        upstream = self.fleet.upstreams.get(row.upstream)
        if upstream is None:
            return
        attempt = await self.outbound.attempt(job, row)
        vendor_job_id = await upstream.find(attempt)
        if vendor_job_id is not None:
            await self._adopt(upstream, job, attempt, vendor_job_id)
            return
        searched = row.searches + 1
        await self.ledger.note(
            AttemptUpdate(job_id=job.id, attempt=row.attempt, state="sending", vendor_job_id=None, searched=True)
        )
        now = self.clock.now()
        if stop := self.wishes.of(job.id):
            # It is not sent again, so it can only end by being proven not to be there.
            if upstream.absent(attempt, searched=searched, now=now):
                await self.launcher.abandon(row.attempt, replace(job, reason=stop.reason), status=JobStatus.CANCELLED)
        elif proof := upstream.resend(attempt, searched=searched, now=now):
            await self._again(job, replace(row, searches=searched), proof)

    async def _adopt(self, upstream: Upstream, job: JobRecord, attempt: Attempt, vendor_job_id: str) -> None:
        await self.launcher.adopt(job, attempt=attempt.attempt, vendor_job_id=vendor_job_id)
        log.info(events.SEARCH_FOUND, job_id=job.id, attempt=attempt.attempt)
        await upstream.follow(attempt, vendor_job_id)
        if self.wishes.of(job.id):
            await upstream.cancel(job.id)

    async def _again(self, job: JobRecord, row: AttemptRow, proof: Resend) -> None:
        """Send it once more; what the vendor refuses now never ran, and what is lost again is looked for again."""
        permit, order = await self._permit(job, row, proof)
        try:
            await self.launcher.launch(permit, job, order)
        except RefusedError as error:
            await self.launcher.abandon(permit.attempt, replace(job, reason=error.message))
        except UnavailableError:
            if permit.attempt != row.attempt:
                await self.launcher.take_back(permit)
            raise
        log.info(events.JOB_RECOVERED, job_id=job.id, attempt=permit.attempt)

    async def _permit(self, job: JobRecord, row: AttemptRow, proof: Resend) -> tuple[Permit, Order]:
        """Take the same attempt over where one token runs once; else open the next and close this one with it."""
        if proof is Resend.IDEMPOTENT:
            order = await self.outbound.order_again(job, row)
            return await self.ledger.claim(row), order
        number = row.attempt + 1
        order = await self.outbound.order_next(job, row)
        draft = self.entries.repeated(job, attempt=number, searches=row.searches, prepared=order.prepared)
        placement = Placement(
            upstream=row.upstream, backend=row.backend, kind=row.kind, fallback=row.fallback, reason=row.reason
        )
        sent = outgoing(job, order, attempt=number)
        return await self.ledger.permit_again(
            draft, job=job, placement=placement, closes=row.attempt, outgoing=sent
        ), order


def _key(row: AttemptRow) -> tuple[str, int]:
    return row.job_id, row.attempt
