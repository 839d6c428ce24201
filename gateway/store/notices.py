"""What replicas tell each other with each commit (PostgreSQL NOTIFY): which jobs changed, and which tables.

A notice is sent in the transaction it speaks of, so it arrives after the commit or never. It names rows and carries
nothing of them: whoever hears it reads the database.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from sqlalchemy import Connection, func, select

from gateway.domain.writes import Unit
from gateway.store.label_tables import circuit_label
from gateway.store.tables import job_stop

CHANNEL: Final = "qgw"
_AT_ONCE: Final = 100
"""Job ids in one notice: PostgreSQL takes less than 8 000 bytes."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What somebody wrote."""

    origin: str = ""
    """The replica that wrote it; empty for the command line."""
    jobs: frozenset[str] = frozenset()
    stops: bool = False
    """Whether somebody wants a job stopped."""
    rows: bool = False
    """Whether keys, accounts, halts or other administrative rows changed."""
    everything: bool = False
    """Whether notices may have been missed."""


def tell(connection: Connection, units: Sequence[Unit], origin: str) -> None:
    """Tell every replica what this transaction changes."""
    jobs = sorted(set(_jobs(units)))
    tables = {row.table for unit in units for row in unit.rows}
    # Labels of circuits are asked of the database each time, and kept in no view.
    stops, rows = job_stop.name in tables, bool(tables - {job_stop.name, circuit_label.name})
    for start in range(0, len(jobs), _AT_ONCE):
        _send(connection, {"origin": origin, "jobs": jobs[start : start + _AT_ONCE]})
    if stops or rows:
        _send(connection, {"origin": origin, "stops": stops, "rows": rows})


def read(payload: str) -> Notice:
    """Read a notice; one that is not understood may have said anything."""
    try:
        return msgspec.json.decode(payload, type=Notice)
    except msgspec.DecodeError:
        return Notice(everything=True)


def merged(notices: Iterable[Notice]) -> Notice:
    """Take several for one; whose they were is forgotten."""
    every = tuple(notices)
    return Notice(
        jobs=frozenset().union(*(each.jobs for each in every)),
        stops=any(each.stops for each in every),
        rows=any(each.rows for each in every),
        everything=any(each.everything for each in every),
    )


def _jobs(units: Sequence[Unit]) -> Iterable[str]:
    for unit in units:
        if unit.job:
            yield unit.job.id
        if unit.edit:
            yield unit.edit.job_id


def _send(connection: Connection, notice: dict[str, object]) -> None:
    connection.execute(select(func.pg_notify(CHANNEL, msgspec.json.encode(notice).decode())))
