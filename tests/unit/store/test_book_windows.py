"""Which window of a limit a job counts in, when clocks change, limits change and windows end."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from gateway.domain.budget import Period, Raise, Unit, Window
from gateway.domain.exceeded import BudgetExceededError, QuotaExceededError
from gateway.domain.window import ZoneUnknownError
from tests.bookkeeping import differences, move, put, take, taken
from tests.records import NOW, limit, payer

BERLIN_DAY = Window(period=Period.DAY, zone="Europe/Berlin")
OPEN = Window(period=Period.OPEN)


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
