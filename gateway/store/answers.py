"""Answers that were lost, as rows that every replica sees: of which submission a repeat may be the retry.

PostgreSQL only.

A job whose client knows of it has a row in `job_answered`; one whose answer was lost has one in `job_lost`, with the
moment by the database's clock, until a retry takes it or its client turns out to know. Neither means that somebody
still waits for the answer.
"""

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, exists, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.replicas import database_now
from gateway.store.tables import attempt, job, job_answered, job_lost

WAITED_SECONDS: Final = 30.0
"""How long after its submission somebody may still wait for an answer."""

_MAY_HAVE_RUN: Final = exists().where(attempt.c.job_id == job.c.id, attempt.c.state != "abandoned")
"""What was closed without having run stands for nothing: asking again is a new submission."""


async def note_lost(connection: AsyncConnection, job_ids: Collection[str]) -> None:
    """Write down that answers did not arrive, now."""
    rows = [{"job_id": each, "at": database_now(), "taken_by": None} for each in job_ids]
    for row in rows:
        changed = {"at": database_now(), "taken_by": None}
        lost = insert(job_lost).values(row).on_conflict_do_update(index_elements=["job_id"], set_=changed)
        await connection.execute(lost)


async def unsettled(
    connection: AsyncConnection, *, key_id: str, work_digest: str, window_seconds: float
) -> tuple[bool, frozenset[tuple[str, str]]]:
    """Look for earlier submissions of the same work whose clients are not known to have an answer.

    Gives whether one was lost within the window, and both ids of those that somebody may still wait for.
    """
    work = _unanswered(key_id, work_digest)
    lost = select(_lost(work, window_seconds).exists())
    waits = work.outerjoin(job_lost, job_lost.c.job_id == job.c.id).where(
        job_lost.c.job_id.is_(None), job.c.created_at >= database_now(plus=-WAITED_SECONDS)
    )
    found = bool((await connection.execute(lost)).scalar_one())
    return found, frozenset((row.id, row.client_job_id) for row in await connection.execute(waits))


async def take_lost(
    connection: AsyncConnection, *, key_id: str, work_digest: str, window_seconds: float, taker: str
) -> str | None:
    """Take the oldest lost answer for one retry, which no other retry gets then; gives the job's id."""
    work = _unanswered(key_id, work_digest)
    oldest = _lost(work, window_seconds).order_by(job_lost.c.at, job.c.id).limit(1)
    row = (await connection.execute(oldest.with_for_update(of=job_lost, skip_locked=True))).one_or_none()
    if row is None:
        return None
    taken = update(job_lost).where(job_lost.c.job_id == row.id).values(taken_by=taker)
    await connection.execute(taken)
    return str(row.id)


def _unanswered(key_id: str, work_digest: str) -> Select[Any]:
    same: tuple[ColumnElement[bool], ...] = (job.c.key_id == key_id, job.c.work_digest == work_digest)
    unknown = job_answered.c.job_id.is_(None)
    known = job_answered.c.job_id == job.c.id
    return select(job.c.id, job.c.client_job_id).outerjoin(job_answered, known).where(*same, unknown, _MAY_HAVE_RUN)


def _lost(work: Select[Any], window_seconds: float) -> Select[Any]:
    lately = (job_lost.c.taken_by.is_(None), job_lost.c.at >= database_now(plus=-window_seconds))
    return work.join(job_lost, job_lost.c.job_id == job.c.id).where(*lately)
