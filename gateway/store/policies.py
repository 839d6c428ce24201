"""Policy and policy data, stored by content before their first use, so that a decision can be made again."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.domain.writes import RowWrite
from gateway.store.tables import policy_revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A stored revision."""

    digest: str
    kind: str
    """`policy`, `data` or `prices`."""
    first_used_at: datetime
    content: bytes = field(default=b"", repr=False)
    """Empty in a list."""


async def load(connection: AsyncConnection, digest: str) -> Revision | None:
    """Read a revision back with all that is known of it."""
    row = (await connection.execute(select(policy_revision).where(policy_revision.c.digest == digest))).one_or_none()
    return None if row is None else Revision(**row._asdict() | {"first_used_at": parse_rfc3339(row.first_used_at)})


async def every(connection: AsyncConnection) -> list[Revision]:
    """List all revisions, newest first, without their content."""
    columns = (policy_revision.c.digest, policy_revision.c.kind, policy_revision.c.first_used_at)
    query = select(*columns).order_by(policy_revision.c.first_used_at.desc(), policy_revision.c.kind)
    return [
        Revision(digest=row.digest, kind=row.kind, first_used_at=parse_rfc3339(row.first_used_at))
        for row in await connection.execute(query)
    ]


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
