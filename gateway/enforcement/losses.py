"""Retries that reach another replica than the submission they repeat.

Each replica writes down at once which of its answers were lost; whoever gets a submission looks there first. A cut
connection is seen at one replica a moment before its client's retry comes to another, so while somebody may still wait
for an answer to the same work elsewhere, a submission waits that moment.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from gateway.domain.job import JobRecord
from gateway.domain.principal import Caller
from gateway.domain.submission import Submission
from gateway.enforcement.repeats import Repeats, work_of
from gateway.store import answers
from gateway.store.engine import Database
from gateway.store.member import Member
from gateway.store.view import JobView

PAUSE_SECONDS: Final = 0.25
"""How long another replica is given to write down that a connection broke."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """Lost answers, shared by all replicas."""

    member: Member
    database: Database
    repeats: Repeats
    jobs: JobView

    async def write(self) -> None:
        """Wait for lost answers of this process, and write them down."""
        await self.repeats.news.wait()
        await self.flush()

    async def flush(self) -> None:
        """Write down at once what is known; what could not be written is kept for the next time."""
        if lost := self.repeats.take_lost():
            try:
                async with self.database.writing() as connection:
                    await answers.note_lost(connection, lost)
            except BaseException:
                self.repeats.keep_lost(lost)
                await asyncio.sleep(PAUSE_SECONDS)
                raise

    async def take(self, caller: Caller, submission: Submission, window: timedelta) -> JobRecord | None:
        """Give the job that a submission is the retry of; a client's own token decides without this."""
        if submission.repeat_token is not None:
            return None
        await self.flush()
        key_id, digest = work_of(caller, submission)
        for pause in (0.0, PAUSE_SECONDS):
            await asyncio.sleep(pause)
            async with self.database.reading() as connection:
                lost, waiting = await answers.unsettled(
                    connection, key_id=key_id, work_digest=digest, window_seconds=window.total_seconds()
                )
            if lost:
                return await self._take(key_id, digest, window)
            if not any(self.repeats.is_foreign(*ids) for ids in waiting):
                return None
        return None

    async def _take(self, key_id: str, digest: str, window: timedelta) -> JobRecord | None:
        async with self.database.writing() as connection:
            job_id = await answers.take_lost(
                connection,
                key_id=key_id,
                work_digest=digest,
                window_seconds=window.total_seconds(),
                taker=self.member.id,
            )
        return None if job_id is None else await self.jobs.find_by_id(job_id)
