"""Overrides, broken glasses and stopped rollouts as rows."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.clock import rfc3339
from gateway.domain.leniency import BreakGlass, Override, Stop
from gateway.domain.writes import RowWrite
from gateway.store.leniency_tables import break_glass, policy_override, rollout_stop
from gateway.store.values import text_time

_TIMES: Final = frozenset({"at", "until", "ended_at", "requested_at", "lapses_at", "resumed_at"})


async def overrides(connection: AsyncConnection, *, since: datetime | None = None) -> list[Override]:
    """List the overrides, oldest first; with `since` those alone that were not over then."""
    query = select(policy_override).order_by(policy_override.c.at, policy_override.c.id)
    if since is not None:
        query = query.where(policy_override.c.until > rfc3339(since), policy_override.c.ended_at.is_(None))
    return [Override(**_read(row)) for row in await connection.execute(query)]


async def glasses(connection: AsyncConnection, *, since: datetime | None = None) -> list[BreakGlass]:
    """List what was asked for and broken, oldest first; with `since` what was not over then, or still waited."""
    query = select(break_glass).order_by(break_glass.c.requested_at, break_glass.c.id)
    if since is not None:
        at = rfc3339(since)
        left = or_(break_glass.c.until > at, break_glass.c.until.is_(None) & (break_glass.c.lapses_at > at))
        query = query.where(left, break_glass.c.ended_at.is_(None))
    return [BreakGlass(**_read(row)) for row in await connection.execute(query)]


async def stops(connection: AsyncConnection) -> list[Stop]:
    """List the stopped rollouts, resumed ones too, oldest first."""
    query = select(rollout_stop).order_by(rollout_stop.c.at, rollout_stop.c.id)
    return [Stop(**_read(row)) for row in await connection.execute(query)]


def write(each: Override | BreakGlass | Stop) -> RowWrite:
    """Make the row of one."""
    table = {Override: policy_override, BreakGlass: break_glass, Stop: rollout_stop}[type(each)]
    values = {name: rfc3339(value) if isinstance(value, datetime) else value for name, value in asdict(each).items()}
    return RowWrite(table=table.name, values=values)


def _read(row: Row[Any]) -> dict[str, Any]:
    named = zip(row._fields, row, strict=True)
    return {name: text_time(value) if name in _TIMES else value for name, value in named}
