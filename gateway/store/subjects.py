"""Who a digest in the ledger is. The ledger holds only digests; this map can be erased, and so can its key."""

from collections.abc import Iterable, Mapping

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.writes import RowWrite
from gateway.store.tables import subject_name
from gateway.store.upsert import upsert


async def names(connection: AsyncConnection, digests: Iterable[str]) -> dict[str, str]:
    """Look digests up; those that were erased are absent."""
    query = select(subject_name).where(subject_name.c.digest.in_(list(digests)))
    return {row.digest: row.name for row in await connection.execute(query)}


async def remember(connection: AsyncConnection, names: Mapping[str, str]) -> None:
    """Write names by digest; known ones are replaced."""
    if names:
        rows = [{"digest": digest, "name": name} for digest, name in names.items()]
        await connection.execute(upsert(connection.dialect.name, subject_name, ("name",)), rows)


async def unsealed(connection: AsyncConnection, mark: str) -> dict[str, str]:
    """List the names that do not begin so, by digest."""
    query = select(subject_name).where(subject_name.c.name.not_like(f"{mark}%"), subject_name.c.name != "")
    return {row.digest: row.name for row in await connection.execute(query)}


async def forget(connection: AsyncConnection, digest: str) -> None:
    """Erase a name."""
    await connection.execute(delete(subject_name).where(subject_name.c.digest == digest))


def write(digest: str, name: str) -> RowWrite:
    """Prepare a name's row, for the unit that first mentions its digest."""
    return RowWrite(table=subject_name.name, values={"digest": digest, "name": name})
