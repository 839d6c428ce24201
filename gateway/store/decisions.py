"""Entries that tell of a decision of policy, found by time: what can be decided again.

A refused reservation is none of them: policy had said yes, and the books said no. Entries never change, so pages fit
together although no transaction spans them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.domain.synthetic import PROJECT
from gateway.store.tables import audit_entry

_WHOLE: Final = audit_entry.c.leaf != b""
"""What retention emptied tells nothing any more."""
_ANYBODYS: Final = audit_entry.c.project_id != PROJECT
"""The self-test's own work says nothing of what people do."""
TYPES: Final = ("job.permitted", "job.denied")
TOLD: Final = (*TYPES, "approval.requested", "reservation.refused")
"""Those, and what policy allowed and another kept: a second person, or the books."""
OUT_OF_ORDER: Final = timedelta(minutes=5)
"""By how much two entries may stand in another order than their times: clocks of replicas differ."""


async def page(
    connection: AsyncConnection,
    *,
    start: int,
    since: datetime,
    until: datetime,
    limit: int,
    project_id: str | None = None,
    synthetic: bool = False,
    types: Sequence[str] = TYPES,
) -> list[tuple[int, bytes]]:
    """Read the next decisions from place `start` on, oldest first, as places and leaves."""
    query = select(audit_entry.c.seq, audit_entry.c.leaf).where(
        audit_entry.c.seq >= start, *_wanted(since, until, project_id, synthetic=synthetic, types=types)
    )
    return [(row.seq, row.leaf) for row in await connection.execute(query.order_by(audit_entry.c.seq).limit(limit))]


async def count(
    connection: AsyncConnection,
    *,
    start: int,
    since: datetime,
    until: datetime,
    project_id: str | None = None,
    synthetic: bool = False,
) -> int:
    """Count them."""
    wanted = _wanted(since, until, project_id, synthetic=synthetic)
    query = select(func.count()).where(audit_entry.c.seq >= start, *wanted)
    return int((await connection.execute(query)).scalar_one())


async def newest(connection: AsyncConnection, limit: int) -> list[tuple[int, bytes]]:
    """Read the newest decisions, newest first."""
    query = select(audit_entry.c.seq, audit_entry.c.leaf).where(audit_entry.c.type.in_(TYPES), _WHOLE, _ANYBODYS)
    return [
        (row.seq, row.leaf) for row in await connection.execute(query.order_by(audit_entry.c.seq.desc()).limit(limit))
    ]


async def first_since(connection: AsyncConnection, moment: datetime) -> int:
    """Find a place before which every entry is older than a moment, by halves: times have no index."""
    low = 0
    high = int((await connection.execute(select(func.coalesce(func.max(audit_entry.c.seq), -1)))).scalar_one()) + 1
    wanted = moment - OUT_OF_ORDER
    while low < high:
        middle = (low + high) // 2
        query = select(audit_entry.c.at).where(audit_entry.c.seq >= middle).order_by(audit_entry.c.seq).limit(1)
        at = (await connection.execute(query)).scalar_one_or_none()
        if at is not None and parse_rfc3339(at) < wanted:
            low = middle + 1
        else:
            high = middle
    return low


def _wanted(
    since: datetime, until: datetime, project_id: str | None, *, synthetic: bool, types: Sequence[str] = TYPES
) -> tuple[ColumnElement[bool], ...]:
    conditions: list[Any] = [
        _WHOLE,
        audit_entry.c.type.in_(types),
        audit_entry.c.at >= rfc3339(since),
        audit_entry.c.at <= rfc3339(until),
    ]
    if project_id is not None:
        conditions.append(audit_entry.c.project_id == project_id)
    elif not synthetic:
        conditions.append(_ANYBODYS)
    return tuple(conditions)
