"""Which background workers a serving process runs, and how often."""

import asyncio
from dataclasses import dataclass
from datetime import UTC
from typing import Final

import structlog

from gateway.domain.halt import Halt
from gateway.domain.job import JobRecord, JobStatus
from gateway.store import jobs, keys
from gateway.telemetry import events
from gateway.wiring import House
from gateway.workers.loop import Worker

REVOCATION_SECONDS: Final = 0.4
"""How often another process's changes are looked for: a revoked key ends within a second."""
RECOVERY_SECONDS: Final = 1.0
"""How soon what a crash left is taken up, and how often lapsed permits are looked for."""
ANSWERS_SECONDS: Final = 0.25
"""How often answers that arrived are written down: what a crash forgets counts as lost."""
HALTED_AT_ONCE: Final = 200
"""How many jobs are stopped side by side, so that their wishes share a transaction."""
COUNTS_SECONDS: Final = 5.0
REFUSALS_SECONDS: Final = 60.0
LAST_USED_SECONDS: Final = 300.0
log = structlog.get_logger(__name__)


def clocks(house: House) -> tuple[Worker, ...]:
    """Make the workers of one serving process."""
    tasks = _Tasks(house)
    serving = house.serving
    return (
        Worker(name="recovery", period_seconds=RECOVERY_SECONDS, task=serving.recovery.run),
        Worker(name="search", period_seconds=RECOVERY_SECONDS, task=serving.search.run),
        Worker(name="halts", period_seconds=RECOVERY_SECONDS, task=tasks.stop_halted),
        Worker(name="answers", period_seconds=ANSWERS_SECONDS, task=tasks.note_answered),
        Worker(name="identity", period_seconds=REVOCATION_SECONDS, task=serving.elsewhere.take_in),
        Worker(name="counts", period_seconds=COUNTS_SECONDS, task=tasks.count_jobs),
        Worker(name="refusals", period_seconds=REFUSALS_SECONDS, task=serving.refusals.flush),
        Worker(name="credentials", period_seconds=REFUSALS_SECONDS, task=serving.outside.flush),
        Worker(name="last-used", period_seconds=LAST_USED_SECONDS, task=tasks.note_used_keys),
    )


@dataclass(frozen=True, slots=True)
class _Tasks:
    """What the clocks do that no room does by itself."""

    house: House

    async def stop_halted(self) -> None:
        """Stop what is under way and may not be any more; one that cannot be stopped now keeps no other waiting."""
        serving = self.house.serving
        found = serving.halts.to_stop()
        for start in range(0, len(found), HALTED_AT_ONCE):
            await asyncio.gather(*(self._stop(job, halt) for job, halt in found[start : start + HALTED_AT_ONCE]))

    async def _stop(self, job: JobRecord, halt: Halt) -> None:
        serving = self.house.serving
        try:
            await serving.changes.stop(job, reason=f"stopped by an operator: {halt.reason}")
        except Exception:
            log.exception(events.WORKER_FAILED, worker="halts", job_id=job.id)
        else:
            serving.halts.told.add(job.id)
            log.warning(events.JOBS_HALTED, job_id=job.id)

    async def note_answered(self) -> None:
        """Write down whose answers arrived; what a crash forgets counts as lost."""
        repeats = self.house.serving.repeats
        if answered := repeats.take_answered():
            try:
                async with self.house.database.writing() as connection:
                    await jobs.note_answered(connection, answered, self.house.clock.now())
            except BaseException:
                repeats.give_back(answered)
                raise

    async def count_jobs(self) -> None:
        """Show how many jobs have which status."""
        async with self.house.database.reading() as connection:
            counts = await jobs.count_by_status(connection)
        for status in JobStatus:
            self.house.metrics.jobs(status, counts.get(status.value, 0))

    async def note_used_keys(self) -> None:
        """Write down which keys were used today."""
        if used := self.house.authenticator.take_used():
            day = self.house.clock.now().astimezone(UTC).date().isoformat()
            async with self.house.database.writing() as connection:
                await keys.note_used(connection, used, day)
