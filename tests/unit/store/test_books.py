"""Nothing is overspent, every micro has a line, and each refusal says what is wrong."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import pytest
from sqlalchemy import event, text

from gateway.audit.merkle import MerkleChain
from gateway.domain.budget import Charge, Level, Period, Raise, Unit, Window
from gateway.domain.exceeded import BudgetCurrencyError, BudgetExceededError, QuotaExceededError
from gateway.domain.job import JobStatus
from gateway.domain.window import ZoneUnknownError
from gateway.domain.writes import Unit as Writes
from gateway.store import books, commit, holds, limits
from gateway.store.commit import Writer, WriteRefusedError
from gateway.store.engine import Database
from tests.records import NOW, hold, job, leaf, limit, new_id, payer

BERLIN_DAY = Window(period=Period.DAY, zone="Europe/Berlin")
OPEN = Window(period=Period.OPEN)


async def put(writer, *written, at=NOW):
    await writer.commit(Writes(leaf=leaf(at=at), rows=tuple(limits.write(each) for each in written)))


async def take(writer, micros=700, *, at=NOW, **changes):
    """Hold for a new job; gives the write, to be settled."""
    write = hold(new_id(), amount_micros=micros, at=at, held_at=at, **changes)
    await writer.commit(Writes(leaf=leaf(at=at), hold=write))
    return write


async def move(writer, write, action, *, at=NOW, **charge):
    moved = replace(write, action=action, charge=replace(write.charge, **charge), at=at)
    await writer.commit(Writes(leaf=leaf(at=at), hold=moved))


async def taken(database, one, at=NOW):
    async with database.reading() as connection:
        standing = (await books.standings(connection, [one], at))[0]
    return standing.held, standing.settled


async def differences(database):
    async with database.reading() as connection:
        return await books.check(connection)


async def test_the_last_micro_can_be_held_and_not_one_more(writer, database):
    month = limit(amount=1000, name="month")
    await put(writer, month)
    await take(writer, 999)

    with pytest.raises(BudgetExceededError, match=r"project 'project-1' has 0\.000001 USD left .* 'month'") as refused:
        await take(writer, 2)
    await take(writer, 1)

    assert (refused.value.standing.held, refused.value.needed) == (999, 2)
    assert await taken(database, month) == (1000, 0)
    assert await differences(database) == []


async def test_a_refused_hold_leaves_nothing_behind(writer, database):
    """Also where one limit had enough left and only the next had not."""
    wide, narrow = limit(id="a", amount=1000), limit(id="b", amount=5)
    await put(writer, wide, narrow)

    with pytest.raises(BudgetExceededError, match=narrow.name):
        await take(writer, 6)

    assert await taken(database, wide) == await taken(database, narrow) == (0, 0)
    async with database.reading() as connection:
        for table in ("hold", "hold_line", "journal"):
            assert (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0  # noqa: S608


async def test_of_many_at_once_as_many_pass_as_there_is_money_for(writer, database, monkeypatch):
    """They share transactions, also when money runs out: falling back to one by one would stall all replicas then."""
    monkeypatch.delattr(commit, "one_by_one")
    month = limit(amount=100)
    await put(writer, month)

    outcomes = await asyncio.gather(*(take(writer, 7) for _ in range(40)), return_exceptions=True)

    refused = [each for each in outcomes if isinstance(each, BudgetExceededError)]
    assert len(outcomes) - len(refused) == 100 // 7
    assert len({type(each) for each in refused}) == 1
    assert await taken(database, month) == (98, 0)
    assert await differences(database) == []


async def test_among_those_who_ask_at_once_only_who_does_not_fit_is_refused(writer, database):
    """One that a second limit refuses leaves its share of the first to those behind it."""
    wide, narrow = limit(id="a", amount=100), limit(id="b", amount=5, upstream="ibm")
    await put(writer, wide, narrow)

    first, second, third = await asyncio.gather(
        take(writer, 60, payer=payer(upstream="ibm")), take(writer, 60), take(writer, 41), return_exceptions=True
    )

    assert isinstance(first, BudgetExceededError)
    assert first.standing.limit == narrow
    assert second.charge.micros == 60
    assert isinstance(third, BudgetExceededError)
    assert (third.standing.limit, third.standing.left) == (wide, 40)
    assert await taken(database, wide) == (60, 0)
    assert await differences(database) == []


async def test_who_did_not_hear_the_answer_may_ask_again_though_nothing_is_left(writer, database):
    """It was itself that took the last of it."""
    month = limit(amount=10)
    await put(writer, month)
    unit = Writes(leaf=leaf(), hold=hold(new_id(), amount_micros=10))
    committed = await writer.commit(unit)

    assert await writer.commit(unit) == committed
    assert await taken(database, month) == (10, 0)


async def test_several_processes_share_one_budget(writer, database, database_url):
    """Each has its own writer and its own memory of limits; the database decides."""
    others = [await Database.open(database_url) for _ in range(2)]
    writers = [writer, *(Writer(each, MerkleChain()) for each in others)]
    for each in writers[1:]:
        await each.start()
    month = limit(amount=100)
    await put(writers[1], month)
    try:
        outcomes = await asyncio.gather(*(take(writers[number % 3], 3) for number in range(60)), return_exceptions=True)
        await put(writers[2], replace(month, amount=200))
        await take(writers[0], 100)
    finally:
        for each, opened in zip(writers[1:], others, strict=True):
            await each.close()
            await opened.close()

    assert sum(not isinstance(each, BudgetExceededError) for each in outcomes) == 33
    assert await taken(database, month) == (199, 0)
    assert await differences(database) == []


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


async def test_a_quota_counts_what_costs_nothing(writer, database):
    shots, jobs = limit(unit=Unit.SHOTS, currency="", amount=10_000), limit(unit=Unit.JOBS, currency="", amount=5)
    await put(writer, shots, jobs)
    await take(writer, 0)

    with pytest.raises(QuotaExceededError, match=r"1808 shots left .* and this job holds 8192 shots"):
        await take(writer, 0)

    assert (await taken(database, shots), await taken(database, jobs)) == ((8192, 0), (1, 0))


async def test_so_many_jobs_may_be_under_way_and_an_ended_one_makes_room(writer, database):
    two = limit(unit=Unit.JOBS, currency="", amount=2, window=OPEN, name="two")
    await put(writer, two)
    first, _ = await take(writer), await take(writer)
    with pytest.raises(QuotaExceededError, match=r"2 jobs under way of its quota 'two' \(2 jobs at once\)"):
        await take(writer)

    await move(writer, first, "settle")

    await take(writer)
    assert await taken(database, two) == (2, 0)
    assert await differences(database) == []


async def test_of_two_limits_at_odds_the_tighter_decides(writer, database):
    """A team may spend more than its project; neither helps the other."""
    team = limit(level=Level.TEAM, target="quantum", amount=10)
    project = limit(amount=1_000_000)
    await put(writer, team, project)

    with pytest.raises(BudgetExceededError, match="team 'quantum' has"):
        await take(writer, 11)
    await take(writer, 10)

    assert await taken(database, team) == await taken(database, project) == (10, 0)


@pytest.mark.parametrize(
    ("noon", "hours"),
    [pytest.param("2026-03-29", 23, id="23 hours"), pytest.param("2026-10-25", 25, id="25 hours")],
)
async def test_a_day_on_which_clocks_change_has_one_budget_from_midnight_to_midnight(writer, database, noon, hours):
    day = limit(amount=10, window=BERLIN_DAY)
    begins = datetime.fromisoformat(f"{noon}T00:00:00+00:00") - timedelta(hours=1 if hours == 23 else 2)
    last = begins + timedelta(hours=hours) - timedelta(seconds=1)
    await put(writer, replace(day, created_at=begins), at=begins)
    await take(writer, 10, at=begins)

    with pytest.raises(BudgetExceededError, match=r"resets 2026-\d\d-\d\d 00:00 Europe/Berlin"):
        await take(writer, 1, at=last)
    await take(writer, 10, at=last + timedelta(seconds=1))

    assert await taken(database, day, begins) == await taken(database, day, last + timedelta(seconds=1)) == (10, 0)


async def test_a_clock_that_jumps_over_an_edge_and_back_counts_where_it_says(writer, database):
    """Two replicas do not agree to the second on when the day ended; each window keeps its own sum all the same."""
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    day = limit(amount=10, window=Window(period=Period.DAY))
    await put(writer, day)
    await take(writer, 10, at=midnight - timedelta(seconds=2))
    write = await take(writer, 4, at=midnight)

    with pytest.raises(BudgetExceededError):
        await take(writer, 1, at=midnight - timedelta(seconds=2))
    await move(writer, write, "settle", at=midnight - timedelta(seconds=1), micros=3)

    assert await taken(database, day, midnight - timedelta(seconds=2)) == (10, 0)
    assert await taken(database, day, midnight) == (0, 3)
    assert await differences(database) == []


async def test_what_was_held_before_an_edge_is_settled_where_it_was_held(writer, database):
    day = limit(amount=10, window=Window(period=Period.DAY))
    await put(writer, day)
    write = await take(writer, 10)
    tomorrow = NOW + timedelta(days=1)

    await move(writer, write, "settle", at=tomorrow, micros=9)

    assert await taken(database, day) == (0, 9)
    assert await taken(database, day, tomorrow) == (0, 0)


async def test_a_rolling_window_gives_back_piece_by_piece(writer, database):
    hour = limit(amount=10, window=Window(period=Period.ROLLING, seconds=3600))
    await put(writer, hour)
    await take(writer, 6)
    await take(writer, 4, at=NOW + timedelta(minutes=30))

    with pytest.raises(BudgetExceededError, match="first part is free again 2026-03-01 13:01 UTC"):
        await take(writer, 1, at=NOW + timedelta(minutes=59))
    await take(writer, 6, at=NOW + timedelta(minutes=61))

    assert await taken(database, hour, NOW + timedelta(minutes=61)) == (10, 0)
    assert await differences(database) == []


async def test_a_raise_holds_until_it_ends(writer):
    more = Raise(amount=5, until=NOW + timedelta(hours=1), reason="deadline", by="ada")
    await put(writer, limit(amount=10, raises=(more,)))
    await take(writer, 15)

    with pytest.raises(BudgetExceededError, match=r"0\.000015 USD"):
        await take(writer, 1)
    with pytest.raises(BudgetExceededError, match=r"0\.00001 USD"):
        await take(writer, 1, at=more.until)


async def test_a_lowered_limit_takes_nothing_back_and_lets_nothing_more_in(writer, database):
    month = limit(amount=100)
    await put(writer, month)
    write = await take(writer, 60)
    await put(writer, replace(month, amount=50))

    with pytest.raises(BudgetExceededError):
        await take(writer, 1)
    await move(writer, write, "settle", micros=49)
    await take(writer, 1)

    assert await taken(database, month) == (1, 49)


@pytest.mark.parametrize("period", [Period.DAY, Period.MONTH, Period.TOTAL, Period.OPEN, Period.ROLLING])
async def test_a_limit_made_in_the_middle_begins_with_what_was_taken(writer, database, period):
    """And the bills of jobs that were under way find it."""
    before = await take(writer, 50, at=NOW - timedelta(seconds=2))
    settled, corrected = await take(writer, 20), await take(writer, 30)
    await move(writer, settled, "settle", micros=15)
    await move(writer, corrected, "settle", micros=25)
    seconds = 600 if period is Period.ROLLING else None
    late = limit(amount=100, window=Window(period=period, seconds=seconds), created_at=NOW + timedelta(seconds=1))

    await put(writer, late)

    is_open = period is Period.OPEN
    assert await taken(database, late) == (50, 0 if is_open else 40)
    await move(writer, before, "settle", micros=45)
    await move(writer, corrected, "correct", micros=35)
    assert await taken(database, late) == (0, 0 if is_open else 95)
    assert await differences(database) == []


async def test_jobs_of_an_ended_window_do_not_move_a_limit_that_was_made_after_it(writer, database):
    old = await take(writer, 50)
    tomorrow = NOW + timedelta(days=1)
    day = limit(amount=10, window=Window(period=Period.DAY), created_at=tomorrow)
    await put(writer, day, at=tomorrow)

    await move(writer, old, "settle", at=tomorrow)

    assert await taken(database, day, tomorrow) == (0, 0)
    assert await differences(database) == []


async def test_a_removed_limit_refuses_nothing_and_its_holds_are_still_settled(writer, database):
    month = limit(amount=10)
    await put(writer, month)
    write = await take(writer, 10)
    await put(writer, replace(month, removed_at=NOW))

    await take(writer, 500)
    await move(writer, write, "settle", micros=8)

    assert await taken(database, month) == (0, 8)
    assert await differences(database) == []


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


async def test_a_limit_in_a_zone_that_this_machine_forgot_refuses_rather_than_guesses(writer, database):
    """And only what it counts; whatever has run is settled."""
    before = await take(writer)
    async with database.writing() as connection:
        await connection.execute(text("INSERT INTO limit_version VALUES (1, 'v')"))
        await connection.execute(
            text(
                "INSERT INTO budget_limit VALUES ('l', 'n', 'team', 'quantum', 'jobs', '', 9, NULL, "
                "'day', 'Mars/Olympus', 1, NULL, '', '{\"raises\":[]}', '2026-01-01T00:00:00.000000Z', NULL)"
            )
        )

    with pytest.raises(ZoneUnknownError, match="Mars/Olympus"):
        await take(writer)
    await take(writer, payer=payer(team="other"))
    await move(writer, before, "settle")


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


async def test_a_payer_without_limits_costs_three_statements(writer, database):
    """The version, the holds and their lines in the journal, however many there are in the batch."""
    seen = Mock()
    engine = database._direct._engine if database.dialect == "sqlite" else database._writer.sync_engine
    event.listen(engine, "before_cursor_execute", seen)
    await asyncio.gather(*(take(writer) for _ in range(20)))

    statements = [call.args[2] for call in seen.call_args_list]
    money = [each for each in statements if "limit_version" in each or "hold" in each or "journal" in each]
    batches = sum("FROM limit_version" in each for each in statements)
    assert len(money) == 3 * batches
    assert not any("balance" in each for each in statements)
