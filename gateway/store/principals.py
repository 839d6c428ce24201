"""Principals as rows."""

from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.domain.principal import Principal, PrincipalKind
from gateway.domain.writes import RowWrite
from gateway.store.tables import principal


async def every(connection: AsyncConnection) -> list[Principal]:
    """List all principals by name."""
    return [_principal(row) for row in await connection.execute(select(principal).order_by(principal.c.name))]


def write(who: Principal) -> RowWrite:
    """Prepare a principal's row, for the unit that records the change."""
    values = {
        "id": who.id,
        "name": who.name,
        "kind": who.kind.value,
        "created_at": rfc3339(who.created_at),
        "disabled": who.disabled,
    }
    return RowWrite(table=principal.name, values=values)


def _principal(row: Row[Any]) -> Principal:
    return Principal(
        id=row.id,
        name=row.name,
        kind=PrincipalKind(row.kind),
        created_at=parse_rfc3339(row.created_at),
        disabled=row.disabled,
    )
