"""Migrations lead to `tables.py`, once, whoever starts first."""

import asyncio
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from gateway.store.engine import Database, migrate, schema_version
from gateway.store.migrations import SCRIPTS, SchemaUnknownError
from gateway.store.tables import SCHEMA_VERSION, metadata


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.tool("postgresql"))])
def empty_url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"
    server = request.getfixturevalue("postgresql")
    return server.url(server.create())


def test_the_version_of_the_tables_is_the_newest_revision():
    assert ScriptDirectory(str(SCRIPTS)).get_current_head() == SCHEMA_VERSION


async def test_migrations_lead_to_the_tables_on_the_page(database):
    """Otherwise a fresh deployment and a migrated one would differ."""
    async with database.reading() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync, opts=compared(database.dialect)), metadata)
        )

    assert differences == []


def compared(dialect):
    """SQLite has a full-text table where PostgreSQL has an index; neither is anything the other could have."""

    def known(_object, name, kind, _reflected, _other):
        own = (kind == "table" and name.startswith("audit_term")) or name == "ix_audit_index_terms"
        return dialect == "postgresql" or not own

    return {"compare_type": True, "include_object": known}


async def test_migrating_again_changes_nothing(empty_url):
    await migrate(empty_url)
    await migrate(empty_url)

    opened = await Database.open(empty_url)
    assert await schema_version(opened) == SCHEMA_VERSION
    await opened.close()


async def test_an_empty_database_has_no_version(empty_url):
    opened = await Database.open(empty_url)
    assert await schema_version(opened) is None
    await opened.close()


async def test_two_processes_may_migrate_at_once(empty_url):
    """Replicas start together after a release."""
    program = f"import asyncio; from gateway.store.engine import migrate; asyncio.run(migrate({empty_url!r}))"
    processes = [await asyncio.create_subprocess_exec(sys.executable, "-c", program) for _ in range(2)]

    assert [await process.wait() for process in processes] == [0, 0]


async def test_a_database_of_a_newer_release_is_left_alone(empty_url):
    await migrate(empty_url)
    opened = await Database.open(empty_url)
    async with opened.writing() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await opened.close()

    with pytest.raises(SchemaUnknownError, match="newer gateway"):
        await migrate(empty_url)


def test_a_start_without_a_migration_does_not_import_alembic(sqlite_url):
    """It costs a third of a second, and a start must answer within two."""
    program = (
        "import asyncio, sys; from gateway.store.engine import migrate; "
        f"asyncio.run(migrate({sqlite_url!r})); sys.exit('alembic' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
