"""The two databases the house runs on, opened so that what was acknowledged is on the disk.

SQLite (write-ahead log, synchronous=FULL) is the default; PostgreSQL carries several replicas. Each
`Database` reads and writes through engines of their own. On SQLite the writing engine holds exactly one
connection: it is the queue of this process's writers, and BEGIN IMMEDIATE is the queue of all processes.
"""

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, Self, TypeVar

from sqlalchemy import Connection, create_engine, event, inspect, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from gateway.domain.errors import InsecureError, UnavailableError
from gateway.store.direct import DirectWriter
from gateway.store.tables import SCHEMA_VERSION

Answer = TypeVar("Answer")

SQLITE: Final = "sqlite+aiosqlite"
POSTGRESQL: Final = "postgresql+asyncpg"
LOCK_SECONDS: Final = 2
"""How long one transaction waits for another's lock before it gives up."""
QUEUE_SECONDS: Final = 3
"""The same on PostgreSQL, where several replicas queue for the ledger."""
COMMAND_SECONDS: Final = 4
"""How long PostgreSQL may take over one command before its connection is given up."""
READERS: Final = 5

_PRAGMAS: Final = (
    f"PRAGMA busy_timeout = {LOCK_SECONDS * 1000}",
    "PRAGMA journal_mode = WAL",
    # FULL, not NORMAL: NORMAL loses acknowledged entries when the power fails.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    # Without it a shredded key stays readable in the file until its page is used again.
    "PRAGMA secure_delete = ON",
    "PRAGMA trusted_schema = OFF",
)


class DatabaseUrlError(InsecureError):
    """The database address names no database the house runs on."""

    code = "database-url"

    def __init__(self) -> None:
        super().__init__(
            "the database address is not understood; write sqlite+aiosqlite:///path or "
            "postgresql+asyncpg://user@host/name"
        )


class DatabaseUnavailableError(UnavailableError):
    """The database does not answer, or not as a database."""

    code = "database-unavailable"

    def __init__(self, dialect: str) -> None:
        super().__init__(f"the {dialect} database cannot be opened; check its address, its disk and that it runs")
        self.dialect = dialect


class Database:
    """One database, open. Close it when done: its connections are threads or sockets."""

    def __init__(self, writer: AsyncEngine, reader: AsyncEngine, direct: DirectWriter | None = None) -> None:
        self._writer, self._reader, self._direct = writer, reader, direct
        self.dialect = writer.dialect.name
        """`sqlite` or `postgresql`."""
        self.told: Callable[[], int | None] | None = None
        """On PostgreSQL, with replicas: gives a number that moves when one of them told of administrative rows."""

    @classmethod
    async def open(cls, url: str) -> Self:
        """Open a database and make sure that it answers.

        Raises:
            DatabaseUrlError: no such kind of database.
            DatabaseUnavailableError: it does not answer.
        """
        address = _address(url)
        database = cls(*(_sqlite if address.drivername == SQLITE else _postgresql)(address))
        try:
            if address.drivername == SQLITE:
                # Fails here rather than in the driver's thread, which would outlive the failure.
                sqlite3.connect(str(address.database)).close()
            async with database._reader.connect(), database._writer.connect():
                pass
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            await database.close()
            raise DatabaseUnavailableError(database.dialect) from error
        return database

    async def close(self) -> None:
        """Close every connection."""
        if self._direct is not None:
            await self._direct.close()
        await self._reader.dispose()
        await self._writer.dispose()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection that can only read."""
        with self.told_plainly():
            async with self._reader.connect() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection inside a write transaction: committed at the end, rolled back by an exception."""
        with self.told_plainly():
            async with self._writer.begin() as connection:
                yield connection

    async def transact(self, work: Callable[[Connection], Answer]) -> Answer:
        """Do work in a write transaction of its own, by the shortest way: the ledger's writer lives on it."""
        if self._direct is not None:
            return await self._direct.transact(work)
        async with self._writer.begin() as connection:
            return await connection.run_sync(work)

    @contextmanager
    def told_plainly(self) -> Iterator[None]:
        """Say of a server that restarts that it is away: that is no defect of ours, and asking again works."""
        try:
            yield
        except Exception as error:
            if self._direct is not None or not _away(error):
                raise
            raise DatabaseUnavailableError(self.dialect) from error

    async def version(self) -> int | None:
        """Give a number that moves when somebody but the ledger's writer has written.

        SQLite knows. PostgreSQL tells its replicas a moment after the commit, and anybody else nothing: `None`.
        """
        if self._direct is not None:
            return await self._direct.data_version()
        return None if self.told is None else self.told()

    def kept_connection(self, application: str) -> AsyncEngine:
        """Make an engine for one connection that a replica of PostgreSQL keeps for itself, under a name of its own."""
        return _engine(self._writer.url, poolclass=NullPool, application=application, isolation_level="AUTOCOMMIT")


async def migrate(url: str) -> None:
    """Bring a database to `SCHEMA_VERSION`, in one transaction; safe to call from several processes at once.

    Raises:
        SchemaUnknownError: the database was written by a newer gateway.
    """
    database = await Database.open(url)
    try:
        if await schema_version(database) != SCHEMA_VERSION:
            # Alembic takes longer to import than everything else here, and is needed once per release.
            from gateway.store.migrations import upgrade

            async with database.writing() as connection:
                await connection.run_sync(upgrade)
    finally:
        await database.close()


async def schema_version(database: Database) -> str | None:
    """Tell which revision a database is at; `None` when it is empty."""
    async with database.reading() as connection:
        return await connection.run_sync(_schema_version)


def _schema_version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _away(error: Exception) -> bool:
    """Say whether the server could not be reached, broke the connection, has none to give, or a lock took too long."""
    if isinstance(error, OSError | PoolTimeoutError):
        return True
    # Connecting raises the driver's own errors, everything later SQLAlchemy's around them.
    sqlstate = str(getattr(getattr(error, "orig", error), "sqlstate", None) or "")
    invalidated = isinstance(error, DBAPIError) and error.connection_invalidated
    return invalidated or sqlstate.startswith(("08", "53", "55", "57"))


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError:
        raise DatabaseUrlError from None
    in_memory = address.drivername == SQLITE and address.database in {None, "", ":memory:"}
    if address.drivername not in {SQLITE, POSTGRESQL} or in_memory:
        raise DatabaseUrlError
    return address


def _sqlite(url: URL) -> tuple[AsyncEngine, AsyncEngine, DirectWriter]:
    one: dict[str, Any] = {
        "pool_size": 1,
        "max_overflow": 0,
        "hide_parameters": True,
        "execution_options": {"sqlite_begin": "IMMEDIATE"},
    }
    direct = create_engine(url.set(drivername="sqlite"), **one)
    writer = create_async_engine(url, **one)
    reader = create_async_engine(url, pool_size=READERS, max_overflow=0, hide_parameters=True)
    for engine, prepare in (
        (direct, _prepare_writer),
        (writer.sync_engine, _prepare_writer),
        (reader.sync_engine, _prepare_reader),
    ):
        event.listen(engine, "connect", prepare)
        event.listen(engine, "begin", _begin)
    return writer, reader, DirectWriter(direct)


def _prepare_writer(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # Without an isolation level the driver starts no transactions of its own; `_begin` does.
    connection.isolation_level = None
    _execute(connection, _PRAGMAS)


def _prepare_reader(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    _execute(connection, (*_PRAGMAS, "PRAGMA query_only = ON"))


def _execute(connection: DBAPIConnection, statements: tuple[str, ...]) -> None:
    cursor = connection.cursor()
    for statement in statements:
        cursor.execute(statement)
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('sqlite_begin', 'DEFERRED')}")


def _postgresql(url: URL) -> tuple[AsyncEngine, AsyncEngine, None]:
    pool: dict[str, Any] = {"max_overflow": 0, "pool_pre_ping": True}
    # Two, so that a commit which hangs with its connection can be tried again on another.
    writer = _engine(
        url,
        pool_size=2,
        **pool,
        synchronous_commit="on",
        lock_timeout=f"{QUEUE_SECONDS}s",
        # A writer that was stopped in the middle must not keep the ledger from all others.
        idle_in_transaction_session_timeout=f"{COMMAND_SECONDS}s",
    )
    return writer, _engine(url, pool_size=READERS, **pool, default_transaction_read_only="on"), None


def _engine(url: URL, *, application: str = "quantum-governance-gateway", **options: Any) -> AsyncEngine:
    known = {"pool_size", "max_overflow", "pool_pre_ping", "poolclass", "isolation_level"}
    settings = {name: value for name, value in options.items() if name not in known}
    connect: dict[str, Any] = {
        "timeout": COMMAND_SECONDS,
        "command_timeout": COMMAND_SECONDS,
        "server_settings": {"application_name": application, "timezone": "UTC", **settings},
    }
    chosen = {name: value for name, value in options.items() if name in known}
    return create_async_engine(url, hide_parameters=True, connect_args=connect, **chosen)
