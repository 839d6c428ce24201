"""After a crash: every attempt that was permitted and has no outcome is claimed again, or closed with a reason.

Simulators may run a job again; it costs nothing and the seed is recorded. An attempt on hardware that was permitted
and never marked as being sent goes now; one that was sent is followed where the vendor's id is known, and otherwise
left to the search (`search.py`), `unknown` and with its hold kept.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from gateway.audit.ledger import Ledger
from gateway.domain.backend import ExecutionKind
from gateway.domain.clock import Clock
from gateway.domain.errors import GatewayError, RefusedError, UnavailableError
from gateway.domain.job import JobRecord, JobStatus
from gateway.domain.permit import Permit
from gateway.enforcement.launch import CANCEL_STAGE, CANCELLED, Launcher
from gateway.enforcement.outgoing import Outbound
from gateway.enforcement.turns import Turns
from gateway.routing.fleet import Fleet
from gateway.store import attempts, jobs
from gateway.store.attempts import AttemptRow
from gateway.store.engine import Database
from gateway.store.view import JobView
from gateway.telemetry import events

MOST_CLAIMS: Final = 3
"""How often an attempt is taken up again: a job that brings the gateway down must not do so for ever."""
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
    turns: Turns
    clock: Clock
    left: dict[str, AttemptRow] = field(default_factory=dict)
    """By job id: what still has to be taken up."""

    async def look_back(self) -> None:
        """Note every open attempt. Call it before the first request is served: later ones are nobody's leftovers."""
        async with self.database.reading() as connection:
            self.left.update({row.job_id: row for row in await attempts.unfinished(connection)})

    async def run(self) -> None:
        """Take up what is left; what the ledger does not let us claim now stays for the next time."""
        for row in list(self.left.values()):
            if await self._settled(row, self._take_up):
                del self.left[row.job_id]
            else:
                await self._look_again(row)
        for row in await self._lapsed():
            await self._settled(row, self._let_go)

    async def _look_again(self, row: AttemptRow) -> None:
        """Note how an attempt stands that could not be taken up now: a claim of it may have become durable."""
        async with self.database.reading() as connection:
            if current := await attempts.load(connection, row.job_id, row.attempt):
                self.left[row.job_id] = current

    async def _settled(
        self, row: AttemptRow, settle: Callable[[Permit, JobRecord, AttemptRow], Awaitable[None]]
    ) -> bool:
        """Claim an attempt and settle it, in its job's turn; false when the ledger takes no entry now."""
        try:
            async with self.turns.of(row.job_id):
                if job := await self._open_job(row):
                    await settle(await self.ledger.claim(row), job, row)
        except UnavailableError as error:
            log.warning(events.FORWARD_FAILED, job_id=row.job_id, code=error.code)
            return False
        except RefusedError:
            pass  # another process was faster, or its outcome is just being written
        return True

    async def _lapsed(self) -> list[AttemptRow]:
        """Find permits of this process that were never forwarded.

        Their commit became durable after its caller had given up, or their upstream broke: the client was told
        to ask again, or sees a job that waits.
        """
        now = self.clock.now()
        async with self.database.reading() as connection:
            rows = await attempts.unfinished(connection)
        lapsed = [row for row in rows if row.state == "permitted" and row.lease_until and row.lease_until <= now]
        return [row for row in lapsed if row.job_id not in self.left and not await self._runs(row)]

    async def _runs(self, row: AttemptRow) -> bool:
        """Say whether it was forwarded after all, and only the entry that says so was missed."""
        job = await self.jobs.find_by_id(row.job_id)
        return job is not None and job.status is not JobStatus.PERMITTED

    async def _open_job(self, row: AttemptRow) -> JobRecord | None:
        async with self.database.reading() as connection:
            current = await attempts.load(connection, row.job_id, row.attempt)
            job = await jobs.by_id(connection, row.job_id)
        if current != row or job is None or job.status.final:
            return None  # while we waited for its turn, somebody moved it on
        if row.kind is ExecutionKind.HARDWARE and row.state != "permitted":
            await self._leave_to_others(job, row)
            return None
        return job

    async def _leave_to_others(self, job: JobRecord, row: AttemptRow) -> None:
        upstream = self.fleet.upstreams.get(row.upstream)
        if row.state == "forwarded" and row.vendor_job_id is not None and upstream is not None:
            await upstream.follow(await self.outbound.attempt(job, row), row.vendor_job_id)
        else:
            self.jobs.put(replace(job, status=JobStatus.UNKNOWN))

    async def _let_go(self, permit: Permit, job: JobRecord, _: AttemptRow) -> None:
        await self._give_up(permit, job, "its permit lapsed before it was forwarded; nothing ran, submit it again")

    async def _take_up(self, permit: Permit, job: JobRecord, row: AttemptRow) -> None:
        if CANCEL_STAGE in job.stages:
            await self.launcher.abandon(permit.attempt, replace(job, reason=CANCELLED), status=JobStatus.CANCELLED)
            return
        if row.claims >= MOST_CLAIMS and row.kind is ExecutionKind.SIMULATOR:
            times = row.claims + 1
            await self._give_up(permit, job, f"interrupted {times} times by restarts of the gateway; submit it again")
            return
        try:
            await self._run_again(permit, job)
        except GatewayError as error:
            if row.kind is ExecutionKind.HARDWARE and isinstance(error, UnavailableError):
                raise  # it certainly did not go, and goes when its vendor can be reached
            await self._give_up(
                permit, job, f"interrupted by a restart of the gateway and not run again: {error.message}"
            )

    async def _run_again(self, permit: Permit, job: JobRecord) -> None:
        order = await self.outbound.order_again(job, attempt=permit.attempt)
        self.jobs.put(job)
        await self.launcher.launch(permit, job, order)
        log.info(events.JOB_RECOVERED, job_id=job.id, attempt=permit.attempt)

    async def _give_up(self, permit: Permit, job: JobRecord, reason: str) -> None:
        await self.launcher.abandon(permit.attempt, replace(job, reason=reason))
        log.warning(events.JOB_FAILED, job_id=job.id)
