"""Token buckets that replicas share, as rows: each takes a few tokens at a time and gives them out. PostgreSQL only.

Tokens are counted in thousandths. What a replica took and did not give out is lost with it, which refuses a little more
than it should for a moment, and never less.
"""

from typing import Final

from sqlalchemy import TIMESTAMP, cast, extract, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.replicas import database_now
from gateway.store.tables import rate_bucket

_MILLI: Final = 1000
_QUICKLY: Final = text("SET LOCAL synchronous_commit = off")
"""A bucket that a crash of the server sets back by an instant is no loss."""


async def take(connection: AsyncConnection, name: str, *, per_second: float, capacity: float, wanted: float) -> float:
    """Take up to so many tokens out of a bucket that fills by itself; gives how many there were, whole ones only."""
    await connection.execute(_QUICKLY)
    full = {"name": name, "tokens": round(capacity * _MILLI), "filled_at": database_now()}
    await connection.execute(insert(rate_bucket).values(full).on_conflict_do_nothing(index_elements=["name"]))
    # PostgreSQL reads RFC 3339 as it stands.
    elapsed = extract("epoch", func.clock_timestamp() - cast(rate_bucket.c.filled_at, TIMESTAMP(timezone=True)))
    query = select(rate_bucket.c.tokens, elapsed).where(rate_bucket.c.name == name).with_for_update()
    tokens, seconds = (await connection.execute(query)).one()
    held = min(capacity, tokens / _MILLI + max(0.0, float(seconds)) * per_second)
    given = float(int(min(wanted, held)))
    values = {"tokens": round((held - given) * _MILLI), "filled_at": database_now()}
    await connection.execute(update(rate_bucket).where(rate_bucket.c.name == name).values(values))
    return given
