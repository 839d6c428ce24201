"""After a crash: every attempt that was permitted and has no outcome is claimed again, or closed with a reason.

Simulators may run a job again; it costs nothing and the seed is recorded. An attempt on hardware is never
repeated here: it becomes `unknown` and keeps its hold until the vendor is asked.
"""

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
    """Takes up what the last process left, and permits whose holder let their lease lapse."""

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
        await self._note_lapsed()
        for row in list(self.left.values()):
            try:
                async with self.turns.of(row.job_id):
                    await self._take_up(row)
            except UnavailableError as error:
                log.warning(events.FORWARD_FAILED, job_id=row.job_id, code=error.code)
            else:
                del self.left[row.job_id]

    async def _note_lapsed(self) -> None:
        """Find permits that were never forwarded, as when a commit became durable after its caller gave up."""
        now = self.clock.now()
        async with self.database.reading() as connection:
            for row in await attempts.unfinished(connection):
                if row.state == "permitted" and row.lease_until is not None and row.lease_until <= now:
                    self.left.setdefault(row.job_id, row)

    async def _take_up(self, row: AttemptRow) -> None:
        async with self.database.reading() as connection:
            current = await attempts.load(connection, row.job_id, row.attempt)
            job = await jobs.by_id(connection, row.job_id)
        if current != row:
            return  # while we waited for its turn, somebody moved it on
        if job is None or job.status.final:
            return
        if job.kind is ExecutionKind.HARDWARE:
            self.jobs.put(replace(job, status=JobStatus.UNKNOWN))
            return
        try:
            permit = await self.ledger.claim(row)
        except RefusedError:
            return  # another process was faster, or its outcome is just being written
        if row.claims >= MOST_CLAIMS:
            await self._give_up(
                permit, job, f"interrupted {row.claims + 1} times by restarts of the gateway; submit it again"
            )
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
