"""After a crash: every attempt that was permitted and has no outcome is claimed again, or closed with a reason.

Simulators may run a job again; it costs nothing and the seed is recorded. An attempt on hardware is never
repeated here: it becomes `unknown` and keeps its hold until the vendor is asked.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from gateway.audit.ledger import Ledger
from gateway.circuits.sandbox import Sandbox
from gateway.domain.backend import ExecutionKind
from gateway.domain.clock import Clock
from gateway.domain.errors import GatewayError, RefusedError, UnavailableError
from gateway.domain.job import JobRecord, JobStatus
from gateway.domain.permit import Permit
from gateway.enforcement.launch import Launcher
from gateway.enforcement.turns import Turns
from gateway.ports.upstream import Order
from gateway.routing.fleet import Fleet
from gateway.store import attempts, jobs
from gateway.store.attempts import AttemptRow
from gateway.store.engine import Database
from gateway.store.view import JobView
from gateway.telemetry import events
from gateway.vault.vault import Vault

MOST_CLAIMS: Final = 3
"""How often an attempt is taken up again: a job that brings the gateway down must not do so for ever."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """Takes up what the last process left, and lets go of permits that lapsed."""

    database: Database
    ledger: Ledger
    vault: Vault
    sandbox: Sandbox
    fleet: Fleet
    jobs: JobView
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
        for row in await self._lapsed():
            await self._settled(row, self._let_go)

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
        if job.kind is ExecutionKind.HARDWARE:
            self.jobs.put(replace(job, status=JobStatus.UNKNOWN))
            return None
        return job

    async def _let_go(self, permit: Permit, job: JobRecord, _: AttemptRow) -> None:
        await self._give_up(permit, job, "its permit lapsed before it was forwarded; nothing ran, submit it again")

    async def _take_up(self, permit: Permit, job: JobRecord, row: AttemptRow) -> None:
        if row.claims >= MOST_CLAIMS:
            times = row.claims + 1
            await self._give_up(permit, job, f"interrupted {times} times by restarts of the gateway; submit it again")
            return
        try:
            await self._run_again(permit, job)
        except GatewayError as error:
            await self._give_up(
                permit, job, f"interrupted by a restart of the gateway and not run again: {error.message}"
            )

    async def _run_again(self, permit: Permit, job: JobRecord) -> None:
        body = await self.vault.open(object_id=job.id, kind="payload")
        facts = await self.sandbox.measure(
            reader=job.dialect, body=body, project_id=job.project_id, principal_id=job.principal_id
        )
        berth = self.fleet.get(permit.placement.backend)
        order = Order(
            reader=job.dialect,
            body=body,
            program=job.program,
            facts=facts,
            principal_id=job.principal_id,
            max_seconds=job.max_execution_seconds,
            calibration=berth.calibration(job.created_at),
        )
        self.jobs.put(job)
        await self.launcher.launch(permit, job, order)
        log.info(events.JOB_RECOVERED, job_id=job.id, attempt=permit.attempt)

    async def _give_up(self, permit: Permit, job: JobRecord, reason: str) -> None:
        await self.launcher.abandon(permit, replace(job, reason=reason))
        log.warning(events.JOB_FAILED, job_id=job.id)
