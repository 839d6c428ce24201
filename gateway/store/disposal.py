"""What retention asks of jobs and entries: whose they are, and which cannot go yet."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.job import JobStatus
from gateway.store.attempts import OPEN
from gateway.store.legal_holds import Held, HoldScope, LegalHold
from gateway.store.tables import attempt, audit_entry, job

LASTING: Final = ("ledger.", "erasure.", "preservation.", "retention.")
"""How the types of entries begin that are never emptied."""
_FINAL: Final = [status.value for status in JobStatus if status.final]


@dataclass(frozen=True, slots=True, kw_only=True)
class OldEntry:
    """One entry that may have to go."""

    seq: int
    type: str
    project_id: str | None
    leaf: bytes = field(repr=False)

    @property
    def lasting(self) -> bool:
        """Whether it says what became of others: such entries are never emptied, and triggers see to it."""
        return self.type.startswith(LASTING)


async def jobs_of(
    connection: AsyncConnection, *, principal_id: str | None = None, project_id: str | None = None
) -> list[str]:
    """List ids of jobs and of the decisions about them: what their sealed objects are filed under."""
    return await _objects(connection, *_whose(principal_id, project_id))


async def unfinished(
    connection: AsyncConnection, *, principal_id: str | None = None, project_id: str | None = None
) -> list[str]:
    """List the same of jobs that have not ended."""
    return await _objects(connection, job.c.status.not_in(_FINAL), *_whose(principal_id, project_id))


async def of_jobs(connection: AsyncConnection, job_ids: Sequence[str]) -> list[str]:
    """List the same of some jobs."""
    return await _objects(connection, job.c.id.in_(job_ids))


async def hold_on_job(connection: AsyncConnection, held: Held, job_id: str) -> LegalHold | None:
    """Find a hold on a job, on whose it is or on its project."""
    row = (await connection.execute(select(job.c.principal_id, job.c.project_id).where(job.c.id == job_id))).one()
    return held.by(job=job_id, principal=row.principal_id, project=row.project_id)


async def hold_within(connection: AsyncConnection, held: Held, project_id: str) -> LegalHold | None:
    """Find a hold on a job of a project, or on somebody who had jobs there."""
    work = set(await jobs_of(connection, project_id=project_id))
    for hold in held.holds:
        if hold.scope is HoldScope.JOB and hold.target in work:
            return hold
        if hold.scope is HoldScope.PRINCIPAL and await jobs_of(
            connection, principal_id=hold.target, project_id=project_id
        ):
            return hold
    return None


async def first_open(connection: AsyncConnection) -> int | None:
    """Find the oldest entry that an attempt under way rests on."""
    query = select(func.min(attempt.c.seq)).where(attempt.c.state.in_(OPEN))
    found: int | None = (await connection.execute(query)).scalar_one()
    return found


async def whole_entries(connection: AsyncConnection, *, since: int, stop: int, limit: int = 1000) -> list[OldEntry]:
    """Read entries `since <= seq < stop` that were not emptied yet."""
    columns = (audit_entry.c.seq, audit_entry.c.type, audit_entry.c.project_id, audit_entry.c.leaf)
    these = (audit_entry.c.seq >= since, audit_entry.c.seq < stop, audit_entry.c.leaf != b"")
    query = select(*columns).where(*these).order_by(audit_entry.c.seq).limit(limit)
    return [
        OldEntry(seq=row.seq, type=row.type, project_id=row.project_id, leaf=row.leaf)
        for row in await connection.execute(query)
    ]


async def forget_tags(connection: AsyncConnection, job_id: str) -> None:
    """Empty what its caller wrote on a job."""
    await connection.execute(update(job).where(job.c.id == job_id).values(tags="[]"))


def _whose(principal_id: str | None, project_id: str | None) -> list[ColumnElement[bool]]:
    found = []
    if principal_id is not None:
        found.append(job.c.principal_id == principal_id)
    if project_id is not None:
        found.append(job.c.project_id == project_id)
    return found


async def _objects(connection: AsyncConnection, *conditions: ColumnElement[bool]) -> list[str]:
    rows = await connection.execute(select(job.c.id, job.c.decision_id).where(*conditions).order_by(job.c.id))
    return [each for row in rows for each in row]
