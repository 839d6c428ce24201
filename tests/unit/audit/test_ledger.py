"""Record first, act after: what a permit rests on, and what a start checks."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from sqlalchemy import text

from gateway.audit import check
from gateway.audit.check import LedgerDamagedError, whole
from gateway.audit.entry import EntryRefusedError
from gateway.audit.export import export
from gateway.audit.ledger import LEASE, Ledger, LedgerOriginError
from gateway.audit.verify import ExpectedHead, verify
from gateway.domain.backend import ExecutionKind
from gateway.domain.decision import Placement
from gateway.domain.permit import Permit
from gateway.domain.writes import AttemptUpdate
from gateway.store import attempts, entries, jobs
from gateway.store.commit import LedgerUnavailableError, WriteRefusedError
from tests.records import draft, hold, job, sealed

PLACEMENT = Placement(
    upstream="aer", backend="sim_line_5", kind=ExecutionKind.SIMULATOR, fallback=True, reason="no vendor is connected"
)


def permitted(one):
    body = dict.fromkeys(("principal", "key", "dialect", "program", "backend_asked", "classification", "payload"), "x")
    return draft("job.permitted", **body, decision={}, job_id=one.id, attempt=1, placement={})


async def permit(books, **changes):
    one = job(**changes)
    given = await books.ledger.permit(
        permitted(one), job=one, placement=PLACEMENT, sealed=(sealed(one.id),), hold=hold(one.id)
    )
    return one, given


async def types(books):
    async with books.database.reading() as connection:
        return [row[0] for row in await connection.execute(text("SELECT type FROM audit_entry ORDER BY seq"))]


@asynccontextmanager
async def tampering(database):
    """Give a connection on which the triggers are silent, as to somebody who owns the database."""
    async with database.writing() as connection:
        if database.dialect == "sqlite":
            triggers = await connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
            for name in triggers.scalars().all():
                await connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            await connection.execute(text("SET LOCAL session_replication_role = replica"))
        yield connection


async def tamper(database, statement):
    async with tampering(database) as connection:
        await connection.execute(text(statement))


async def test_a_ledger_begins_with_the_entry_that_says_so(books):
    assert await types(books) == ["ledger.created"]


async def test_a_ledger_is_begun_only_on_purpose(database, books):
    """A gateway whose database was lost must not quietly start with an empty ledger."""
    await tamper(database, "DELETE FROM audit_head")

    with pytest.raises(LedgerUnavailableError, match="run `gateway init`"):
        await books.ledger.open("test/ledger")
    with pytest.raises(LedgerUnavailableError, match="run `gateway init`"):
        await books.ledger.self_check()
    with pytest.raises(LedgerUnavailableError, match="run `gateway init`"):
        await whole(database)


async def test_a_ledger_keeps_its_name(books):
    with pytest.raises(LedgerOriginError, match=r"holds the ledger 'test/ledger', the settings name 'other/ledger'"):
        await books.ledger.open("other/ledger")


async def test_opening_again_adds_nothing(books):
    await books.ledger.open("test/ledger", create=True)

    assert await types(books) == ["ledger.created"]


async def test_a_permit_rests_on_an_entry_a_job_and_an_open_attempt(books):
    one, given = await permit(books)

    async with books.database.reading() as connection:
        assert await jobs.by_id(connection, one.id) == one
        row = await attempts.latest(connection, one.id)
    assert given == Permit(job_id=one.id, attempt=1, placement=PLACEMENT, seq=1, event_id=row.event_id)
    assert (row.state, row.seq, row.project_id) == ("permitted", 1, one.project_id)
    assert row.lease_until == books.clock.now() + LEASE


async def test_without_an_entry_there_is_no_permit(books):
    """Audit comes before act: who gets no permit forwards nothing."""
    await books.writer.close()

    with pytest.raises(LedgerUnavailableError, match="nothing was forwarded, try again"):
        await permit(books)

    async with books.database.reading() as connection:
        assert await jobs.unfinished(connection) == []


async def test_an_entry_that_is_none_leaves_nothing(books):
    with pytest.raises(EntryRefusedError):
        await books.ledger.record(draft("job.guessed"), job=job())

    async with books.database.reading() as connection:
        assert await jobs.unfinished(connection) == []


async def test_after_a_crash_one_claims_the_same_permit_again(books):
    one, given = await permit(books)
    async with books.database.reading() as connection:
        (row,) = await attempts.unfinished(connection)

    outcomes = await asyncio.gather(*(books.ledger.claim(row) for _ in range(3)), return_exceptions=True)

    assert sum(isinstance(outcome, WriteRefusedError) for outcome in outcomes) == 2
    assert [outcome for outcome in outcomes if isinstance(outcome, Permit)] == [given]
    assert (await types(books))[2:] == ["attempt.claimed"]
    async with books.database.reading() as connection:
        assert (await attempts.load(connection, one.id, 1)).claims == 1


async def test_a_finished_attempt_gives_no_permit(books):
    one, _ = await permit(books)
    async with books.database.reading() as connection:
        (row,) = await attempts.unfinished(connection)
    done = AttemptUpdate(job_id=one.id, attempt=1, state="done", vendor_job_id=None)
    await books.ledger.record(draft(), job=one, attempt=done)

    with pytest.raises(WriteRefusedError, match="attempt 1 is closed"):
        await books.ledger.claim(row)


async def test_an_export_of_the_database_verifies_offline(books):
    for _ in range(5):
        await permit(books)

    lines = [line async for page in export(books.database) for line in page]

    report = verify(lines)
    assert report.ok
    assert report.entries == 6
    assert await whole(books.database) == report


async def test_an_export_is_a_page_at_a_time_and_complete_while_others_write(books, monkeypatch):
    """In constant memory; what is appended meanwhile belongs to the next export."""
    monkeypatch.setattr(entries, "PAGE", 4)
    for _ in range(10):
        await books.ledger.record(draft())

    pages = []
    async for page in export(books.database):
        pages.append(page)
        await books.ledger.record(draft())

    assert [len(page) for page in pages] == [1, 4, 4, 3]
    assert verify([line for page in pages for line in page]).ok


@pytest.mark.parametrize("newest", [False, True], ids=["whole", "newest links"])
@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE audit_entry SET leaf_hash = substr(leaf, 1, 32) WHERE seq = 8", "entry 8"),
        ("UPDATE audit_entry SET leaf_hash = 'text' WHERE seq = 8", "entry 8"),
        ("DELETE FROM audit_entry WHERE seq = 8", "entry 8 is missing"),
        ("DELETE FROM audit_entry WHERE seq >= 8", "ends after 8 entries"),
        ("UPDATE audit_head SET last_hash = (SELECT leaf_hash FROM audit_entry WHERE seq = 8)", "the newest"),
        ("UPDATE audit_head SET size = 13", "ends after 11 entries"),
    ],
)
async def test_a_gateway_does_not_start_on_a_damaged_ledger(books, statement, told, newest, monkeypatch):
    """Whatever is appended to a damaged ledger would vouch for the damage."""
    if newest:
        monkeypatch.setattr(check, "WHOLE_UP_TO", 0)
        monkeypatch.setattr(check, "NEWEST", 5)
    for _ in range(10):
        await books.ledger.record(draft())
    await books.ledger.self_check()
    await tamper(books.database, statement)

    with pytest.raises(LedgerDamagedError, match=told):
        await books.ledger.self_check()


async def test_a_head_that_contradicts_itself_is_damage(books):
    await tamper(books.database, "UPDATE audit_head SET size = 3")

    with pytest.raises(LedgerDamagedError, match="contradicts itself"):
        await whole(books.database)


async def test_a_cut_ledger_whose_head_was_cut_too_shows_against_a_noted_head(books):
    """Only what was noted outside of the database can tell."""
    for _ in range(3):
        await books.ledger.record(draft())
    async with books.database.reading() as connection:
        shorter = await entries.head(connection)
    await books.ledger.record(draft())
    noted = await whole(books.database)
    async with tampering(books.database) as connection:
        await connection.execute(text("DELETE FROM audit_entry WHERE seq >= 4"))
        await connection.run_sync(entries.move_head, shorter)

    head = ExpectedHead(size=noted.entries, root=noted.root)
    assert (await whole(books.database)).ok
    assert [finding.code for finding in (await whole(books.database, expected_head=head)).findings] == ["tail-missing"]


async def test_a_crash_between_the_head_and_the_first_entry_is_mended_by_opening(database, books):
    async with tampering(database) as connection:
        await connection.execute(text("DELETE FROM audit_entry"))
        empty = replace(await entries.head(connection), size=0, frontier=b"", last_hash=bytes(32))
        await connection.run_sync(entries.move_head, empty)

    await Ledger(books.writer, books.clock).open("test/ledger")

    assert await types(books) == ["ledger.created"]
    assert (await whole(database)).ok
