"""Browsers that are signed in, as rows. A row is found by the SHA-256 of its cookie, which is kept nowhere."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.domain.console import ConsoleSession
from gateway.domain.writes import RowWrite
from gateway.store.console_tables import console_session
from gateway.store.values import json_text, text_json, text_time, time_text


async def load(connection: AsyncConnection, digest: str) -> ConsoleSession | None:
    """Find the session of a cookie by the cookie's digest, ended ones too."""
    query = select(console_session).where(console_session.c.digest == digest)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _session(row)


async def unended(connection: AsyncConnection, now: datetime) -> list[ConsoleSession]:
    """List the sessions that nobody ended and whose longest time is not over, oldest first."""
    still = (console_session.c.ended_at.is_(None), console_session.c.until > rfc3339(now))
    query = select(console_session).where(*still).order_by(console_session.c.created_at, console_session.c.id)
    return [_session(row) for row in await connection.execute(query)]


async def touch(connection: AsyncConnection, session_id: str, at: datetime) -> None:
    """Write down that a session is in use."""
    this = console_session.c.id == session_id
    await connection.execute(update(console_session).where(this).values(seen_at=rfc3339(at)))


async def forget(connection: AsyncConnection, before: datetime) -> int:
    """Remove sessions whose longest time was over by then; gives how many."""
    done = await connection.execute(delete(console_session).where(console_session.c.until < rfc3339(before)))
    return done.rowcount


def write(session: ConsoleSession) -> RowWrite:
    """Prepare a session's row, for the unit that records its beginning or its end."""
    values = {
        **asdict(session),
        "groups": json_text(session.groups),
        "created_at": rfc3339(session.created_at),
        "seen_at": rfc3339(session.seen_at),
        "until": rfc3339(session.until),
        "ended_at": time_text(session.ended_at),
    }
    return RowWrite(table=console_session.name, values=values)


def _session(row: Row[Any]) -> ConsoleSession:
    return ConsoleSession(
        **{
            **row._asdict(),
            "groups": tuple(text_json(row.groups)),
            "created_at": parse_rfc3339(row.created_at),
            "seen_at": parse_rfc3339(row.seen_at),
            "until": parse_rfc3339(row.until),
            "ended_at": text_time(row.ended_at),
        }
    )
