"""How far those are who take the ledger away: scheduled exports, and webhooks that hear of entries."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.store.search_tables import audit_delivery
from gateway.store.upsert import upsert


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How far one is."""

    name: str
    next_seq: int
    """The first entry that was not taken yet."""
    stop_seq: int | None
    """Where the piece ends that is under way: after a crash the very same one is taken again."""
    at: datetime
    """When something was taken last, or tried."""
    problem: str
    """What went wrong then; empty where nothing did."""


async def every(connection: AsyncConnection) -> list[Delivery]:
    """List all of them."""
    return [_delivery(row) for row in await connection.execute(select(audit_delivery).order_by("name"))]


async def load(connection: AsyncConnection, name: str) -> Delivery | None:
    """Read how far one is; nothing where it never began."""
    row = (await connection.execute(select(audit_delivery).where(audit_delivery.c.name == name))).one_or_none()
    return None if row is None else _delivery(row)


async def begin(connection: AsyncConnection, name: str, *, next_seq: int, at: datetime) -> None:
    """Begin at a place; one that began already goes on where it is."""
    values = {"name": name, "next_seq": next_seq, "stop_seq": None, "at": rfc3339(at), "problem": ""}
    await connection.execute(upsert(connection.dialect.name, audit_delivery, ()), values)


async def plan(connection: AsyncConnection, name: str, *, stop: int) -> None:
    """Write down where the piece ends that is taken now."""
    await _change(connection, name, stop_seq=stop)


async def advance(connection: AsyncConnection, name: str, *, stop: int, at: datetime) -> None:
    """Write down that everything before a place was taken."""
    await _change(connection, name, next_seq=stop, stop_seq=None, at=rfc3339(at), problem="")


async def fail(connection: AsyncConnection, name: str, *, problem: str, at: datetime) -> None:
    """Write down what went wrong."""
    await _change(connection, name, problem=problem, at=rfc3339(at))


async def _change(connection: AsyncConnection, name: str, **values: Any) -> None:
    await connection.execute(update(audit_delivery).where(audit_delivery.c.name == name).values(**values))


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        name=row.name, next_seq=row.next_seq, stop_seq=row.stop_seq, at=parse_rfc3339(row.at), problem=row.problem
    )
