"""Money held for jobs, and the journal that says how it came and went. Amounts are integer micros."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.domain.writes import HoldWrite
from gateway.store.tables import hold, journal

# Built once, because every permit holds.
_HOLD: Final = insert(hold)
_WRITE_DOWN: Final = insert(journal)
_STATE: Final = {"hold": "held", "settle": "settled", "release": "released"}


class HoldClosedError(Exception):
    """A hold is settled or released that is not there, or was closed before."""

    def __init__(self, write: HoldWrite) -> None:
        super().__init__(f"there is no open hold to {write.action}")


async def held(connection: AsyncConnection, job_id: str) -> HoldWrite | None:
    """Read what a job holds now, to be settled or released; `None` when it holds nothing (any more)."""
    query = select(hold).where(hold.c.job_id == job_id, hold.c.state == "held")
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    return HoldWrite(
        job_id=row.job_id,
        project_id=row.project_id,
        action="hold",
        amount_micros=row.amount_micros,
        currency=row.currency,
        price_revision=row.price_revision,
        at=parse_rfc3339(row.at),
    )


async def cost(connection: AsyncConnection, job_id: str) -> tuple[str, int | None, int | None]:
    """Read what was held for a job and what it was settled for, with the currency (empty where nothing was held)."""
    query = select(journal.c.action, journal.c.amount_micros, journal.c.currency).where(journal.c.job_id == job_id)
    lines = (await connection.execute(query)).all()
    amounts = {line.action: int(line.amount_micros) for line in lines}
    settled = 0 if "release" in amounts else amounts.get("settle")
    return (lines[0].currency if lines else ""), amounts.get("hold"), settled


def apply(connection: Connection, writes: Iterable[tuple[HoldWrite, int]]) -> None:
    """Open or close holds, each with its journal line naming the entry (`seq`) it rests on.

    Raises:
        HoldClosedError: nothing is held that could be settled or released.
    """
    lines = []
    for write, seq in writes:
        _move(connection, write)
        lines.append({**_columns(write), "action": write.action, "seq": seq})
    if lines:
        connection.execute(_WRITE_DOWN, lines)


def _move(connection: Connection, write: HoldWrite) -> None:
    values = {**_columns(write), "state": _STATE[write.action]}
    if write.action == "hold":
        connection.execute(_HOLD, values)
        return
    held = update(hold).where(hold.c.job_id == write.job_id, hold.c.state == "held")
    if connection.execute(held.values(values)).rowcount != 1:
        raise HoldClosedError(write)


def _columns(write: HoldWrite) -> dict[str, Any]:
    return {
        "job_id": write.job_id,
        "project_id": write.project_id,
        "amount_micros": write.amount_micros,
        "currency": write.currency,
        "price_revision": write.price_revision,
        "at": rfc3339(write.at),
    }
