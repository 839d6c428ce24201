"""Calibration snapshots, stored by content before a decision rests on them."""

from datetime import datetime

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.backend import Calibration
from gateway.domain.clock import rfc3339
from gateway.domain.writes import RowWrite
from gateway.ports.operations import ListCalibrations
from gateway.store.tables import calibration


async def content(connection: AsyncConnection, digest: str) -> bytes | None:
    """Read a snapshot back, as it was encoded."""
    query = select(calibration.c.content).where(calibration.c.digest == digest)
    return (await connection.execute(query)).scalar_one_or_none()


async def search(connection: AsyncConnection, wanted: ListCalibrations) -> tuple[list[Calibration], int]:
    """List the kept snapshots of a backend, newest first, and how many match in all."""
    conditions = [calibration.c.backend == wanted.backend]
    if wanted.after is not None:
        conditions.append(calibration.c.taken_at >= rfc3339(wanted.after))
    if wanted.before is not None:
        conditions.append(calibration.c.taken_at <= rfc3339(wanted.before))
    order = (calibration.c.taken_at.desc(), calibration.c.digest)
    query = select(calibration.c.content).where(*conditions).order_by(*order)
    rows = (await connection.execute(query.limit(wanted.limit).offset(wanted.offset))).scalars()
    count = (await connection.execute(select(func.count()).select_from(calibration).where(*conditions))).scalar_one()
    return [msgspec.json.decode(row, type=Calibration) for row in rows], int(count)


def write(*, digest: str, backend: str, taken_at: datetime, content: bytes) -> RowWrite:
    """Prepare a snapshot's row; the first one of a digest stays."""
    values = {"digest": digest, "backend": backend, "taken_at": rfc3339(taken_at), "content": content}
    return RowWrite(table=calibration.name, values=values)
