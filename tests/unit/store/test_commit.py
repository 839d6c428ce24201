"""The writer: all of a unit or nothing of it, one unit's trouble is nobody else's, an answer means durable."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from gateway.audit.merkle import MerkleChain
from gateway.domain.backend import ExecutionKind
from gateway.domain.job import JobStatus
from gateway.domain.writes import AttemptUpdate, ClaimWrite, JobEdit, RowWrite, Unit
from gateway.store import attempts, entries, holds, jobs, objects, policies, rows, subjects
from gateway.store.apply import SKEW
from gateway.store.commit import LedgerUnavailableError, UnitError, Writer, WriteRefusedError
from tests.records import NOW, hold, job, leaf, outbox, sealed


async def size(database):
    async with database.reading() as connection:
        return (await entries.head(connection)).size


def permitted(**changes):
    """Everything a permitted submission writes."""
    one = job(**changes)
    return Unit(leaf=leaf(), job=one, sealed=(sealed(one.id),), hold=hold(one.id), outbox=outbox(one.id))


async def test_a_unit_becomes_true_as_a_whole(writer, database):
    unit = permitted()

    committed = await writer.commit(unit)

    async with database.reading() as connection:
        assert await jobs.by_id(connection, unit.job.id) == unit.job
        assert await objects.load(connection, unit.job.id, "payload") == unit.sealed[0]
        assert await holds.held(connection, unit.job.id) == unit.hold
        attempt = await attempts.latest(connection, unit.job.id)
        journal = (await connection.execute(text("SELECT action, seq FROM journal"))).all()
    assert (committed.seq, committed.event_id) == (0, unit.leaf.event_id)
    assert (attempt.seq, attempt.event_id, attempt.state) == (0, unit.leaf.event_id, "permitted")
    assert journal == [("hold", 0)]


async def test_a_change_the_ledger_does_not_record_has_no_place(writer, database):
    assert await writer.commit(Unit(job=job())) is None
    assert await size(database) == 0


async def test_one_refused_unit_of_a_batch_harms_no_other_and_takes_no_place(writer, database):
    """They share a transaction only because that is faster."""
    first = permitted()
    same_name = Unit(leaf=leaf(), job=job(client_job_id=first.job.client_job_id))
    units = [first, permitted(), same_name, permitted(), Unit(leaf=leaf())]

    outcomes = await asyncio.gather(*(writer.commit(unit) for unit in units), return_exceptions=True)

    assert [getattr(outcome, "seq", None) for outcome in outcomes] == [0, 1, None, 2, 3]
    assert isinstance(outcomes[2], WriteRefusedError)
    assert "job" not in outcomes[2].why
    assert writer.ready() is None
    assert await size(database) == 4


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"hold": hold("nobody", "settle")}, id="money that was never held"),
        pytest.param({"attempt": AttemptUpdate(job_id="x", attempt=1, state="done", vendor_job_id=None)}, id="attempt"),
        pytest.param({"claim": ClaimWrite(job_id="x", attempt=1, claims=0, lease_until=NOW)}, id="claim"),
        pytest.param({"outbox": outbox("no-such-job")}, id="attempt of no job"),
        pytest.param({"rows": (RowWrite(table="api_key", values={"id": "k"}),)}, id="incomplete row"),
        pytest.param({"job": job(reason="half a \ud800")}, id="text no database can hold"),
    ],
)
async def test_nothing_of_a_refused_unit_is_written(writer, database, broken):
    one = job()
    unit = Unit(**{"leaf": leaf(), "job": one, "sealed": (sealed(one.id),), **broken})

    with pytest.raises(WriteRefusedError, match="nothing of it was written"):
        await writer.commit(unit)

    async with database.reading() as connection:
        assert await jobs.unfinished(connection) == []
        assert await objects.kinds(connection, one.id) == ()
    assert await size(database) == 0


async def test_asking_again_with_the_same_event_gives_the_place_it_already_has(writer, database):
    """Who did not hear the answer may ask again."""
    unit = permitted()
    first = await writer.commit(unit)
    await writer.commit(Unit(leaf=leaf()))

    assert await writer.commit(unit) == first
    assert await size(database) == 2


async def test_an_event_id_cannot_be_used_for_something_else(writer):
    """Otherwise a second permit would rest on an entry that does not speak of it."""
    one = leaf(codes=1)
    await writer.commit(Unit(leaf=one))

    with pytest.raises(WriteRefusedError, match="belongs to another entry"):
        await writer.commit(Unit(leaf=replace(leaf(codes=2), event_id=one.event_id)))


async def test_at_most_one_attempt_of_a_job_is_live(writer, database):
    unit = permitted()
    await writer.commit(unit)
    second = Unit(leaf=leaf(), outbox=outbox(unit.job.id, attempt=2))

    with pytest.raises(WriteRefusedError):
        await writer.commit(second)

    closing = AttemptUpdate(job_id=unit.job.id, attempt=1, state="abandoned", vendor_job_id=None)
    await writer.commit(replace(second, attempt=closing))
    async with database.reading() as connection:
        assert [row.attempt for row in await attempts.unfinished(connection)] == [2]


async def test_a_closed_attempt_stays_closed(writer, database):
    """So a job has one outcome, whoever reports one too late."""
    unit = permitted()
    await writer.commit(unit)
    done = AttemptUpdate(job_id=unit.job.id, attempt=1, state="done", vendor_job_id=None)
    await writer.commit(Unit(leaf=leaf(), attempt=replace(done, state="forwarded", vendor_job_id="v-1")))
    await writer.commit(Unit(leaf=leaf(), attempt=done))

    with pytest.raises(WriteRefusedError, match="attempt 1 is closed"):
        await writer.commit(Unit(leaf=leaf(), attempt=replace(done, state="forwarded")))

    async with database.reading() as connection:
        row = await attempts.load(connection, unit.job.id, 1)
    assert (row.state, row.vendor_job_id) == ("done", "v-1")


@pytest.mark.parametrize(
    ("state", "kind", "allowed"),
    [
        pytest.param("permitted", ExecutionKind.SIMULATOR, True, id="a simulator perhaps never asked"),
        pytest.param("forwarded", ExecutionKind.SIMULATOR, True, id="a simulator that took it and died"),
        pytest.param("permitted", ExecutionKind.HARDWARE, True, id="hardware perhaps never asked"),
        pytest.param("forwarded", ExecutionKind.HARDWARE, False, id="hardware that took it"),
        pytest.param("done", ExecutionKind.SIMULATOR, False, id="a closed attempt"),
    ],
)
async def test_an_open_attempt_is_claimed_but_never_what_hardware_took(writer, database, state, kind, allowed):
    """What hardware took would run, and be paid, twice."""
    one = job()
    await writer.commit(Unit(leaf=leaf(), job=one, outbox=outbox(one.id, kind=kind)))
    if state != "permitted":
        update = AttemptUpdate(job_id=one.id, attempt=1, state=state, vendor_job_id="v-1")
        await writer.commit(Unit(leaf=leaf(), attempt=update))
    claim = ClaimWrite(job_id=one.id, attempt=1, claims=0, lease_until=NOW + timedelta(seconds=60))

    outcomes = await asyncio.gather(
        *(writer.commit(Unit(leaf=leaf(), claim=claim)) for _ in range(2)), return_exceptions=True
    )

    assert sum(not isinstance(outcome, Exception) for outcome in outcomes) == int(allowed)
    async with database.reading() as connection:
        row = await attempts.load(connection, one.id, 1)
    assert (row.claims, row.state) == ((1, "permitted") if allowed else (0, state))


async def test_money_is_settled_once_and_every_movement_has_its_line(writer, database):
    unit = permitted()
    await writer.commit(unit)
    await writer.commit(Unit(leaf=leaf(), hold=hold(unit.job.id, "settle", 650)))

    with pytest.raises(WriteRefusedError, match="no open hold to release"):
        await writer.commit(Unit(leaf=leaf(), hold=hold(unit.job.id, "release", 700)))

    async with database.reading() as connection:
        assert await holds.held(connection, unit.job.id) is None
        lines = (await connection.execute(text("SELECT action, amount_micros, seq FROM journal ORDER BY id"))).all()
    assert lines == [("hold", 700, 0), ("settle", 650, 1)]


async def test_content_addressed_rows_keep_their_first_content_and_names_their_last(writer, database):
    revision = policies.write(digest="d" * 64, kind="policy", content=b"first", first_used_at=NOW)
    await writer.commit(Unit(leaf=leaf(), rows=(revision, subjects.write("s", "old"))))
    again = replace(revision, values={**revision.values, "content": b"second"})
    await writer.commit(Unit(leaf=leaf(), rows=(again, subjects.write("s", "new"))))

    async with database.reading() as connection:
        assert await policies.content(connection, "d" * 64) == b"first"
        assert await policies.known(connection, "d" * 64)
        assert await subjects.names(connection, ["s", "t"]) == {"s": "new"}


@pytest.mark.parametrize("what", [{"hold": hold("j")}, {"outbox": outbox("j")}, {"sealed": (sealed("j"),)}])
async def test_what_spends_or_discloses_rests_on_an_entry(writer, what):
    with pytest.raises(UnitError, match="needs a leaf"):
        await writer.commit(Unit(**what))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (RowWrite(table="audit_entry", values={}), "'audit_entry' is not written as a plain row"),
        (RowWrite(table="job", values={}), "'job' is not written as a plain row"),
        (RowWrite(table="principal", values={"id": "p", "admin": True}), "principal has no column 'admin'"),
    ],
)
async def test_plain_rows_are_for_a_few_tables_only(writer, row, message):
    with pytest.raises(rows.RowNotAllowedError, match=message):
        await writer.commit(Unit(leaf=leaf(), rows=(row,)))


async def test_a_clock_that_ran_backwards_is_named(writer, database):
    """An entry dated before its predecessors would make the ledger's order of time a lie."""
    await writer.commit(Unit(leaf=leaf(at=NOW)))
    await writer.commit(Unit(leaf=leaf(at=NOW - SKEW)))

    late = Unit(leaf=leaf(at=NOW - SKEW - timedelta(microseconds=1)))
    outcomes = await asyncio.gather(writer.commit(late), writer.commit(Unit(leaf=leaf())), return_exceptions=True)

    assert isinstance(outcomes[0], LedgerUnavailableError)
    assert "set the clock" in outcomes[0].message
    assert outcomes[1].seq == 2
    async with database.reading() as connection:
        assert (await entries.head(connection)).last_at == NOW


async def test_without_a_ledger_nothing_is_taken(database):
    running = Writer(database, MerkleChain())
    await running.start()

    with pytest.raises(LedgerUnavailableError, match="run `gateway init`"):
        await running.commit(Unit(leaf=leaf()))

    assert "never created" in running.ready()
    await running.close()


async def test_a_lost_connection_writes_nothing_twice(writer, database, monkeypatch):
    """It may break after the commit and before its answer; the second try recognises what is there."""
    units = [permitted() for _ in range(5)]
    original, broken = Writer._transact, []

    async def break_after_commit(self, work, units):
        outcomes = await original(self, work, units)
        if not broken:
            broken.append(True)
            raise OperationalError("COMMIT", {}, Exception("connection lost"))
        return outcomes

    monkeypatch.setattr(Writer, "_transact", break_after_commit)

    outcomes = await asyncio.gather(*(writer.commit(unit) for unit in units))

    assert [outcome.seq for outcome in outcomes] == [0, 1, 2, 3, 4]
    assert await size(database) == 5


async def test_a_job_is_replaced_but_never_changes_hands(writer, database):
    one = job()
    await writer.commit(Unit(job=one))
    await writer.commit(Unit(job=replace(one, status=JobStatus.RUNNING, project_id="other")))

    async with database.reading() as connection:
        stored = await jobs.by_id(connection, one.id)
    assert stored == replace(one, status=JobStatus.RUNNING)


async def test_what_a_caller_changes_about_a_job_and_how_it_runs_do_not_overwrite_each_other(writer, database):
    """The one happens at whichever replica is asked, the other at the one that follows the job."""
    one = job()
    await writer.commit(Unit(job=one))
    await writer.commit(Unit(edit=JobEdit(job_id=one.id, tags=("a",))))
    await writer.commit(Unit(job=replace(one, status=JobStatus.COMPLETED)))
    await writer.commit(Unit(edit=JobEdit(job_id=one.id, deleted=True)))

    async with database.reading() as connection:
        stored = await jobs.by_id(connection, one.id)
    assert stored == replace(one, status=JobStatus.COMPLETED, tags=("a",), deleted=True)
