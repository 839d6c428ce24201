"""Stops as rows: which jobs somebody wanted stopped, and since when."""

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.domain.stop import Source, Stop
from gateway.domain.writes import RowWrite
from gateway.store.jobs import UNFINISHED
from gateway.store.tables import job, job_stop


async def unfinished(connection: AsyncConnection) -> list[Stop]:
    """List the stops of jobs that have not ended, oldest first."""
    query = select(job_stop).join(job, job.c.id == job_stop.c.job_id).where(job.c.status.in_(UNFINISHED))
    return [_stop(row) for row in await connection.execute(query.order_by(job_stop.c.at))]


def write(each: Stop) -> RowWrite:
    """Make the row of a stop."""
    values = {"job_id": each.job_id, "source": each.source.value, "reason": each.reason, "at": rfc3339(each.at)}
    return RowWrite(table=job_stop.name, values=values)


def _stop(row: Row[tuple[str, str, str, str]]) -> Stop:
    return Stop(job_id=row.job_id, source=Source(row.source), reason=row.reason, at=parse_rfc3339(row.at))
