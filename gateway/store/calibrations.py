"""Calibration snapshots, stored by content before a decision rests on them."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.clock import rfc3339
from gateway.domain.writes import RowWrite
from gateway.store.tables import calibration


async def content(connection: AsyncConnection, digest: str) -> bytes | None:
    """Read a snapshot back, as it was encoded."""
    query = select(calibration.c.content).where(calibration.c.digest == digest)
    return (await connection.execute(query)).scalar_one_or_none()


def write(*, digest: str, backend: str, taken_at: datetime, content: bytes) -> RowWrite:
    """Prepare a snapshot's row; the first one of a digest stays."""
    values = {"digest": digest, "backend": backend, "taken_at": rfc3339(taken_at), "content": content}
    return RowWrite(table=calibration.name, values=values)
