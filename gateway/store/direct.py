"""The ledger writer's own way into SQLite: one thread, one connection, whole transactions.

Over the event loop the driver takes some 25 hops between threads for one commit, measured; here it takes two.
Everything else goes through `Database.reading` and `Database.writing`.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection, Engine, text

Answer = TypeVar("Answer")


class DirectWriter:
    """Owns an engine and the only thread that ever touches its connection."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite-writer")
        self._open = True

    async def transact(self, work: Callable[[Connection], Answer]) -> Answer:
        """Do work in a write transaction: committed at the end, rolled back by an exception."""
        return await self._run(lambda: self._transact(work))

    async def data_version(self) -> int:
        """Give a number that moves when another connection has committed."""
        return await self._run(self._data_version)

    async def close(self) -> None:
        """Close the connection, in its thread, and end the thread; closing twice is no error."""
        if self._open:
            self._open = False
            await self._run(self._engine.dispose)
            self._thread.shutdown()

    async def _run(self, call: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    def _transact(self, work: Callable[[Connection], Answer]) -> Answer:
        with self._engine.begin() as connection:
            return work(connection)

    def _data_version(self) -> int:
        with self._engine.connect() as connection:
            deferred = connection.execution_options(sqlite_begin="DEFERRED")
            return int(deferred.execute(text("PRAGMA data_version")).scalar_one())
