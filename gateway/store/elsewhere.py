"""What other processes wrote, taken into memory: when a clock says so, and before a key is called unknown.

A key that the command line has just made must work at once, also on a machine so busy that clocks run late.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from gateway.domain.errors import UnavailableError
from gateway.store.engine import Database

PAUSE_SECONDS: Final = 0.1
"""At most this often somebody with a key that nobody knows makes the database be asked."""


class Elsewhere:
    """Keeps views as fresh as the database, and asks it no more often than is bearable."""

    def __init__(self, database: Database, views: Sequence[Callable[[], Awaitable[None]]]) -> None:
        self._database, self._views = database, views
        self._taken_in: int | None = None
        self._asked = float("-inf")
        self._one_at_a_time = asyncio.Lock()

    async def take_in(self) -> None:
        """Refresh every view if somebody else may have written since the last time that this was done."""
        async with self._one_at_a_time:
            await self._take_in()

    async def look(self) -> bool:
        """Take in what is new on behalf of a request; say whether the database could be asked."""
        came = _now()
        async with self._one_at_a_time:
            if self._asked >= came:
                # Somebody who waited beside this request has asked after it came.
                return True
            await asyncio.sleep(self._asked + PAUSE_SECONDS - _now())
            try:
                await self._take_in(told=self._database.dialect == "sqlite")
            except (SQLAlchemyError, OSError, UnavailableError):
                return False
            return True

    async def _take_in(self, *, told: bool = True) -> None:
        """Refresh; on behalf of a request not only when `told`: PostgreSQL's notices come a moment after the commit."""
        self._asked = _now()
        version = await self._database.version()
        if told and version is not None and version == self._taken_in:
            return
        for refresh in self._views:
            await refresh()
        # Only now: what could not be read is asked for again the next time.
        self._taken_in = version


def _now() -> float:
    return asyncio.get_running_loop().time()
