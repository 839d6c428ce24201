"""Settlements, late bills and reports: every micro has a line."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from gateway.domain.budget import Charge, Period, Unit, Window
from gateway.domain.exceeded import BudgetCurrencyError, BudgetExceededError
from gateway.domain.job import JobStatus
from gateway.domain.writes import Unit as Writes
from gateway.store import books, holds
from gateway.store.commit import WriteRefusedError
from tests.bookkeeping import differences, move, put, take, taken
from tests.records import NOW, hold, job, leaf, limit, payer


async def test_settling_less_frees_the_rest_and_releasing_all_of_it(writer, database):
    month = limit(amount=100)
    await put(writer, month)
    first, second = await take(writer, 60), await take(writer, 40)

    await move(writer, first, "settle", micros=25)
    await move(writer, second, "release")

    assert await taken(database, month) == (0, 25)
    await take(writer, 75)
    assert await differences(database) == []


async def test_a_larger_bill_is_recorded_and_eats_the_budget(writer, database):
    """The vendor will be paid; whoever comes next has less, or nothing."""
    month = limit(amount=100)
    await put(writer, month)
    await move(writer, await take(writer, 60), "settle", micros=130)

    async with database.reading() as connection:
        standing = (await books.standings(connection, [month], NOW))[0]
    assert (standing.settled, standing.left, standing.over) == (130, 0, True)
    with pytest.raises(BudgetExceededError, match="has 0 USD left"):
        await take(writer, 1)
    await take(writer, 0)
    assert await differences(database) == []


@pytest.mark.parametrize(("ended", "micros"), [("settle", 60), ("release", 60)])
async def test_a_late_bill_moves_the_window_the_job_was_held_in(writer, database, ended, micros):
    """Also for a job that had been released because it seemed to cost nothing."""
    month = limit(amount=100)
    await put(writer, month)
    write = await take(writer, micros)
    await move(writer, write, ended)
    april = NOW + timedelta(days=40)

    await move(writer, write, "correct", at=april, micros=70)
    await move(writer, write, "correct", at=april, micros=65)

    assert await taken(database, month) == (0, 65)
    assert await taken(database, month, april) == (0, 0)
    assert await differences(database) == []
    async with database.reading() as connection:
        lines = await connection.execute(text("SELECT action, amount_micros FROM journal ORDER BY id"))
        assert lines.all()[2:] == [("correct", 70 - (60 if ended == "settle" else 0)), ("correct", -5)]
        assert (await holds.charged(connection, write.job_id)).charge.micros == 65
        assert await holds.cost(connection, write.job_id) == ("USD", 60, 65)


async def test_only_what_has_ended_can_be_corrected_and_only_once_at_a_time(writer, database):
    write = await take(writer)
    with pytest.raises(WriteRefusedError, match="no settled hold to correct"):
        await move(writer, write, "correct")
    async with database.reading() as connection:
        assert await holds.charged(connection, write.job_id) is None

    await asyncio.gather(move(writer, write, "settle", micros=5), move(writer, write, "correct", micros=9))

    async with database.reading() as connection:
        assert await holds.cost(connection, write.job_id) == ("USD", 700, 9)


@pytest.mark.parametrize("micros", [1, 700])
async def test_a_wrong_currency_is_refused_and_both_are_named(writer, micros):
    await put(writer, limit(currency="EUR", name="month"))

    with pytest.raises(BudgetCurrencyError, match="budget 'month' is kept in EUR, and this job is priced in USD"):
        await take(writer, micros)
    await take(writer, 0)
    await take(writer, payer=payer(project_id="project-2"))


async def test_a_correction_in_another_currency_is_refused(writer):
    write = await take(writer, 60)
    await move(writer, write, "settle")

    with pytest.raises(BudgetCurrencyError, match="its settlement is kept in USD, and this job is priced in EUR"):
        await move(writer, write, "correct", currency="EUR")


async def test_a_deleted_project_leaves_its_books_in_order(writer, database):
    """Its money was spent whether or not anybody remembers its name; refusals call it by its id."""
    async with database.writing() as connection:
        await connection.execute(
            text("INSERT INTO project VALUES ('project-1', 'lab', 't', 'public', 'experimental', true, NULL, 't')")
        )
    month = limit(amount=10)
    await put(writer, month)
    write = await take(writer, 10)
    with pytest.raises(BudgetExceededError, match="project 'lab' has 0 USD left"):
        await take(writer, 1)
    async with database.writing() as connection:
        await connection.execute(text("DELETE FROM project"))

    with pytest.raises(BudgetExceededError, match="project 'project-1' has 0 USD left"):
        await take(writer, 1)
    await move(writer, write, "settle", micros=9)

    assert await taken(database, month) == (0, 9)
    async with database.reading() as connection:
        rows = await books.spend(connection, since=NOW, until=NOW + timedelta(days=1), by=("project",))
    assert [(row.group, row.settled_micros) for row in rows] == [({"project": "project-1"}, 9)]


async def test_a_sessions_time_is_held_under_its_own_id(writer, database):
    """An IBM session id is longer than a job id of ours."""
    day = limit(unit=Unit.SESSION_SECONDS, currency="", amount=7200, window=Window(period=Period.DAY))
    await put(writer, day)
    write = hold("s" * 128, charge=Charge(session_seconds=7200))
    await writer.commit(Writes(leaf=leaf(), hold=write))

    await writer.commit(Writes(leaf=leaf(), hold=replace(write, action="settle", charge=Charge(session_seconds=60))))

    assert await taken(database, day) == (0, 60)


async def test_a_damaged_balance_is_found_to_the_micro(writer, database):
    month = limit(amount=1000)
    await put(writer, month)
    await move(writer, await take(writer, 60), "settle", micros=50)
    await take(writer, 7)
    async with database.writing() as connection:
        await connection.execute(text("UPDATE balance SET settled = settled - 1"))

    found = await differences(database)

    assert [(each.limit, each.kept, each.derived) for each in found] == [(month, (7, 49), (7, 50))]


async def test_a_hold_whose_job_has_ended_is_a_phantom(writer, database):
    """There are none, unless a defect or a restored backup left some."""
    waiting, ended = job(), job(status=JobStatus.COMPLETED)
    for one in (waiting, ended):
        await writer.commit(Writes(leaf=leaf(), job=one, hold=hold(one.id)))

    async with database.reading() as connection:
        assert await books.phantoms(connection) == [ended.id]


async def test_spending_is_told_apart_by_anything_and_never_across_currencies(writer, database):
    ibm = payer(upstream="ibm", backend="ibm_fez")
    euros = Charge(micros=40, currency="EUR", jobs=1, circuits=1, shots=100, qpu_milliseconds=1500)
    settled = await take(writer, payer=ibm, charge=euros, estimate_micros=30, native=(2, "seconds"))
    await move(writer, settled, "settle", micros=35)
    await move(writer, await take(writer, 50), "release")
    await take(writer, 700, at=NOW + timedelta(days=1))
    week = {"since": NOW, "until": NOW + timedelta(days=7)}

    async with database.reading() as connection:
        by_upstream = await books.spend(connection, by=("upstream", "day"), **week)
        everything = await books.spend(connection, **week)
        nothing = await books.spend(connection, since=NOW - timedelta(days=7), until=NOW)

    found = {(row.group["upstream"], row.group["day"]): row for row in by_upstream}
    assert set(found) == {("ibm", "2026-03-01"), ("aer", "2026-03-01"), ("aer", "2026-03-02")}
    at_ibm = found["ibm", "2026-03-01"]
    assert (at_ibm.currency, at_ibm.native_unit, at_ibm.native_amount) == ("EUR", "seconds", 2)
    assert (at_ibm.estimate_micros, at_ibm.held_micros, at_ibm.open_micros, at_ibm.settled_micros) == (30, 40, 0, 35)
    assert (at_ibm.jobs, at_ibm.shots, at_ibm.qpu_milliseconds) == (1, 100, 1500)
    assert (found["aer", "2026-03-01"].jobs, found["aer", "2026-03-01"].held_micros) == (0, 50)
    assert (found["aer", "2026-03-02"].open_micros, found["aer", "2026-03-02"].shots) == (700, 8192)
    assert [row.currency for row in everything] == ["EUR", "USD"]
    assert nothing == []
