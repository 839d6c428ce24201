"""After a crash: every attempt that was permitted and has no outcome is claimed again, or closed with a reason.

Our simulator may run a job again; it costs nothing and the seed is recorded. At a vendor a first attempt that was never
marked as being sent is given up, unless its client is known to have been answered: whoever heard nothing, or "nothing
was forwarded", submits again. What was sent is followed where the vendor's id is known, and otherwise left to the
search (`search.py`), `unknown` and with its hold kept.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from gateway.audit.ledger import Ledger
from gateway.domain.clock import Clock
from gateway.domain.errors import GatewayError, RefusedError, UnavailableError
from gateway.domain.job import JobRecord, JobStatus
from gateway.domain.permit import Permit
from gateway.enforcement.launch import Launcher
from gateway.enforcement.outgoing import Outbound
from gateway.enforcement.pauses import Pauses
from gateway.enforcement.turns import Turns
from gateway.enforcement.void import Void
from gateway.enforcement.wishes import Wishes
from gateway.ports.upstream import Order
from gateway.routing.fleet import Fleet
from gateway.store import attempts, jobs
from gateway.store.attempts import AttemptRow
from gateway.store.engine import Database
from gateway.store.member import Member
from gateway.store.view import JobView
from gateway.telemetry import events

AT_ONCE: Final = 16
"""Attempts that are taken up at the same time."""
MOST_CLAIMS: Final = 3
"""How often an attempt is taken up again: a job that brings the gateway down must not do so for ever."""
_CLOSED_ELSEWHERE: Final = frozenset({JobStatus.AWAITING, JobStatus.PERMITTED, JobStatus.UNKNOWN})
"""What a job looks like here while nobody who could tell its end is followed."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """Takes up what the last process left, and lets go of permits that lapsed."""

    database: Database
    ledger: Ledger
    fleet: Fleet
    jobs: JobView
    outbound: Outbound
    launcher: Launcher
    void: Void
    turns: Turns
    wishes: Wishes
    clock: Clock
    pauses: Pauses
    member: Member | None = None
    """This process, where there are several replicas."""
    left: dict[str, AttemptRow] = field(default_factory=dict)
    """By job id: what still has to be taken up."""

    async def look_back(self) -> None:
        """Note every open attempt. Call it before the first request is served: later ones are nobody's leftovers."""
        async with self.database.reading() as connection:
            found = await attempts.unfinished(connection, owner=self.ledger.owner)
        await self._note(found)

    async def take_over(self) -> None:
        """Take up what a dead replica left, as if it had been left by this process before a crash."""
        assert self.member is not None, "there is nobody to take over from"
        for row in (found := await self.member.take_over()):
            self.jobs.own(row.job_id)
            if row.state == "sending" and (upstream := self.fleet.upstreams.get(row.upstream)):
                upstream.take_over(row.job_id, row.attempt)
        if found:
            await self.jobs.look_again([row.job_id for row in found])
            await self.wishes.learn()
            await self._note(found)

    async def _note(self, found: Sequence[AttemptRow]) -> None:
        self.left.update({row.job_id: row for row in found})
        for row in found:
            if await self._is_unheard_of(row) and (job := await self.jobs.find_by_id(row.job_id)):
                self.void.note(job)

    async def run(self) -> None:
        """Take up what is left; what the ledger does not let us claim now stays for the next time."""
        self.pauses.keep_only(self.left)
        # What was never sent goes first: its client waits, while what was sent runs on without us.
        due = sorted((row for row in self.left.values() if self._is_due(row)), key=lambda row: row.state != "permitted")
        room = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(self._next(row, room) for row in due))
        for row in await self._lapsed():
            if self.fleet.at_vendor(row.upstream) and not await self._is_unheard_of(row):
                # Its client knows the job, and waits for it: it goes after all.
                self.left[row.job_id] = row
            else:
                await self._settled(row, self._let_go)
        self.void.forget_lapsed(self.left)
        await self._show_ended()

    async def _next(self, row: AttemptRow, room: asyncio.Semaphore) -> None:
        async with room:
            self.pauses.begin(row.job_id, row.claims)
            if await self._settled(row, self._take_up):
                del self.left[row.job_id]
            else:
                await self._look_again(row)

    def _is_due(self, row: AttemptRow) -> bool:
        return self.wishes.of(row.job_id) is not None or self.pauses.due(row.job_id)

    async def _look_again(self, row: AttemptRow) -> None:
        """Note how an attempt stands that could not be taken up now: a claim of it may have become durable."""
        async with self.database.reading() as connection:
            if current := await attempts.load(connection, row.job_id, row.attempt):
                self.left[row.job_id] = current

    async def _settled(self, row: AttemptRow, settle: Callable[[JobRecord, AttemptRow], Awaitable[None]]) -> bool:
        """Settle an attempt in its job's turn; false when that cannot be done now."""
        try:
            async with self.turns.of(row.job_id):
                if job := await self._open_job(row):
                    await settle(job, row)
        except UnavailableError as error:
            log.warning(events.FORWARD_FAILED, job_id=row.job_id, code=error.code)
            return False
        except RefusedError:
            pass  # another process was faster, or its outcome is just being written
        except Exception:
            # A defect met by one attempt must not keep the others waiting.
            log.exception(events.FORWARD_FAILED, job_id=row.job_id)
            return False
        return True

    async def _is_unheard_of(self, row: AttemptRow) -> bool:
        """Say whether no client waits for an attempt at a vendor: none sent it, and nobody was answered with its job.

        A second attempt's client knows the job, because something of the first may have left.
        """
        if row.attempt > 1 or row.state != "permitted" or not self.fleet.at_vendor(row.upstream):
            return False
        async with self.database.reading() as connection:
            return not await jobs.is_answered(connection, row.job_id)

    async def _show_ended(self) -> None:
        """Show the end of jobs that somebody else closed, or whose closing became durable after all."""
        waiting = {job.id for job in self.jobs.under_way() if job.status in _CLOSED_ELSEWHERE}
        if waiting:
            async with self.database.reading() as connection:
                ended = await jobs.ended(connection, waiting)
            for job in ended:
                self.jobs.put(job)

    async def _lapsed(self) -> list[AttemptRow]:
        """Find permits of this process that were never forwarded.

        Their commit became durable after its caller had given up, or their upstream broke: the client was told
        to ask again, or sees a job that waits.
        """
        now = self.clock.now()
        async with self.database.reading() as connection:
            waiting = await attempts.permitted(connection, owner=self.ledger.owner)
        lapsed = [row for row in waiting if row.job_id in self.void or (row.lease_until or now) <= now]
        return [row for row in lapsed if row.job_id not in self.left and not await self._runs(row)]

    async def _runs(self, row: AttemptRow) -> bool:
        """Say whether it was forwarded after all, and only the entry that says so was missed.

        At a vendor that cannot be: what is sent there is marked before.
        """
        if self.fleet.at_vendor(row.upstream):
            return False
        job = await self.jobs.find_by_id(row.job_id)
        return job is not None and job.status is not JobStatus.PERMITTED

    async def _open_job(self, row: AttemptRow) -> JobRecord | None:
        async with self.database.reading() as connection:
            current = await attempts.load(connection, row.job_id, row.attempt)
            job = await jobs.by_id(connection, row.job_id)
        if current != row or job is None or job.status.final:
            return None  # while we waited for its turn, somebody moved it on
        if self.fleet.at_vendor(row.upstream) and row.state != "permitted":
            await self._leave_to_others(job, row)
            return None
        return job

    async def _leave_to_others(self, job: JobRecord, row: AttemptRow) -> None:
        upstream = self.fleet.upstreams.get(row.upstream)
        if row.state == "forwarded" and row.vendor_job_id is not None and upstream is not None:
            await upstream.follow(await self.outbound.attempt(job, row), row.vendor_job_id)
            if self.wishes.of(job.id):
                await upstream.cancel(job.id)
        else:
            self.jobs.put(replace(job, status=JobStatus.UNKNOWN))

    async def _let_go(self, job: JobRecord, row: AttemptRow) -> None:
        await self._give_up(job, row, "its permit lapsed before it was forwarded; nothing ran, submit it again")

    async def _take_up(self, job: JobRecord, row: AttemptRow) -> None:
        if stop := self.wishes.of(job.id):
            await self._close(job, row, stop.reason, JobStatus.CANCELLED)
            return
        if await self._is_unheard_of(row):
            await self._give_up(job, row, "the gateway stopped before it was forwarded; nothing ran, submit it again")
            return
        if row.claims >= MOST_CLAIMS and not self.fleet.at_vendor(row.upstream):
            times = row.claims + 1
            await self._give_up(job, row, f"interrupted {times} times by restarts of the gateway; submit it again")
            return
        try:
            order = await self.outbound.order_again(job, row)
        except GatewayError as error:
            await self._not_now(job, row, error)
            return
        permit = await self.ledger.claim(row)
        try:
            await self._run_again(permit, job, order)
        except GatewayError as error:
            if self.fleet.at_vendor(row.upstream) and isinstance(error, UnavailableError):
                await self.launcher.take_back(permit)
            await self._not_now(job, row, error)

    async def _not_now(self, job: JobRecord, row: AttemptRow, error: GatewayError) -> None:
        """Keep what certainly did not go until its vendor can be reached; give anything else up."""
        if self.fleet.at_vendor(row.upstream) and isinstance(error, UnavailableError):
            raise error
        await self._give_up(job, row, f"interrupted by a restart of the gateway and not run again: {error.message}")

    async def _run_again(self, permit: Permit, job: JobRecord, order: Order) -> None:
        self.jobs.put(job)
        await self.launcher.launch(permit, job, order)
        log.info(events.JOB_RECOVERED, job_id=job.id, attempt=permit.attempt)

    async def _give_up(self, job: JobRecord, row: AttemptRow, reason: str) -> None:
        # Whoever is told to submit it again may do so under the same token.
        await self._close(replace(job, repeat_token=None), row, reason, JobStatus.FAILED)
        log.warning(events.JOB_FAILED, job_id=job.id)

    async def _close(self, job: JobRecord, row: AttemptRow, reason: str, status: JobStatus) -> None:
        await self.launcher.abandon(row.attempt, replace(job, reason=reason), status=status)
        self.void.closed(job.id)
