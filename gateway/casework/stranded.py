"""Jobs that nobody follows any more, because the adapter of their vendor is not installed; an operator closes them.

The vendor may have run such a job and will bill it; only who closes it can find out there. Installed again before
that, the adapter follows it as if nothing had happened.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

from gateway.budgets.hold import release
from gateway.casework.entries import OPERATOR, AdminEntries
from gateway.casework.inspection import JobUnknownError
from gateway.domain.clock import Clock
from gateway.domain.errors import RefusedError
from gateway.domain.job import JobRecord, JobStatus
from gateway.domain.writes import AttemptUpdate
from gateway.store import attempts, holds, jobs
from gateway.store.attempts import OPEN, AttemptRow
from gateway.store.engine import Database

_LONGEST: Final = 200


class JobNotStrandedError(RefusedError):
    """A job was to be closed that ends, or has ended, without an operator."""

    code = "job-not-stranded"

    def __init__(self, job: JobRecord) -> None:
        ended = "has ended" if job.status.final else f"is followed at {job.upstream}, so cancel it with its owner's key"
        super().__init__(
            f"job {job.client_job_id} ({job.status.value}) {ended}; "
            "only a job whose vendor no installed adapter asks is closed here"
        )


class ClosingReasonError(RefusedError):
    """A job was to be closed without a reason that fits on a line; its owner reads it."""

    code = "closing-reason"

    def __init__(self) -> None:
        super().__init__(f"closing a job takes a reason of 1 to {_LONGEST} printable characters; its owner reads it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranded:
    """Finds and closes them."""

    database: Database
    entries: AdminEntries
    clock: Clock
    asked: Collection[str]
    """Upstreams that some installed adapter asks."""

    async def every(self) -> list[JobRecord]:
        """List them, oldest first."""
        async with self.database.reading() as connection:
            return [job for job in await jobs.unfinished(connection) if job.upstream not in self.asked]

    async def close(self, name: str, *, reason: str, by: str = OPERATOR) -> JobRecord:
        """End one as failed, for a reason, and free what is held for it.

        Raises:
            JobUnknownError: there is none of this name.
            JobNotStrandedError: it has ended, or somebody follows it.
            ClosingReasonError: there is no reason, or it does not fit on a line.
        """
        if not reason.strip() or len(reason) > _LONGEST or not reason.isprintable():
            raise ClosingReasonError
        async with self.database.reading() as connection:
            job = await jobs.load(connection, name) or await jobs.by_id(connection, name)
            if job is None:
                raise JobUnknownError(name)
            newest = await attempts.latest(connection, job.id)
            held = await holds.held(connection, job.id)
        if job.status.final or job.upstream in self.asked or newest is None:
            raise JobNotStrandedError(job)
        now = self.clock.now()
        closed = replace(
            job, status=JobStatus.FAILED, reason=f"closed by an operator: {reason.strip()}", finished_at=now
        )
        await self.entries.record(
            "job.closed",
            by=by,
            project_id=job.project_id,
            rows=(),
            body={"job_id": job.id, "attempt": newest.attempt, "upstream": job.upstream, "reason": reason.strip()},
            people={},
            job=closed,
            attempt=_closed(newest),
            hold=None if held is None else release(held, now),
        )
        return closed


def _closed(newest: AttemptRow) -> AttemptUpdate | None:
    """Close its attempt: what the vendor is known to have is `done`, however it ended there."""
    if newest.state not in OPEN:
        return None
    state = "abandoned" if newest.vendor_job_id is None else "done"
    return AttemptUpdate(job_id=newest.job_id, attempt=newest.attempt, state=state, vendor_job_id=None)
