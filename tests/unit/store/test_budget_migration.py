"""What was held before there were limits is carried over, and back, to the micro."""

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway.audit.merkle import MerkleChain
from gateway.domain.budget import Charge, Payer
from gateway.domain.writes import Unit
from gateway.store import books, entries, holds, limits
from gateway.store.commit import Writer
from gateway.store.engine import Database
from gateway.store.migrations import configuration
from tests.records import NOW, genesis, leaf, limit

JOB = (
    "INSERT INTO job (id, client_job_id, dialect, project_id, principal_id, key_id, program, asked_backend, backend, "
    "upstream, kind, fallback_reason, status, reason, created_at, tags, private, circuits, total_shots, "
    "estimated_seconds, usage_seconds, decision_id, payload_digest, program_digest, stages, echo, deleted) "
    "VALUES ('paid', 'c', 'ibm', 'project-1', 'ada', 'key', 'sampler', 'ibm_fez', 'ibm_fez', 'ibm', 'hardware', '', "
    "'completed', '', 't', '', false, 2, 8000, '2.0', '1.25', 'd', 'p', 'q', '{}', '{}', false)"
)
BEFORE = (
    "INSERT INTO project VALUES ('project-1', 'lab', 'quantum', 'public', 'experimental', true, NULL, 't')",
    JOB,
    "INSERT INTO hold VALUES ('open', 'project-1', 700, 'USD', 'held', 'r', '2026-03-01T12:00:00.000000Z')",
    "INSERT INTO hold VALUES ('paid', 'project-1', 650, 'USD', 'settled', 'r', '2026-03-02T12:00:00.000000Z')",
    "INSERT INTO hold VALUES ('free', 'project-1', 90, 'USD', 'released', 'r', '2026-03-01T14:00:00.000000Z')",
    "INSERT INTO journal VALUES (1, 'open', 'project-1', 'hold', 700, 'USD', 'r', 4, '2026-03-01T12:00:00.000000Z')",
    "INSERT INTO journal VALUES (2, 'paid', 'project-1', 'hold', 700, 'USD', 'r', 5, '2026-03-01T13:00:00.000000Z')",
    "INSERT INTO journal VALUES (3, 'free', 'project-1', 'hold', 90, 'USD', 'r', 6, '2026-03-01T13:30:00.000000Z')",
    "INSERT INTO journal VALUES (5, 'free', 'project-1', 'release', 90, 'USD', 'r', 7, '2026-03-01T14:00:00.000000Z')",
    "INSERT INTO journal VALUES (7, 'paid', 'project-1', 'settle', 650, 'USD', 'r', 8, '2026-03-02T12:00:00.000000Z')",
)
NEW_HOLD = "INSERT INTO hold (job_id, project_id, state, at) VALUES (:job_id, 'project-1', 'settled', :at)"
NEW_LINE = (
    "INSERT INTO journal (job_id, project_id, action, amount_micros, currency, price_revision, seq, at, held_at, jobs, "
    "circuits, shots, qpu_milliseconds, session_seconds, native_unit, team, principal_id, key_id, upstream, backend) "
    "VALUES (:job_id, 'project-1', :action, :micros, 'USD', 'r', 9, :at, :at, 1, 0, 0, 0, :seconds, '', 'quantum', "
    "'ada', 'key', 'ibm', 'ibm_fez')"
)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.tool("postgresql"))])
async def database(request, tmp_path):
    """A database of the release before budgets, with money in it."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'before.db'}"
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql")
        url = server.url(server.create())
    opened = await Database.open(url)
    await migrate(opened, command.upgrade, "0003")
    async with opened.writing() as connection:
        for statement in BEFORE:
            await connection.execute(text(statement))
        if opened.dialect == "postgresql":
            await connection.execute(text("SELECT setval('journal_id_seq', 7)"))
    yield opened
    await opened.close()


async def migrate(database, step, revision):
    async with database.writing() as connection:
        await connection.run_sync(lambda sync: step(configuration(sync), revision))


async def money(database):
    """Every hold and every line of the journal, as it was kept before budgets."""
    lines = "SELECT id, job_id, project_id, action, amount_micros, currency, price_revision, seq, at FROM journal"
    queries = ("SELECT * FROM hold ORDER BY job_id", f"{lines} ORDER BY id")
    async with database.reading() as connection:
        return [[tuple(row) for row in await connection.execute(text(query))] for query in queries]


async def write(database, *units):
    writer = Writer(database, MerkleChain())
    await writer.start()
    for unit in units:
        await writer.commit(unit)
    await writer.close()


async def test_holds_and_journal_are_carried_over_with_whose_they_are(database):
    await migrate(database, command.upgrade, "0004")

    async with database.reading() as connection:
        assert await holds.cost(connection, "open") == ("USD", 700, None)
        assert await holds.cost(connection, "free") == ("USD", 90, 0)
        assert (await holds.held(connection, "open")).charge == Charge(micros=700, currency="USD", jobs=1)
        paid = await holds.charged(connection, "paid")
        lines = (await connection.execute(text("SELECT id, held_at, team FROM journal ORDER BY id"))).all()
    assert paid.charge == Charge(
        micros=650, currency="USD", jobs=1, circuits=2, shots=8000, qpu_milliseconds=1250, session_seconds=0
    )
    assert paid.payer == Payer(
        team="quantum", project_id="project-1", principal_id="ada", key_id="key", upstream="ibm", backend="ibm_fez"
    )
    assert [line.id for line in lines] == [1, 2, 3, 5, 7]
    assert {line.team for line in lines} == {"quantum"}
    assert [line.held_at[11:16] for line in lines] == ["12:00", "13:00", "13:30", "13:30", "13:00"]


async def test_the_way_back_gives_what_was_there(database):
    before = await money(database)

    await migrate(database, command.upgrade, "0004")
    await migrate(database, command.downgrade, "0003")

    assert await money(database) == before


async def test_what_was_written_since_is_taken_back_and_forth(database):
    """Corrections are folded into the hold; time of sessions has no place in the earlier release."""
    await migrate(database, command.upgrade, "0004")
    lines = [
        ("new", "hold", 60, 0),
        ("session", "hold", 0, 60),
        ("new", "settle", 50, 0),
        ("session", "settle", 0, 0),
        ("new", "correct", 5, 0),
    ]
    async with database.writing() as connection:
        for job_id in ("new", "session"):
            await connection.execute(text(NEW_HOLD), {"job_id": job_id, "at": "2026-03-03T12:00:00.000000Z"})
        for job_id, action, micros, seconds in lines:
            await connection.execute(
                text(NEW_LINE), {"job_id": job_id, "action": action, "micros": micros, "seconds": seconds, "at": "t"}
            )

    await migrate(database, command.downgrade, "0003")

    kept, journal = await money(database)
    assert ("new", "project-1", 55, "USD", "settled", "r", "t") in kept
    assert [(line[1], line[3], line[4]) for line in journal[5:]] == [
        ("new", "hold", 60),
        ("new", "settle", 50),
        ("new", "correct", 5),
    ]
    assert all(row[0] != "session" for row in kept)

    await migrate(database, command.upgrade, "0004")
    async with database.reading() as connection:
        assert await holds.cost(connection, "new") == ("USD", 60, 55)


@pytest.mark.parametrize("there_and_back", [("0004",), ("0004", "0003")])
async def test_the_journal_stays_append_only(database, there_and_back):
    steps = {"0004": command.upgrade, "0003": command.downgrade}
    for revision in there_and_back:
        await migrate(database, steps[revision], revision)
    around = {"sqlite": "INSERT OR REPLACE INTO journal SELECT * FROM journal", "postgresql": "TRUNCATE journal"}

    for statement in ("UPDATE journal SET seq = 0", "DELETE FROM journal", around[database.dialect]):
        with pytest.raises(DBAPIError, match="append-only"):
            async with database.writing() as connection:
                await connection.execute(text(statement))


async def test_a_limit_made_now_begins_with_what_was_taken_before_the_migration(database):
    await migrate(database, command.upgrade, "head")
    async with database.writing() as connection:
        await entries.create(connection, genesis())
    month = limit(amount=10_000)
    await write(database, Unit(leaf=leaf(), rows=(limits.write(month),)))

    async with database.reading() as connection:
        assert await books.check(connection) == []
    async with database.reading() as connection:
        standing = (await books.standings(connection, [month], NOW))[0]
        rows = await books.spend(connection, since=NOW, until=NOW.replace(day=3), by=("project",))

    assert (standing.held, standing.settled) == (700, 650)
    assert [(row.held_micros, row.open_micros, row.settled_micros) for row in rows] == [(1490, 700, 650)]
