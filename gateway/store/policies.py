"""Policy and policy data, stored by content before their first use, so that a decision can be made again."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.clock import rfc3339
from gateway.domain.writes import RowWrite
from gateway.store.tables import policy_revision


async def content(connection: AsyncConnection, digest: str) -> bytes | None:
    """Read a revision back."""
    query = select(policy_revision.c.content).where(policy_revision.c.digest == digest)
    return (await connection.execute(query)).scalar_one_or_none()


async def known(connection: AsyncConnection, digest: str) -> bool:
    """Say whether a revision is stored."""
    query = select(policy_revision.c.digest).where(policy_revision.c.digest == digest)
    return (await connection.execute(query)).scalar_one_or_none() is not None


def write(*, digest: str, kind: str, content: bytes, first_used_at: datetime) -> RowWrite:
    """Prepare a revision's row; the first one of a digest stays. `kind` is `policy` or `data`."""
    values = {"digest": digest, "kind": kind, "content": content, "first_used_at": rfc3339(first_used_at)}
    return RowWrite(table=policy_revision.name, values=values)
