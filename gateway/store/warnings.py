"""Warnings that were told about limits, and letters that webhooks still have to get: about those, or with entries.

A warning is told once for each limit, window, amount and threshold: its row is written with its entry, and a second
writer of the same row is refused. A letter is written with them and sent later, by whichever process takes it first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.clock import rfc3339
from gateway.domain.writes import RowWrite
from gateway.store.money_tables import limit_warning, webhook_letter
from gateway.store.values import time_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """That something was told about a limit."""

    limit_id: str
    window_start: str
    """Moment at which the window began; for limits without calendar windows the UTC day, or nothing."""
    allowed: int
    """What was allowed then: after a raise, the same thresholds are other amounts."""
    threshold: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One event on its way to one webhook."""

    event_id: str
    webhook: str
    body: str
    attempts: int = 0
    """How often it was tried."""

    @property
    def of_many(self) -> bool:
        """Say whether it has many events in it; such a one is kept until it arrived, and no longer."""
        return self.body.startswith("[")


async def told(connection: AsyncConnection, limit_ids: Sequence[str]) -> set[Warned]:
    """Say what was told about limits already."""
    query = select(limit_warning).where(limit_warning.c.limit_id.in_(limit_ids))
    return {
        Warned(limit_id=row.limit_id, window_start=row.window_start, allowed=row.allowed, threshold=row.threshold)
        for row in await connection.execute(query)
    }


def write(warned: Warned, *, event_id: str, at: datetime) -> RowWrite:
    """Prepare the row that makes a warning the only one of its kind."""
    values = {
        "limit_id": warned.limit_id,
        "window_start": warned.window_start,
        "allowed": warned.allowed,
        "threshold": warned.threshold,
        "event_id": event_id,
        "at": rfc3339(at),
    }
    return RowWrite(table=limit_warning.name, values=values)


def write_letter(each: Letter, *, at: datetime) -> RowWrite:
    """Prepare a letter that is due at once."""
    values = {
        "event_id": each.event_id,
        "webhook": each.webhook,
        "body": each.body,
        "created_at": rfc3339(at),
        "attempts": each.attempts,
        "next_at": rfc3339(at),
        "state": "waiting",
    }
    return RowWrite(table=webhook_letter.name, values=values)


async def due(connection: AsyncConnection, at: datetime, *, most: int) -> list[Letter]:
    """List letters whose time has come, oldest first."""
    query = (
        select(webhook_letter)
        .where(webhook_letter.c.next_at <= rfc3339(at))
        .order_by(webhook_letter.c.next_at, webhook_letter.c.event_id)
    )
    return [
        Letter(event_id=row.event_id, webhook=row.webhook, body=row.body, attempts=row.attempts)
        for row in await connection.execute(query.limit(most))
    ]


async def post(connection: AsyncConnection, each: Letter, *, at: datetime) -> None:
    """Write a letter that is due at once."""
    await connection.execute(insert(webhook_letter), dict(write_letter(each, at=at).values))


async def waiting(connection: AsyncConnection, webhook: str) -> int:
    """Count the letters that a webhook still has to get."""
    mine = (webhook_letter.c.webhook == webhook, webhook_letter.c.state == "waiting")
    return int(await connection.scalar(select(func.count()).select_from(webhook_letter).where(*mine)) or 0)


async def drop(connection: AsyncConnection, each: Letter) -> None:
    """Throw a letter away."""
    mine = (webhook_letter.c.event_id == each.event_id, webhook_letter.c.webhook == each.webhook)
    await connection.execute(delete(webhook_letter).where(*mine))


async def take(connection: AsyncConnection, each: Letter, *, until: datetime) -> bool:
    """Take a letter for one attempt; false when another process was faster. A crash leaves it due again at `until`."""
    mine = (webhook_letter.c.event_id == each.event_id, webhook_letter.c.webhook == each.webhook)
    waiting = (webhook_letter.c.attempts == each.attempts, webhook_letter.c.state == "waiting")
    change = update(webhook_letter).where(*mine, *waiting).values(attempts=each.attempts + 1, next_at=rfc3339(until))
    return (await connection.execute(change)).rowcount == 1


async def settle(connection: AsyncConnection, each: Letter, state: str, *, next_at: datetime | None = None) -> None:
    """Write down what came of an attempt: `delivered`, `given-up`, or `waiting` until the next one."""
    mine = (webhook_letter.c.event_id == each.event_id, webhook_letter.c.webhook == each.webhook)
    await connection.execute(update(webhook_letter).where(*mine).values(state=state, next_at=time_text(next_at)))
