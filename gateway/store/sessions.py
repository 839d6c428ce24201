"""Sessions as rows."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.domain.job import Session
from gateway.ports.operations import ListSessions
from gateway.store.tables import job, session
from gateway.store.upsert import upsert
from gateway.store.values import json_text, text_json, text_time, time_text

_CHANGING: Final = ("accepting_jobs", "max_ttl_seconds", "closed_at")


async def load(connection: AsyncConnection, session_id: str) -> Session | None:
    """Read one session."""
    row = (await connection.execute(select(session).where(session.c.id == session_id))).one_or_none()
    return None if row is None else _session(row)


async def expired(connection: AsyncConnection, now: datetime) -> list[Session]:
    """List the sessions that still stand as open and whose time to live has passed."""
    found = await connection.execute(select(session).where(session.c.accepting_jobs))
    return [each for each in map(_session, found) if not _active(each, now)]


async def jobs_by_status(connection: AsyncConnection, session_id: str) -> dict[str, int]:
    """Count a session's jobs by status."""
    query = select(job.c.status, func.count()).where(job.c.session_id == session_id).group_by(job.c.status)
    return {status: int(count) for status, count in await connection.execute(query)}


async def search(
    connection: AsyncConnection, wanted: ListSessions, *, project_id: str, dialect: str | None, now: datetime
) -> tuple[list[Session], int]:
    """List a project's sessions, newest first, and how many match in all. A session past its time is not active."""
    conditions = [session.c.project_id == project_id]
    if dialect is not None:
        conditions.append(session.c.dialect == dialect)
    if wanted.backend is not None:
        conditions.append(session.c.backend == wanted.backend)
    query = select(session).where(*conditions).order_by(session.c.created_at.desc(), session.c.id)
    found = [_session(row) for row in await connection.execute(query)]
    matching = [each for each in found if wanted.active is None or _active(each, now) is wanted.active]
    return matching[wanted.offset : wanted.offset + wanted.limit], len(matching)


def _active(each: Session, now: datetime) -> bool:
    return each.accepting_jobs and now < each.created_at + timedelta(seconds=each.max_ttl_seconds)


def put(connection: Connection, sessions: Iterable[Session]) -> None:
    """Insert sessions, or replace what may change of those that exist."""
    if rows := [_row(each) for each in sessions]:
        connection.execute(upsert(connection.dialect.name, session, _CHANGING), rows)


def _row(each: Session) -> dict[str, Any]:
    return {
        **asdict(each),
        "created_at": rfc3339(each.created_at),
        "closed_at": time_text(each.closed_at),
        "echo": json_text(each.echo),
    }


def _session(row: Row[Any]) -> Session:
    return Session(
        **{
            **row._asdict(),
            "created_at": parse_rfc3339(row.created_at),
            "closed_at": text_time(row.closed_at),
            "echo": text_json(row.echo),
        }
    )
