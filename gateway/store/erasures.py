"""Orders to erase, as rows: what must be forgotten, and what became of it. Written only with their ledger entries."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.domain.writes import RowWrite
from gateway.store.erasure_tables import erasure_key, erasure_order
from gateway.store.tables import audit_entry
from gateway.store.upsert import upsert


class Scope(StrEnum):
    """What an order is about."""

    JOB = "job"
    PRINCIPAL = "principal"
    PROJECT = "project"
    LAPSED = "lapsed"
    """What a project kept longer than the rules say."""
    ENTRIES = "entries"
    """Bodies of old ledger entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order."""

    id: str
    """Of its ledger entry."""
    scope: Scope
    target: str
    """Id of the job, principal or project; empty for entries."""
    kinds: tuple[str, ...] = ()
    """Of what lapsed: which kinds of sealed objects."""
    objects: tuple[str, ...] = ()
    """Ids of single objects, all kinds of each."""
    addresses: tuple[str, ...] = field(default=(), repr=False)
    """Which locks are gone: how their addresses begin."""
    stop: int | None = None
    """Of entries: the first one that stays whole."""
    at: datetime
    mac: str = ""
    """By a key that no database holds: who can only write here cannot make the erasure key forget."""
    done_at: datetime | None = None

    @property
    def message(self) -> bytes:
        """What the mark is made over."""
        return json.dumps(_told(self), sort_keys=True).encode()


def write(order: Order) -> RowWrite:
    """Prepare an order's row, for the unit of its entry."""
    return RowWrite(table=erasure_order.name, values={**_told(order), "mac": order.mac, "done_at": None})


async def ids(connection: AsyncConnection) -> frozenset[str]:
    """List the orders that took locks away, once they are carried out."""
    query = select(erasure_order.c.id).where(erasure_order.c.addresses != "[]", erasure_order.c.done_at.is_not(None))
    return frozenset((await connection.execute(query)).scalars())


async def some(connection: AsyncConnection, chosen: Collection[str]) -> list[Order]:
    """Read some orders."""
    return [
        _order(row) for row in await connection.execute(select(erasure_order).where(erasure_order.c.id.in_(chosen)))
    ]


async def every(connection: AsyncConnection, *, undone: bool = False) -> list[Order]:
    """List orders, oldest first; only those that are not carried out yet, if asked."""
    query = select(erasure_order).order_by(erasure_order.c.at, erasure_order.c.id)
    if undone:
        query = query.where(erasure_order.c.done_at.is_(None))
    return [_order(row) for row in await connection.execute(query)]


async def place(connection: AsyncConnection, order: Order) -> int | None:
    """Find the place of an order's ledger entry; `None` where there is none, which nobody but a forger brings about."""
    query = select(audit_entry.c.seq).where(audit_entry.c.event_id == order.id)
    return (await connection.execute(query)).scalar_one_or_none()


async def finish(connection: AsyncConnection, order: Order, at: datetime) -> None:
    """Write that an order is carried out."""
    this = (erasure_order.c.id == order.id, erasure_order.c.done_at.is_(None))
    await connection.execute(update(erasure_order).where(*this).values(done_at=rfc3339(at)))


async def keep_key(connection: AsyncConnection, fingerprint: str) -> str:
    """Write down which erasure key belongs to this database, unless one does; gives the one that counts."""
    values = {"id": 1, "fingerprint": fingerprint}
    await connection.execute(upsert(connection.dialect.name, erasure_key, ()), values)
    return str((await connection.execute(select(erasure_key.c.fingerprint))).scalar_one())


async def known_key(connection: AsyncConnection) -> str | None:
    """Say which erasure key belongs to this database."""
    return (await connection.execute(select(erasure_key.c.fingerprint))).scalar_one_or_none()


def _told(order: Order) -> dict[str, Any]:
    return {
        "id": order.id,
        "scope": order.scope.value,
        "target": order.target,
        "kinds": json.dumps(order.kinds),
        "objects": json.dumps(order.objects),
        "addresses": json.dumps(order.addresses),
        "stop": order.stop,
        "at": rfc3339(order.at),
    }


def _order(row: Row[Any]) -> Order:
    lists: dict[str, Sequence[str]] = {
        name: json.loads(getattr(row, name)) for name in ("kinds", "objects", "addresses")
    }
    return Order(
        id=row.id,
        scope=Scope(row.scope),
        target=row.target,
        stop=row.stop,
        at=parse_rfc3339(row.at),
        mac=row.mac,
        done_at=None if row.done_at is None else parse_rfc3339(row.done_at),
        **{name: tuple(each) for name, each in lists.items()},
    )
