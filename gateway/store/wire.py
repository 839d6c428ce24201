"""One connection to PostgreSQL that a replica keeps for itself: it beats, hears notices and holds the leader's lock.

All three end with the connection, which is what makes them honest: a leader that lost its connection leads no more,
and whoever was deaf for a moment knows that it was.
"""

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.store.notices import CHANNEL

_LEADER: Final = 0x71_67_78
"""PostgreSQL knows advisory locks by number only; the migrations' is the one before."""


class Wire:
    """Closed until `open`; a connection that broke is closed, and opened anew by whoever needs it."""

    def __init__(self, engine: AsyncEngine, hear: Callable[[str], None]) -> None:
        self._engine, self._hear = engine, hear
        self._connection: AsyncConnection | None = None
        self._broken = False

    @property
    def connection(self) -> AsyncConnection | None:
        """Give the connection while it stands; each statement on it is a transaction of its own."""
        return None if self._broken else self._connection

    async def open(self) -> AsyncConnection:
        """Connect and listen. What was told before is missed."""
        await self.close()
        self._connection = connection = await self._engine.connect()
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None, "a connection was just made"
        self._broken = False
        raw.add_termination_listener(self._break)
        await raw.add_listener(CHANNEL, self._told)
        return connection

    async def lead(self) -> bool:
        """Take the leader's lock if nobody has it; it is held as long as this connection stands."""
        if self.connection is None:
            return False
        return bool((await self.connection.execute(select(func.pg_try_advisory_lock(_LEADER)))).scalar_one())

    async def close(self) -> None:
        """Let the connection go, whatever state it is in."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._broken = True
            await connection.invalidate()
            await connection.close()

    async def dispose(self) -> None:
        """Close for good."""
        await self.close()
        await self._engine.dispose()

    def _told(self, _connection: object, _process: int, _channel: str, payload: Any) -> None:
        self._hear(str(payload))

    def _break(self, _connection: object) -> None:
        self._broken = True
