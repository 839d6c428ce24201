"""What both databases promise when they are opened."""

import sqlite3

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway.store.engine import Database, DatabaseUnavailableError, DatabaseUrlError


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("sqlite:///x.db", id="a driver that would block the event loop"),
        pytest.param("sqlite+aiosqlite:///:memory:", id="memory, which every connection has its own of"),
        pytest.param("sqlite+aiosqlite://", id="no file"),
        pytest.param("mysql://localhost/x", id="another database"),
        pytest.param("what is this", id="no address"),
    ],
)
async def test_only_addresses_of_the_two_databases_are_understood(url):
    with pytest.raises(DatabaseUrlError, match=r"sqlite\+aiosqlite:///path or postgresql\+asyncpg"):
        await Database.open(url)


@pytest.mark.parametrize("name", ["missing/x.db", "no-database"])
async def test_a_database_that_cannot_be_opened_says_so_without_its_address(tmp_path, name):
    (tmp_path / "no-database").write_text("something else entirely" * 100)

    with pytest.raises(DatabaseUnavailableError, match="the sqlite database cannot be opened") as refused:
        await Database.open(f"sqlite+aiosqlite:///{tmp_path / name}")

    assert str(tmp_path) not in refused.value.message


async def test_a_server_that_does_not_answer_is_told_as_such(tmp_path):
    with pytest.raises(DatabaseUnavailableError, match="the postgresql database cannot be opened"):
        await Database.open(f"postgresql+asyncpg://nobody@/none?host={tmp_path}")


async def test_sqlite_is_opened_so_that_what_was_acknowledged_survives_a_power_failure(sqlite_url):
    """NORMAL, the default of many guides, would lose the newest transactions."""
    opened = await Database.open(sqlite_url)
    for connecting in (opened.writing, opened.reading):
        async with connecting() as connection:
            found = [
                (await connection.execute(text(f"PRAGMA {name}"))).scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys", "trusted_schema")
            ]
        assert found == ["wal", 2, 1, 0]
    await opened.close()


async def test_postgresql_waits_for_the_disk(postgresql_url):
    opened = await Database.open(postgresql_url)
    async with opened.writing() as connection:
        assert (await connection.execute(text("SHOW synchronous_commit"))).scalar_one() == "on"
    await opened.close()


async def test_a_reading_connection_cannot_write(database):
    async with database.reading() as connection:
        with pytest.raises(DBAPIError, match=r"readonly|read-only"):
            await connection.execute(text("DELETE FROM project"))


async def test_writing_is_rolled_back_by_an_exception(database):
    async def write_and_fail():
        async with database.writing() as connection:
            await connection.execute(text("INSERT INTO subject_name VALUES ('d', 'n')"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write_and_fail()

    async with database.reading() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM subject_name"))).scalar_one() == 0


async def test_sqlite_knows_whether_another_process_wrote(sqlite_url, tmp_path):
    """A key revoked on the command line must end in the serving process."""
    opened = await Database.open(sqlite_url)
    at_first = await opened.version()
    await opened.transact(lambda own: own.execute(text("INSERT INTO subject_name VALUES ('mine', 'x')")))
    after_my_own = await opened.version()
    with sqlite3.connect(tmp_path / "gateway.db") as other:
        other.execute("INSERT INTO subject_name VALUES ('theirs', 'x')")
    other.close()
    after_theirs = await opened.version()
    once_more = await opened.version()
    await opened.close()

    assert at_first is not None
    assert (after_my_own == at_first, after_theirs == at_first, once_more == after_theirs) == (True, False, True)


async def test_postgresql_does_not_know_whether_another_process_wrote(postgresql_url):
    opened = await Database.open(postgresql_url)
    assert await opened.version() is None
    await opened.close()


async def test_what_is_shredded_is_overwritten_in_the_file(sqlite_url):
    """A key that was erased must not be found in the database's free pages."""
    opened = await Database.open(sqlite_url)
    async with opened.writing() as connection:
        secure = (await connection.exec_driver_sql("PRAGMA secure_delete")).scalar_one()
    await opened.close()

    assert secure == 1
