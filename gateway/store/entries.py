"""Ledger entries and the head, as rows. What they mean, and whether they hold, is the `audit` room's business."""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, Connection, Row, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.chain import Head, Link
from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.domain.writes import Leaf
from gateway.store.bulk import insert_rows, run
from gateway.store.engine import Database
from gateway.store.tables import audit_entry, audit_head

PAGE: Final = 1000
"""Entries read at once; all that a reader of the whole ledger holds in memory."""

_STORED: Final[tuple[Column[Any], ...]] = tuple(
    audit_entry.c[name] for name in ("seq", "leaf", "leaf_hash", "type", "at")
)

# What every transaction of the writer does, built once.
_LOCK: Final = select(audit_head).with_for_update()
_MOVE: Final = update(audit_head).values(
    {name: bindparam(name) for name in ("size", "frontier", "last_hash", "last_at")}
)
_SPAN: Final = (
    select(*_STORED)
    .where(audit_entry.c.seq >= bindparam("start"), audit_entry.c.seq < bindparam("stop"))
    .order_by(audit_entry.c.seq)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry:
    """One entry as the database has it, proven by nothing yet."""

    seq: int
    leaf: bytes = field(repr=False)
    """Empty where it was pruned."""
    leaf_hash: bytes = field(repr=False)
    type: str
    at: str
    """Type and moment as the row says; of a pruned entry nothing proves them."""

    @property
    def pruned(self) -> bool:
        """Whether retention emptied it; only its hash and its place are left."""
        return not self.leaf


async def create(connection: AsyncConnection, head: Head) -> None:
    """Write the head of a new ledger; an existing one is kept by its triggers, with an error."""
    await connection.execute(insert(audit_head), {"id": 1, "origin": head.origin, **_moving(head)})


async def head(connection: AsyncConnection) -> Head | None:
    """Read where the ledger stands; `None` when it was never created."""
    row = (await connection.execute(select(audit_head))).one_or_none()
    return None if row is None else _head(row)


def lock_head(connection: Connection) -> Head | None:
    """Read the head so that nobody else can append until this transaction ends."""
    row = run(connection, _LOCK).one_or_none()
    return None if row is None else _head(row)


def move_head(connection: Connection, head: Head) -> None:
    """Write where the ledger stands after the entries of this transaction."""
    run(connection, _MOVE, _moving(head))


def add(connection: Connection, placed: Iterable[tuple[Leaf, Link]]) -> None:
    """Insert entries in their places."""
    insert_rows(connection, audit_entry, [_row(leaf, link) for leaf, link in placed])


def find(connection: Connection, event_id: str) -> StoredEntry | None:
    """Find the entry that was committed for an event."""
    row = connection.execute(select(*_STORED).where(audit_entry.c.event_id == event_id)).one_or_none()
    return None if row is None else _stored(row)


async def pages(database: Database, *, start: int, stop: int) -> AsyncIterator[list[StoredEntry]]:
    """Read the entries `start <= seq < stop` in order, page by page; each page is its own short read.

    Entries never change, so pages fit together although no transaction spans them.
    """
    while start < stop:
        query = select(*_STORED).where(audit_entry.c.seq >= start, audit_entry.c.seq < stop)
        async with database.reading() as connection:
            rows = (await connection.execute(query.order_by(audit_entry.c.seq).limit(PAGE))).all()
        if not rows:
            return
        yield [_stored(row) for row in rows]
        start = rows[-1].seq + 1


async def between(connection: AsyncConnection, *, start: int, stop: int) -> list[StoredEntry]:
    """Read the entries `start <= seq < stop`, as far as there are any."""
    return await connection.run_sync(span, start, stop)


def span(connection: Connection, start: int, stop: int) -> list[StoredEntry]:
    """Read the same in a transaction of the writer."""
    return [_stored(row) for row in run(connection, _SPAN, {"start": start, "stop": stop})]


async def at(connection: AsyncConnection, seq: int) -> datetime | None:
    """Read when an entry was written, as its row says; `None` where there is none."""
    text = (await connection.execute(select(audit_entry.c.at).where(audit_entry.c.seq == seq))).scalar_one_or_none()
    return None if text is None else parse_rfc3339(text)


async def prune(connection: AsyncConnection, seqs: Sequence[int]) -> None:
    """Empty entries; triggers refuse it but below an order, and for what the ledger says of itself."""
    await connection.execute(update(audit_entry).where(audit_entry.c.seq.in_(seqs)).values(leaf=b""))


async def first_since(connection: AsyncConnection, at: datetime) -> StoredEntry | None:
    """Find the first entry that was not written before a moment."""
    query = select(*_STORED).where(audit_entry.c.at >= rfc3339(at)).order_by(audit_entry.c.seq).limit(1)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _stored(row)


async def chosen(connection: AsyncConnection, seqs: Collection[int]) -> list[StoredEntry]:
    """Read the entries of these places, as far as there are any."""
    query = select(*_STORED).where(audit_entry.c.seq.in_(seqs)).order_by(audit_entry.c.seq)
    return [_stored(row) for row in await connection.execute(query)]


async def search(
    connection: AsyncConnection, *, since: int, limit: int, project_id: str | None = None, type_: str | None = None
) -> list[StoredEntry]:
    """Find entries from `since` on, oldest first: for people to read, never to prove anything."""
    query = select(*_STORED).where(audit_entry.c.seq >= since)
    if project_id is not None:
        query = query.where(audit_entry.c.project_id == project_id)
    if type_ is not None:
        query = query.where(audit_entry.c.type == type_)
    return [_stored(row) for row in await connection.execute(query.order_by(audit_entry.c.seq).limit(limit))]


def _row(leaf: Leaf, link: Link) -> dict[str, Any]:
    return {
        "seq": link.seq,
        "event_id": leaf.event_id,
        "type": leaf.type,
        "at": rfc3339(leaf.at),
        "project_id": leaf.project_id,
        "leaf": link.leaf,
        "leaf_hash": link.leaf_hash,
    }


def _stored(row: Row[Any]) -> StoredEntry:
    return StoredEntry(
        seq=row.seq, leaf=_bytes(row.leaf), leaf_hash=_bytes(row.leaf_hash), type=row.type, at=str(row.at)
    )


def _bytes(value: bytes | str) -> bytes:
    # SQLite keeps whatever type was written. What somebody damaged must be read to be found.
    return value if isinstance(value, bytes) else value.encode()


def _moving(head: Head) -> dict[str, Any]:
    return {
        "size": head.size,
        "frontier": head.frontier,
        "last_hash": head.last_hash,
        "last_at": rfc3339(head.last_at),
    }


def _head(row: Row[Any]) -> Head:
    return Head(
        origin=row.origin,
        size=row.size,
        frontier=row.frontier,
        last_hash=row.last_hash,
        last_at=parse_rfc3339(row.last_at),
    )
