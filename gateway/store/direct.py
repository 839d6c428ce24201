"""The ledger writer's own way into SQLite: one connection, whole transactions.

Whatever may wait, for another process's lock or for the disk, is done in a thread of its own. The statements between
are done at once on the event loop: each takes microseconds, and in a thread the interpreter's lock would change hands
twice for every row. Everything else goes through `Database.reading` and
`Database.writing`.
"""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

Answer = TypeVar("Answer")


class DirectWriter:
    """Owns an engine, its one connection, and the only thread that waits for it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite-writer")
        self._turn = asyncio.Lock()
        self._connection: Connection | None = None
        self._open = True

    async def transact(self, work: Callable[[Connection], Answer]) -> Answer:
        """Do work in a write transaction: committed at the end, rolled back by an exception."""
        return await _to_its_end(self._transact(work))

    async def data_version(self) -> int:
        """Give a number that moves when another connection has committed."""
        async with self._turn:
            return await self._wait_for(self._data_version)

    async def close(self) -> None:
        """Close the connection, and end the thread; closing twice is no error."""
        if self._open:
            self._open = False
            async with self._turn:
                await self._wait_for(self._dispose)
            self._thread.shutdown()

    async def _transact(self, work: Callable[[Connection], Answer]) -> Answer:
        async with self._turn:
            connection = await self._wait_for(self._begin)
            try:
                answer = work(connection)
                await self._wait_for(connection.commit)
            except BaseException:
                await self._wait_for(connection.rollback)
                raise
            return answer

    async def _wait_for(self, call: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    def _begin(self) -> Connection:
        connection = self._connected()
        connection.begin()
        return connection

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def _data_version(self) -> int:
        # Through the driver: SQLAlchemy would begin a write transaction for it.
        with closing(self._connected().connection.cursor()) as cursor:
            cursor.execute("PRAGMA data_version")
            ((version,),) = cursor.fetchall()
            return int(version)

    def _dispose(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._engine.dispose()


async def _to_its_end(transaction: Coroutine[Any, Any, Answer]) -> Answer:
    """Let nobody who stops waiting leave a transaction open: the lock it holds is everybody's."""
    task = asyncio.create_task(transaction)
    # Who stopped waiting never asks for the error; it is looked at here, so that nobody warns of it.
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return await asyncio.shield(task)
