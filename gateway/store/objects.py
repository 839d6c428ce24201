"""Sealed objects: ciphertext beside its wrapped key. Erasing the wrapped key erases the object for good."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.writes import SealedWrite
from gateway.store.tables import sealed_object

_KEY: Final = (sealed_object.c.object_id, sealed_object.c.kind)
_COLUMNS: Final = tuple(column.name for column in sealed_object.columns)
_INSERT: Final = insert(sealed_object)


async def load(connection: AsyncConnection, object_id: str, kind: str) -> SealedWrite | None:
    """Read one object; `None` when there is none, or its key was erased."""
    query = select(sealed_object).where(_KEY[0] == object_id, _KEY[1] == kind, sealed_object.c.wrapped_dek.is_not(None))
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else SealedWrite(**row._asdict())


async def kinds(connection: AsyncConnection, object_id: str) -> tuple[str, ...]:
    """List which kinds of an object can still be opened."""
    query = select(_KEY[1]).where(_KEY[0] == object_id, sealed_object.c.wrapped_dek.is_not(None)).order_by(_KEY[1])
    return tuple((await connection.execute(query)).scalars())


async def shred(connection: AsyncConnection, object_id: str, kind: str | None = None) -> int:
    """Erase the wrapped key of one kind of an object, or of all; gives how many became unreadable."""
    statement = update(sealed_object).where(_KEY[0] == object_id, sealed_object.c.wrapped_dek.is_not(None))
    if kind is not None:
        statement = statement.where(_KEY[1] == kind)
    return int((await connection.execute(statement.values(wrapped_dek=None))).rowcount)


def erase(connection: Connection, object_ids: Iterable[str]) -> None:
    """Erase the wrapped keys of objects, all kinds of each."""
    for object_id in object_ids:
        connection.execute(update(sealed_object).where(_KEY[0] == object_id).values(wrapped_dek=None))


def erase_kinds(connection: Connection, chosen: Iterable[tuple[str, str]]) -> None:
    """Erase the wrapped keys of single kinds of objects."""
    for object_id, kind in chosen:
        these = update(sealed_object).where(_KEY[0] == object_id, _KEY[1] == kind)
        connection.execute(these.values(wrapped_dek=None))


def add(connection: Connection, writes: Iterable[SealedWrite]) -> None:
    """Insert objects; each is written once."""
    if rows := [{name: getattr(write, name) for name in _COLUMNS} for write in writes]:
        connection.execute(_INSERT, rows)
