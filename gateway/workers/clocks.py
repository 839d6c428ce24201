"""Which background workers a serving process runs, and how often."""

from datetime import UTC
from typing import Final

from gateway.domain.job import JobStatus
from gateway.store import jobs, keys
from gateway.wiring import House
from gateway.workers.loop import Worker

REVOCATION_SECONDS: Final = 0.4
"""How often another process's changes are looked for: a revoked key ends within a second."""
RECOVERY_SECONDS: Final = 1.0
"""How soon what a crash left is taken up, and how often lapsed permits are looked for."""
COUNTS_SECONDS: Final = 5.0
REFUSALS_SECONDS: Final = 60.0
LAST_USED_SECONDS: Final = 300.0


def clocks(house: House) -> tuple[Worker, ...]:
    """Make the workers of one serving process."""

    async def refresh_identity() -> None:
        if await house.database.changed_elsewhere():
            await house.identity.refresh()

    async def count_jobs() -> None:
        async with house.database.reading() as connection:
            counts = await jobs.count_by_status(connection)
        for status in JobStatus:
            house.metrics.jobs(status, counts.get(status.value, 0))

    async def note_used_keys() -> None:
        used = house.authenticator.take_used()
        if used:
            day = house.clock.now().astimezone(UTC).date().isoformat()
            async with house.database.writing() as connection:
                await keys.note_used(connection, used, day)

    return (
        Worker(name="recovery", period_seconds=RECOVERY_SECONDS, task=house.serving.recovery.run),
        Worker(name="identity", period_seconds=REVOCATION_SECONDS, task=refresh_identity),
        Worker(name="counts", period_seconds=COUNTS_SECONDS, task=count_jobs),
        Worker(name="refusals", period_seconds=REFUSALS_SECONDS, task=house.serving.refusals.flush),
        Worker(name="last-used", period_seconds=LAST_USED_SECONDS, task=note_used_keys),
    )
