"""Labels that circuits were given, as rows. Submissions only ever raise them; an administrator lowers them."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Insert, and_, func, not_, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.classification import Classification
from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.domain.errors import RefusedError
from gateway.domain.writes import RowWrite
from gateway.store.label_tables import circuit_label
from gateway.store.upsert import upsert

_AT_ONCE: Final = 5_000
"""Marks in one question: databases bound how many a statement may have."""


class LabelRaisedError(RefusedError):
    """While an administrator lowered a circuit's label, somebody gave it a higher one."""

    code = "label-raised"

    def __init__(self) -> None:
        super().__init__("one of the circuits was given a higher label meanwhile; look at it again, then lower it")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLabel:
    """The label under one mark."""

    label: Classification
    since: datetime
    fixed: bool = False


async def find(connection: AsyncConnection, marks: Collection[str]) -> dict[str, KeptLabel]:
    """Look marks up; those without a label are absent."""
    every, found = list(marks), {}
    for start in range(0, len(every), _AT_ONCE):
        query = select(circuit_label).where(circuit_label.c.mark.in_(every[start : start + _AT_ONCE]))
        for row in await connection.execute(query):
            label = list(Classification)[row.rank]
            found[row.mark] = KeptLabel(label=label, since=parse_rfc3339(row.since), fixed=row.fixed)
    return found


async def count(connection: AsyncConnection) -> Mapping[tuple[Classification, bool], int]:
    """Count marks by label, and by whether it is fixed."""
    query = select(circuit_label.c.rank, circuit_label.c.fixed, func.count()).group_by(
        circuit_label.c.rank, circuit_label.c.fixed
    )
    return Counter({(list(Classification)[rank], fixed): many for rank, fixed, many in await connection.execute(query)})


def raised(mark: str, label: Classification, at: datetime) -> RowWrite:
    """Prepare a label that counts only where it is higher than what is kept."""
    return RowWrite(table=circuit_label.name, values=_values(mark, label, at, fixed=False))


def lowered(mark: str, label: Classification, at: datetime, *, fixed: bool, before: Classification) -> RowWrite:
    """Prepare a lower label, in the place of the one that was looked at."""
    values = _values(mark, label, at, fixed=fixed)
    return RowWrite(table=circuit_label.name, values=values, before={"rank": before.rank})


def put(connection: Connection, writes: Iterable[RowWrite]) -> None:
    """Write labels.

    Raises:
        LabelRaisedError: one that is to be lowered has become higher.
    """
    raising = []
    for write in writes:
        if write.before is None:
            raising.append(dict(write.values))
        else:
            _lower(connection, write.values, write.before)
    if raising:
        connection.execute(_raise(connection.dialect.name), raising)


def _lower(connection: Connection, values: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    stored = connection.execute(select(circuit_label.c.rank).where(circuit_label.c.mark == values["mark"]))
    if stored.scalar_one_or_none() not in {None, before["rank"]}:
        raise LabelRaisedError
    connection.execute(upsert(connection.dialect.name, circuit_label, ("rank", "since", "fixed")), dict(values))


def _raise(dialect: str) -> Insert:
    statement = (sqlite_insert if dialect == "sqlite" else postgresql_insert)(circuit_label)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[circuit_label.c.mark],
        set_={"rank": new.rank, "since": new.since},
        where=and_(new.rank > circuit_label.c.rank, not_(circuit_label.c.fixed)),
    )


def _values(mark: str, label: Classification, at: datetime, *, fixed: bool) -> dict[str, Any]:
    return {"mark": mark, "rank": label.rank, "since": rfc3339(at), "fixed": fixed}
