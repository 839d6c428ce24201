"""Tenant keys, wrapped by the master key. A version is written once: a second writer is given the first's."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.store.tables import tenant_key
from gateway.store.upsert import upsert


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantKeyRow:
    """One version of one project's key."""

    project_id: str
    version: int
    kek_id: str
    """Fingerprint of the master key that wrapped it."""
    wrapped: bytes = field(repr=False)
    created_at: datetime


async def load(connection: AsyncConnection, project_id: str, version: int | None = None) -> TenantKeyRow | None:
    """Read one version of a project's key, or the newest."""
    query = select(tenant_key).where(tenant_key.c.project_id == project_id)
    query = (
        query.order_by(tenant_key.c.version.desc()) if version is None else query.where(tenant_key.c.version == version)
    )
    row = (await connection.execute(query.limit(1))).one_or_none()
    return None if row is None else _key(row)


async def add(connection: AsyncConnection, new: TenantKeyRow) -> TenantKeyRow:
    """Write a version unless it exists; gives the one that counts, which another process may have written."""
    values = {
        "project_id": new.project_id,
        "version": new.version,
        "kek_id": new.kek_id,
        "wrapped": new.wrapped,
        "created_at": rfc3339(new.created_at),
    }
    await connection.execute(upsert(connection.dialect.name, tenant_key, ()), values)
    stored = await load(connection, new.project_id, new.version)
    assert stored is not None
    return stored


async def every(connection: AsyncConnection) -> list[TenantKeyRow]:
    """List all versions of all keys."""
    query = select(tenant_key).order_by(tenant_key.c.project_id, tenant_key.c.version)
    return [_key(row) for row in await connection.execute(query)]


async def rewrap(connection: AsyncConnection, key: TenantKeyRow) -> None:
    """Replace how one version is wrapped; the key inside must be the same."""
    this = (tenant_key.c.project_id == key.project_id, tenant_key.c.version == key.version)
    await connection.execute(update(tenant_key).where(*this).values(kek_id=key.kek_id, wrapped=key.wrapped))


async def erase(connection: AsyncConnection, project_id: str) -> int:
    """Erase every version of a project's key; gives how many there were."""
    return int((await connection.execute(delete(tenant_key).where(tenant_key.c.project_id == project_id))).rowcount)


def _key(row: Row[Any]) -> TenantKeyRow:
    return TenantKeyRow(**{**row._asdict(), "created_at": parse_rfc3339(row.created_at)})
