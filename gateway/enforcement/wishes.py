"""Wishes that a job be stopped, from memory; written down, so that a restart forgets none.

A wish may come before the vendor is known to have the job, and is honoured wherever the job is found next: what
waits is closed instead of sent, what runs is stopped at the vendor.
"""

from dataclasses import dataclass, field
from typing import Final

import structlog

from gateway.audit.ledger import Ledger
from gateway.domain.clock import Clock
from gateway.domain.errors import GatewayError
from gateway.domain.job import JobRecord
from gateway.domain.stop import Source, Stop
from gateway.domain.writes import EntryDraft
from gateway.store import stops
from gateway.store.engine import Database
from gateway.store.view import JobView
from gateway.telemetry import events

_MANY: Final = 1000
"""After each so many, those of ended jobs are looked for and forgotten."""
log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Wishes:
    """Which jobs are to be stopped, by internal id."""

    database: Database
    ledger: Ledger
    jobs: JobView
    clock: Clock
    known: dict[str, Stop] = field(default_factory=dict)

    async def refresh(self) -> None:
        """Read those of jobs that have not ended, at the start."""
        async with self.database.reading() as connection:
            self.known = {stop.job_id: stop for stop in await stops.unfinished(connection)}

    async def learn(self) -> list[Stop]:
        """Read those that were written elsewhere, and give the new ones."""
        async with self.database.reading() as connection:
            new = [stop for stop in await stops.unfinished(connection) if stop.job_id not in self.known]
        self.known.update({stop.job_id: stop for stop in new})
        return new

    def of(self, job_id: str) -> Stop | None:
        """Give the wish that a job be stopped, if anybody has it."""
        return self.known.get(job_id)

    async def note(self, job: JobRecord, source: Source, reason: str, *, draft: EntryDraft | None = None) -> None:
        """Remember a wish, and write it down with its entry; while the ledger takes none it holds until a restart.

        Raises:
            GatewayError: it is not written down, and the replica that follows the job would not hear of it.
        """
        self._forget_ended()
        stop = self.known.setdefault(job.id, Stop(job_id=job.id, source=source, reason=reason, at=self.clock.now()))
        try:
            if draft is not None:
                await self.ledger.record(draft, rows=(stops.write(stop),))
            else:
                await self.ledger.keep(stops.write(stop))
        except GatewayError as error:
            if not self.jobs.owns(job.id):
                self.known.pop(job.id, None)
                raise
            log.warning(events.ENTRY_MISSED, job_id=job.id, code=error.code)

    def _forget_ended(self) -> None:
        if len(self.known) % _MANY:
            return
        under_way = {job.id for job in self.jobs.under_way()}
        for ended in self.known.keys() - under_way:
            del self.known[ended]
