"""Fixtures over both databases: a test that asks for `database_url` or `database` runs once on each."""

import asyncio
import shutil

import pytest

from gateway.store.engine import Database, migrate
from gateway.store.tables import metadata
from tests.postgres import Server


@pytest.fixture(scope="session")
def postgresql(tools):
    """A server for the whole run."""
    with Server(tools.require("postgresql")) as server:
        yield server


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql):
    """The name of a migrated database, shared by all tests."""
    name = postgresql.create()
    asyncio.run(migrate(postgresql.url(name)))
    return name


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory):
    """A migrated, empty database file."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    asyncio.run(migrate(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture
def sqlite_url(tmp_path, migrated_sqlite):
    """The address of a fresh SQLite database of this test's own."""
    path = tmp_path / "gateway.db"
    shutil.copy(migrated_sqlite, path)
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture
def postgresql_url(postgresql, migrated_postgresql):
    """The address of an emptied PostgreSQL database; nobody else uses it during this test."""
    # The triggers of the ledger refuse to empty it; a replica's session does not fire them.
    tables = ", ".join(metadata.tables)
    postgresql.run_sql(f"SET session_replication_role = replica; TRUNCATE {tables}", migrated_postgresql)
    return postgresql.url(migrated_postgresql)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.tool("postgresql"))])
def database_url(request):
    """The address of a fresh database, once of each kind."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture
async def database(database_url):
    """A fresh open database, once of each kind."""
    opened = await Database.open(database_url)
    yield opened
    await opened.close()
