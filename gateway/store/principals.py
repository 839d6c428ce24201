"""Principals as rows. Their names are sealed; who may open them hands in how."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.domain.principal import Principal, PrincipalKind
from gateway.domain.writes import RowWrite
from gateway.store.tables import principal

Opener: TypeAlias = Callable[[str, str], str]
"""Takes a principal's id and its sealed name, and gives the name."""


def sealed_as_it_is(_principal_id: str, text: str) -> str:
    """Open nothing: for who needs no names."""
    return text


async def every(connection: AsyncConnection, opened: Opener = sealed_as_it_is) -> list[Principal]:
    """List all principals by name."""
    found = [_principal(row, opened) for row in await connection.execute(select(principal))]
    return sorted(found, key=lambda each: each.name)


async def unsealed(connection: AsyncConnection) -> list[Principal]:
    """List those whose names were stored before names were sealed."""
    query = select(principal).where(principal.c.sealed_name.is_(None))
    return [_principal(row, sealed_as_it_is) for row in await connection.execute(query)]


async def seal(connection: AsyncConnection, names: Mapping[str, str]) -> None:
    """Put sealed names, by id, in the place of names that anybody can read."""
    for id_, sealed_name in names.items():
        statement = update(principal).where(principal.c.id == id_)
        await connection.execute(statement.values(name=id_, sealed_name=sealed_name))


def write(who: Principal, sealed_name: str) -> RowWrite:
    """Prepare a principal's row, for the unit that records the change."""
    values = {
        "id": who.id,
        # Once held the name itself, and must be unique.
        "name": who.id,
        "sealed_name": sealed_name,
        "kind": who.kind.value,
        "created_at": rfc3339(who.created_at),
        "disabled": who.disabled,
    }
    return RowWrite(table=principal.name, values=values)


def _principal(row: Row[Any], opened: Opener) -> Principal:
    return Principal(
        id=row.id,
        name=row.name if row.sealed_name is None else opened(row.id, row.sealed_name),
        kind=PrincipalKind(row.kind),
        created_at=parse_rfc3339(row.created_at),
        disabled=row.disabled,
    )
