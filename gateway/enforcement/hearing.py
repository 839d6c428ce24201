"""What other replicas did, taken in as soon as it is told: how jobs stand, and which are to be stopped.

Whoever is asked to stop a job writes the wish down; the replica that follows the job hears it here and acts on it.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

import structlog

from gateway.domain.clock import Clock
from gateway.enforcement.changes import Changes
from gateway.enforcement.sticky import STICKY, Cancelled
from gateway.enforcement.wishes import Wishes
from gateway.store import jobs as rows
from gateway.store.engine import Database
from gateway.store.member import Member
from gateway.store.notices import Notice
from gateway.store.view import JobView
from gateway.telemetry import events

_PAUSE_SECONDS: Final = 0.5
"""After a failure, which is the database's."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """Brings what this process keeps in memory up to what others wrote."""

    member: Member
    database: Database
    jobs: JobView
    wishes: Wishes
    cancelled: Cancelled
    changes: Changes
    clock: Clock

    async def run(self) -> None:
        """Wait for news and take them in; what could not be taken in is read again, whole."""
        notice = await self.member.heard()
        try:
            await self._take_in(notice)
        except BaseException:
            self.member.missed()
            await asyncio.sleep(_PAUSE_SECONDS)
            raise

    async def catch_up(self) -> None:
        """Read everything again, slowly and for ever: nobody can prove that no notice was ever lost."""
        self.member.missed()

    async def _take_in(self, notice: Notice) -> None:
        if notice.everything:
            await self.jobs.catch_up()
        elif notice.jobs:
            await self.jobs.look_again(notice.jobs)
        if notice.everything or notice.stops:
            await self._stop()

    async def _stop(self) -> None:
        async with self.database.reading() as connection:
            self.cancelled.restore(await rows.cancelled(connection, self.clock.now() - STICKY))
        for stop in await self.wishes.learn():
            job = await self.jobs.find_by_id(stop.job_id)
            if job is None or job.status.final or not self.jobs.owns(job.id):
                continue
            try:
                await self.changes.heed(job, stop.reason)
            except Exception:
                # One job that cannot be stopped now must not keep the others running.
                log.exception(events.WORKER_FAILED, worker="hearing", job_id=job.id)
