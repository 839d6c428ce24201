"""Signed checkpoints and cosignatures, as rows. What they mean, and whether they hold, is the `audit` room's business.

Checkpoints of the last two days are kept all, older ones the last of each day: any two can be proven consistent.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.store.tables import audit_checkpoint, audit_cosignature, audit_entry
from gateway.store.upsert import upsert

KEPT_ALL: Final = timedelta(days=2)
_DAY: Final = func.substr(audit_checkpoint.c.at, 1, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCheckpoint:
    """One checkpoint as it was signed, with what witnesses added."""

    size: int
    note: str = field(repr=False)
    at: datetime
    cosignatures: tuple[str, ...] = field(default=(), repr=False)
    """Signature lines, a text for each witness."""

    @property
    def whole(self) -> str:
        """Give the note with everybody's signatures."""
        return self.note + "".join(self.cosignatures)


async def add(connection: AsyncConnection, new: StoredCheckpoint) -> None:
    """Write a checkpoint; one of the same size is kept as it is."""
    values = {"size": new.size, "note": new.note, "at": rfc3339(new.at)}
    await connection.execute(upsert(connection.dialect.name, audit_checkpoint, ()), values)


async def cosign(connection: AsyncConnection, size: int, witness: str, lines: str, at: datetime) -> None:
    """Write what a witness signed; a newer cosignature of the same checkpoint replaces the one before."""
    values = {"size": size, "witness": witness, "lines": lines, "at": rfc3339(at)}
    statement = upsert(connection.dialect.name, audit_cosignature, ("lines", "at"))
    await connection.execute(statement, values)


async def newest(connection: AsyncConnection, *, cosigned_by: int = 0) -> StoredCheckpoint | None:
    """Read the newest checkpoint that so many witnesses have cosigned at least."""
    query = select(audit_checkpoint.c.size)
    if cosigned_by:
        by_size = select(audit_cosignature.c.size).group_by(audit_cosignature.c.size)
        query = query.where(audit_checkpoint.c.size.in_(by_size.having(func.count() >= cosigned_by)))
    size = (await connection.execute(query.order_by(audit_checkpoint.c.size.desc()).limit(1))).scalar_one_or_none()
    return None if size is None else await at_size(connection, size)


async def at_size(connection: AsyncConnection, size: int) -> StoredCheckpoint | None:
    """Read the checkpoint of one size."""
    found = await every(connection, since=size, limit=1)
    return found[0] if found and found[0].size == size else None


async def every(connection: AsyncConnection, *, since: int = 0, limit: int = 1000) -> list[StoredCheckpoint]:
    """List checkpoints from a size on, oldest first."""
    query = select(audit_checkpoint).where(audit_checkpoint.c.size >= since)
    rows = (await connection.execute(query.order_by(audit_checkpoint.c.size).limit(limit))).all()
    signed = await _cosignatures(connection, [row.size for row in rows])
    return [_checkpoint(row, signed.get(row.size, ())) for row in rows]


async def cosigned(connection: AsyncConnection) -> dict[str, int]:
    """Give the largest size that each witness has cosigned."""
    query = select(audit_cosignature.c.witness, func.max(audit_cosignature.c.size)).group_by(
        audit_cosignature.c.witness
    )
    return {row[0]: row[1] for row in await connection.execute(query)}


async def seen(connection: AsyncConnection) -> dict[str, tuple[int, datetime]]:
    """Give the largest size that each witness has cosigned, and when it last said so."""
    columns = (audit_cosignature.c.witness, audit_cosignature.c.size, audit_cosignature.c.at)
    rows = await connection.execute(select(*columns).order_by(audit_cosignature.c.size))
    return {row.witness: (row.size, parse_rfc3339(row.at)) for row in rows}


async def thin_out(connection: AsyncConnection, now: datetime) -> None:
    """Drop old checkpoints but for the last of each day, and cosignatures of what is dropped."""
    kept = select(func.max(audit_checkpoint.c.size)).group_by(_DAY).scalar_subquery()
    old = audit_checkpoint.c.at < rfc3339(now - KEPT_ALL)
    await connection.execute(delete(audit_checkpoint).where(old, audit_checkpoint.c.size.not_in(kept)))
    gone = audit_cosignature.c.size.not_in(select(audit_checkpoint.c.size))
    await connection.execute(delete(audit_cosignature).where(gone))


async def key_leaves(connection: AsyncConnection, types: Sequence[str]) -> list[tuple[int, bytes]]:
    """Read the entries that say which keys sign, oldest first: place and leaf of each."""
    query = select(audit_entry.c.seq, audit_entry.c.leaf).where(audit_entry.c.type.in_(types))
    return [(row.seq, row.leaf) for row in await connection.execute(query.order_by(audit_entry.c.seq))]


async def _cosignatures(connection: AsyncConnection, sizes: Sequence[int]) -> dict[int, tuple[str, ...]]:
    query = select(audit_cosignature).where(audit_cosignature.c.size.in_(sizes)).order_by(audit_cosignature.c.witness)
    found: dict[int, tuple[str, ...]] = {}
    for row in await connection.execute(query):
        found[row.size] = (*found.get(row.size, ()), row.lines)
    return found


def _checkpoint(row: Row[Any], cosignatures: tuple[str, ...]) -> StoredCheckpoint:
    return StoredCheckpoint(size=row.size, note=row.note, at=parse_rfc3339(row.at), cosignatures=cosignatures)
