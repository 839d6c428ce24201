"""Filling the index of the ledger, which `store.search` reads. Nothing here is worth keeping: the ledger has it all.

Written over the ledger writer's own connection: a change by any other looks, on SQLite, like one to keys and projects,
which are then read again.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, bindparam, column, delete, insert, literal, select, table, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.search import IndexedEntry
from gateway.store import entries, search
from gateway.store.bulk import insert_rows, run, upsert_rows
from gateway.store.engine import Database
from gateway.store.entries import StoredEntry
from gateway.store.search_tables import audit_choice, audit_index, audit_index_state
from gateway.store.upsert import upsert

Answer = TypeVar("Answer")

_COPIED: Final = tuple(each.name for each in audit_index.columns if each.name not in {"rules", "terms"})
_ADD_TERMS: Final = "INSERT INTO audit_term(rowid, terms) VALUES (?, ?)"
_TERM: Final = table("audit_term", column("rowid"), column("audit_term"), column("terms"))
_LOCK: Final = select(audit_index_state).with_for_update()
_MOVE: Final = update(audit_index_state).values(size=bindparam("size"))
_CLEAR_TERMS: Final = text("INSERT INTO audit_term(audit_term) VALUES ('delete-all')")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What the index gets from the entries `start <= seq < stop`; those that could not be read are not in it."""

    start: int
    stop: int
    entries: Sequence[IndexedEntry]
    choices: Iterable[tuple[str, str, str]]
    """Field, value and project."""


@dataclass(frozen=True, slots=True)
class Below:
    """What the index is made from, in the transaction that puts it in."""

    _connection: Connection

    def entries(self, start: int, stop: int) -> Sequence[StoredEntry]:
        """Read the ledger's entries `start <= seq < stop`, as far as there are any."""
        return entries.span(self._connection, start, stop)

    def deciding(self, job_ids: Collection[str], types: Collection[str]) -> Mapping[str, IndexedEntry]:
        """Give the entries of these types that decided jobs, by job, as far as they are in the index."""
        return search.deciding(self._connection, job_ids, types) if job_ids else {}


async def extend(database: Database, version: int, make: Callable[[Below, int], Batch | None]) -> Batch | None:
    """Put in what `make` reads behind what is in; gives that. An index that was made another way is emptied first.

    All in one transaction: no other process is faster in between, and on SQLite nothing waits for another thread.
    """
    return await _transact(database, partial(_extend, version=version, make=make))


async def below(connection: AsyncConnection, look: Callable[[Below], Answer]) -> Answer:
    """Look at what the index is made from, beside the one transaction that a connection reads in."""
    return await connection.run_sync(lambda own: look(Below(own)))


async def clear(database: Database, version: int) -> None:
    """Empty the index, so that it is made anew."""
    await _transact(database, partial(_clear, version=version))


async def _transact(database: Database, work: Callable[[Connection], Answer]) -> Answer:
    with database.told_plainly():
        return await database.transact(work)


def _extend(connection: Connection, version: int, make: Callable[[Below, int], Batch | None]) -> Batch | None:
    batch = make(Below(connection), _begin(connection, version))
    if batch is not None:
        _put(connection, batch)
    return batch


def _begin(connection: Connection, version: int) -> int:
    if (size := _locked(connection, version)) is not None:
        return size
    # Where there is nothing to lock yet, whoever is making it is waited for here.
    nothing = {"id": 1, "version": 0, "size": 0}
    connection.execute(upsert(connection.dialect.name, audit_index_state, ()), nothing)
    if (size := _locked(connection, version)) is not None:
        return size
    _clear(connection, version)
    return 0


def _clear(connection: Connection, version: int) -> None:
    if connection.dialect.name == "sqlite":
        connection.execute(_CLEAR_TERMS)
    for each in (audit_index, audit_choice):
        connection.execute(delete(each))
    values = {"id": 1, "version": version, "size": 0}
    connection.execute(upsert(connection.dialect.name, audit_index_state, ("version", "size")), values)


def _put(connection: Connection, batch: Batch) -> None:
    insert_rows(connection, audit_index, [_row(each) for each in batch.entries])
    if connection.dialect.name == "sqlite" and batch.entries:
        connection.exec_driver_sql(_ADD_TERMS, [(each.seq, " ".join(each.terms)) for each in batch.entries])
    rows = [{"field": field, "value": value, "project_id": owner} for field, value, owner in batch.choices]
    upsert_rows(connection, audit_choice, (), rows)
    run(connection, _MOVE, {"size": batch.stop})


async def forget(connection: AsyncConnection, seqs: Collection[int]) -> None:
    """Take out what entries said whose content was pruned, in the transaction that prunes it."""
    gone = audit_index.c.seq.in_(seqs)
    if connection.dialect.name == "sqlite":
        dropped = select(literal("delete"), audit_index.c.seq, audit_index.c.terms).where(gone)
        await connection.execute(insert(_TERM).from_select(["audit_term", "rowid", "terms"], dropped))
    await connection.execute(delete(audit_index).where(gone))


def _locked(connection: Connection, version: int) -> int | None:
    """Give the size, kept from others until this transaction ends; nothing where there is no index of this version."""
    row = run(connection, _LOCK).one_or_none()
    return int(row.size) if row is not None and row.version == version else None


def _row(entry: IndexedEntry) -> dict[str, Any]:
    joined = {"rules": " ".join(entry.rules), "terms": " ".join(entry.terms)}
    return {**{name: getattr(entry, name) for name in _COPIED}, **joined}
