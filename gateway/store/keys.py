"""API keys as rows: never the key itself, only a MAC of it under a pepper that the database does not hold."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.classification import Classification
from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.domain.principal import Key
from gateway.domain.writes import RowWrite
from gateway.store.tables import api_key
from gateway.store.values import json_text, text_json, text_time, time_text


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """A key and what it is recognised by."""

    key: Key
    mac: bytes = field(repr=False)
    """HMAC-SHA256 of the full key text."""
    pepper_version: int
    last_used_day: str | None = None
    """`YYYY-MM-DD`; finer would be a record of somebody's day."""


async def every(connection: AsyncConnection) -> list[StoredKey]:
    """List all keys, revoked and expired ones too, oldest first."""
    return [_stored(row) for row in await connection.execute(select(api_key).order_by(api_key.c.created_at))]


async def note_used(connection: AsyncConnection, key_ids: Iterable[str], day: str) -> None:
    """Write the day (`YYYY-MM-DD`) on which keys were last used."""
    these = api_key.c.id.in_(list(key_ids))
    await connection.execute(update(api_key).where(these).values(last_used_day=day))


def write(stored: StoredKey) -> RowWrite:
    """Prepare a key's row, for the unit that records the change."""
    key = stored.key
    values = {
        "id": key.id,
        "principal_id": key.principal_id,
        "project_id": key.project_id,
        "label": key.label,
        "roles": json_text(key.roles),
        "classification": None if key.classification is None else key.classification.value,
        "simulator_consent": key.simulator_consent,
        "mac": stored.mac,
        "pepper_version": stored.pepper_version,
        "created_at": rfc3339(key.created_at),
        "created_by": key.created_by,
        "not_before": rfc3339(key.not_before),
        "expires_at": rfc3339(key.expires_at),
        "revoked_at": time_text(key.revoked_at),
        "last_used_day": stored.last_used_day,
    }
    return RowWrite(table=api_key.name, values=values)


def _stored(row: Row[Any]) -> StoredKey:
    key = Key(
        id=row.id,
        principal_id=row.principal_id,
        project_id=row.project_id,
        label=row.label,
        roles=tuple(text_json(row.roles)),
        classification=None if row.classification is None else Classification(row.classification),
        simulator_consent=row.simulator_consent,
        created_at=parse_rfc3339(row.created_at),
        not_before=parse_rfc3339(row.not_before),
        expires_at=parse_rfc3339(row.expires_at),
        revoked_at=text_time(row.revoked_at),
        created_by=row.created_by,
    )
    return StoredKey(key=key, mac=row.mac, pepper_version=row.pepper_version, last_used_day=row.last_used_day)
