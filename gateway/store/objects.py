"""Sealed objects: ciphertext beside its wrapped key. Erasing the wrapped key erases the object for good."""

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.writes import SealedWrite
from gateway.store.bulk import insert_rows
from gateway.store.tables import sealed_object

_KEY: Final = (sealed_object.c.object_id, sealed_object.c.kind)
_COLUMNS: Final = tuple(column.name for column in sealed_object.columns)


async def load(connection: AsyncConnection, object_id: str, kind: str) -> SealedWrite | None:
    """Read one object; `None` when there is none, or its key was erased."""
    query = select(sealed_object).where(_KEY[0] == object_id, _KEY[1] == kind, sealed_object.c.wrapped_dek.is_not(None))
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else SealedWrite(**row._asdict())


async def load_all(connection: AsyncConnection, kind: str, object_ids: Sequence[str]) -> list[SealedWrite]:
    """Read many objects of one kind; those whose key was erased are not among them."""
    these = (_KEY[0].in_(object_ids), _KEY[1] == kind, sealed_object.c.wrapped_dek.is_not(None))
    return [SealedWrite(**row._asdict()) for row in await connection.execute(select(sealed_object).where(*these))]


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
    insert_rows(connection, sealed_object, [{name: getattr(write, name) for name in _COLUMNS} for write in writes])


async def not_beginning_with(connection: AsyncConnection, mark: bytes, limit: int) -> list[SealedWrite]:
    """Read objects whose wrapped key does not begin so."""
    begins = func.substr(sealed_object.c.wrapped_dek, 1, len(mark))
    query = select(sealed_object).where(sealed_object.c.wrapped_dek.is_not(None), begins != mark)
    return [SealedWrite(**row._asdict()) for row in await connection.execute(query.limit(limit))]


async def wrap_again(connection: AsyncConnection, wrapped: Iterable[tuple[SealedWrite, bytes | None]]) -> None:
    """Replace how keys are wrapped, unless one changed meanwhile; `None` erases it."""
    for each, key in wrapped:
        this = (_KEY[0] == each.object_id, _KEY[1] == each.kind, sealed_object.c.wrapped_dek == each.wrapped_dek)
        await connection.execute(update(sealed_object).where(*this).values(wrapped_dek=key))


async def of(connection: AsyncConnection, object_ids: Iterable[str]) -> list[tuple[str, str, str]]:
    """List object, kind and project of everything that was ever sealed under some ids, erased or not."""
    query = select(*_KEY, sealed_object.c.project_id).where(_KEY[0].in_(list(object_ids))).order_by(*_KEY)
    return [(row[0], row[1], row[2]) for row in await connection.execute(query)]


async def live(
    connection: AsyncConnection, project_id: str, *, kind: str, before: str | None, after: str = "", limit: int = 1000
) -> list[str]:
    """List ids, in order, of a project's objects of one kind that can still be opened."""
    these = _openable(project_id, kind, before)
    query = select(_KEY[0]).where(*these, _KEY[0] > after).order_by(_KEY[0]).limit(limit)
    return list((await connection.execute(query)).scalars())


async def count(connection: AsyncConnection, project_id: str, *, kind: str, before: str | None = None) -> int:
    """Count a project's objects of one kind that can still be opened, or those of them whose ids sort before one."""
    query = select(func.count()).where(*_openable(project_id, kind, before))
    return int((await connection.execute(query)).scalar_one())


async def kept_kinds(connection: AsyncConnection) -> list[tuple[str, str]]:
    """List the projects that have something to open, with its kinds."""
    query = select(sealed_object.c.project_id, _KEY[1]).where(sealed_object.c.wrapped_dek.is_not(None)).distinct()
    return [(row[0], row[1]) for row in await connection.execute(query.order_by(sealed_object.c.project_id, _KEY[1]))]


async def empty(connection: AsyncConnection, object_ids: Iterable[str], kind: str | None = None) -> int:
    """Erase keys and ciphertexts, of one kind or of all; gives how many could still be opened."""
    erased = 0
    for object_id in object_ids:
        these = (_KEY[0] == object_id,) if kind is None else (_KEY[0] == object_id, _KEY[1] == kind)
        opened = select(func.count()).where(*these, sealed_object.c.wrapped_dek.is_not(None))
        erased += (await connection.execute(opened)).scalar_one()
        await connection.execute(update(sealed_object).where(*these).values(wrapped_dek=None, ciphertext=b""))
    return erased


def _openable(project_id: str, kind: str, before: str | None) -> list[ColumnElement[bool]]:
    these = [sealed_object.c.project_id == project_id, _KEY[1] == kind, sealed_object.c.wrapped_dek.is_not(None)]
    return these if before is None else [*these, _KEY[0] < before]
