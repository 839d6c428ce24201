"""Halts as rows: who or what may not run until an operator lifts it."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.domain.halt import Halt, Scope
from gateway.domain.writes import RowWrite
from gateway.store.tables import halt
from gateway.store.values import text_time, time_text


async def every(connection: AsyncConnection) -> list[Halt]:
    """List all halts, lifted ones too, oldest first."""
    return [
        Halt(
            id=row.id,
            scope=Scope(row.scope),
            target=row.target,
            reason=row.reason,
            at=parse_rfc3339(row.at),
            lifted_at=text_time(row.lifted_at),
        )
        for row in await connection.execute(select(halt).order_by(halt.c.at, halt.c.id))
    ]


def write(each: Halt) -> RowWrite:
    """Make the row of a halt."""
    values = {
        "id": each.id,
        "scope": each.scope.value,
        "target": each.target,
        "reason": each.reason,
        "at": rfc3339(each.at),
        "lifted_at": time_text(each.lifted_at),
    }
    return RowWrite(table=halt.name, values=values)
