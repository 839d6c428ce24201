"""The second line of defence: the database itself refuses to change what was recorded."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from gateway.domain.writes import Unit
from tests.records import hold, job, leaf


@pytest.fixture
async def recorded(database, writer):
    one = job()
    await writer.commit(Unit(leaf=leaf(), job=one, hold=hold(one.id)))
    await writer.commit(Unit(leaf=leaf()))
    return database


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET type = 'job.denied'",
        "DELETE FROM audit_entry WHERE seq = 1",
        "UPDATE journal SET amount_micros = 0",
        "DELETE FROM journal",
        "DELETE FROM audit_head",
        "UPDATE audit_head SET size = size - 1",
        "UPDATE audit_head SET origin = 'other'",
        "INSERT INTO audit_head VALUES (2, 'other', 0, '', '', '')",
    ],
)
async def test_what_was_recorded_is_not_changed(recorded, statement):
    with pytest.raises(IntegrityError, match=r"append-only|one_row"):
        async with recorded.writing() as connection:
            await connection.execute(text(statement))


@pytest.mark.parametrize("table", ["audit_entry", "journal", "audit_head"])
async def test_nor_by_the_ways_around_a_delete_trigger(recorded, table):
    """SQLite's INSERT OR REPLACE and PostgreSQL's TRUNCATE remove rows without deleting them."""
    around = {
        "sqlite": f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}",  # noqa: S608  # our own table names
        "postgresql": f"TRUNCATE {table}",
    }
    with pytest.raises(DBAPIError, match="append-only"):
        async with recorded.writing() as connection:
            await connection.execute(text(around[recorded.dialect]))


async def test_a_revoked_key_stays_revoked(database):
    """Rows are written whole: a rotation prepared before a revocation must not bring the key back."""
    made = (
        "INSERT INTO principal VALUES ('p', 'ada', 'person', 't', false, NULL)",
        "INSERT INTO project VALUES ('j', 'lab', 'team', 'public', 'experimental', true, NULL, 't')",
        "INSERT INTO api_key VALUES ('k', 'p', 'j', '', '[]', NULL, NULL, '', 1, 't', 'p', 't', 't', 't', NULL)",
    )
    async with database.writing() as connection:
        for statement in made:
            await connection.execute(text(statement))

    with pytest.raises(DBAPIError, match="stays revoked"):
        async with database.writing() as connection:
            await connection.execute(text("UPDATE api_key SET revoked_at = NULL WHERE id = 'k'"))
