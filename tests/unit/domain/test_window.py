"""Windows follow each other without a gap or an overlap, wherever and whenever they begin."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.domain import window as windows
from gateway.domain.budget import Period, Window
from gateway.domain.clock import parse_rfc3339
from gateway.domain.window import ZoneUnknownError, bounds

HOUR = timedelta(hours=1)
CALENDAR = (Period.DAY, Period.WEEK, Period.MONTH, Period.QUARTER, Period.YEAR)
# Half hours, a skipped day, jumps at midnight, and clocks that were set back over midnight.
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Beirut",
    "Australia/Lord_Howe",
)
calendar_windows = st.builds(
    Window, period=st.sampled_from(CALENDAR), zone=st.sampled_from(ZONES), fiscal_month=st.integers(1, 12)
)
# From 1985 to 2040, in milliseconds.
moments = st.integers(473_385_600_000, 2_208_988_800_000).map(lambda when: datetime.fromtimestamp(when / 1000, UTC))


@given(calendar_windows, moments)
@example(Window(period=Period.DAY, zone="America/St_Johns"), datetime(2006, 10, 29, 2, 31, 30, tzinfo=UTC))
@example(Window(period=Period.DAY, zone="Pacific/Apia"), datetime(2011, 12, 30, 10, tzinfo=UTC))
def test_every_moment_lies_in_one_window_and_the_next_begins_where_it_ends(window, at):
    begins, ends = bounds(window, at)

    assert begins <= at < ends
    assert bounds(window, begins) == bounds(window, ends - timedelta(microseconds=1)) == (begins, ends)
    assert bounds(window, ends)[0] == ends


@given(calendar_windows, moments)
def test_the_names_of_windows_sort_as_they_follow_each_other(window, at):
    _, ends = bounds(window, at)

    assert windows.key(window, at) < windows.key(window, ends)
    assert windows.key(window, at) == windows.oldest(window, at)


@pytest.mark.parametrize(
    ("period", "fiscal_month", "at", "begins", "ends"),
    [
        pytest.param("day", 1, "2026-03-01T22:59:59Z", "2026-02-28T23:00:00Z", "2026-03-01T23:00:00Z", id="day"),
        pytest.param("day", 1, "2026-03-01T23:00:00Z", "2026-03-01T23:00:00Z", "2026-03-02T23:00:00Z", id="its edge"),
        pytest.param("week", 1, "2026-03-01T12:00:00Z", "2026-02-22T23:00:00Z", "2026-03-01T23:00:00Z", id="Sunday"),
        pytest.param("week", 1, "2026-03-02T12:00:00Z", "2026-03-01T23:00:00Z", "2026-03-08T23:00:00Z", id="Monday"),
        pytest.param("month", 1, "2026-03-31T12:00:00Z", "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z", id="month"),
        pytest.param("month", 4, "2026-12-31T12:00:00Z", "2026-11-30T23:00:00Z", "2026-12-31T23:00:00Z", id="December"),
        pytest.param(
            "quarter", 1, "2026-03-01T12:00:00Z", "2025-12-31T23:00:00Z", "2026-03-31T22:00:00Z", id="quarter"
        ),
        pytest.param("quarter", 2, "2026-01-31T12:00:00Z", "2025-10-31T23:00:00Z", "2026-01-31T23:00:00Z", id="fiscal"),
        pytest.param("year", 1, "2026-03-01T12:00:00Z", "2025-12-31T23:00:00Z", "2026-12-31T23:00:00Z", id="year"),
        pytest.param("year", 4, "2026-03-31T21:59:59Z", "2025-03-31T22:00:00Z", "2026-03-31T22:00:00Z", id="last year"),
        pytest.param("year", 4, "2026-03-31T22:00:00Z", "2026-03-31T22:00:00Z", "2027-03-31T22:00:00Z", id="new year"),
    ],
)
def test_windows_begin_at_midnight_of_their_zone(period, fiscal_month, at, begins, ends):
    window = Window(period=Period(period), zone="Europe/Berlin", fiscal_month=fiscal_month)

    assert bounds(window, parse_rfc3339(at)) == (parse_rfc3339(begins), parse_rfc3339(ends))


@pytest.mark.parametrize(("noon", "hours"), [((2026, 3, 29), 23), ((2026, 3, 30), 24), ((2026, 10, 25), 25)])
def test_a_day_has_as_many_hours_as_its_clocks_show(noon, hours):
    """When daylight saving begins or ends, a day is an hour shorter or longer, and its budget with it."""
    begins, ends = bounds(
        Window(period=Period.DAY, zone="Europe/Berlin"), datetime(*noon, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    )

    assert ends - begins == hours * HOUR


def test_a_midnight_that_does_not_exist_is_when_the_clocks_jumped_over_it():
    """In Beirut clocks go from 23:59 to 01:00."""
    begins, ends = bounds(Window(period=Period.DAY, zone="Asia/Beirut"), datetime(2026, 3, 29, 12, tzinfo=UTC))

    assert (begins, ends - begins) == (datetime(2026, 3, 28, 22, tzinfo=UTC), 23 * HOUR)


@pytest.mark.parametrize("period", [Period.TOTAL, Period.OPEN])
def test_some_windows_have_neither_beginning_nor_end(period):
    window = Window(period=period)

    assert bounds(window, datetime.now(UTC)) == (None, None)
    assert windows.key(window, datetime.now(UTC)) == windows.FOREVER


@given(st.integers(1, 40_000_000), moments, st.integers(0, 2**40))
def test_a_rolling_window_counts_all_of_its_length_and_at_most_a_sixtieth_more(seconds, at, microseconds):
    """It may refuse a little early, never allow too much."""
    window = Window(period=Period.ROLLING, seconds=seconds)
    earlier = at - timedelta(microseconds=microseconds)
    length, part = timedelta(seconds=seconds), timedelta(milliseconds=-(-seconds * 1000 // windows.PARTS))

    counted = windows.key(window, earlier) >= windows.oldest(window, at)

    assert bounds(window, at) == (at - length, None)
    assert counted or at - earlier > length
    assert not counted or at - earlier < length + part


@given(st.integers(1, 40_000_000), moments)
def test_a_part_of_a_rolling_window_leaves_when_it_says(seconds, at):
    window = Window(period=Period.ROLLING, seconds=seconds)
    name = windows.key(window, at)
    leaves = windows.leaves(window, parse_rfc3339(name))

    assert windows.oldest(window, leaves - timedelta(microseconds=1)) == name
    assert windows.oldest(window, leaves) > name


@given(calendar_windows | st.builds(Window, period=st.just(Period.ROLLING), seconds=st.integers(3600, 10**7)), moments)
def test_cuts_cover_every_moment_that_counts(window, at):
    until = at + timedelta(hours=30)
    cuts = list(windows.cuts(window, at, until))

    assert all(begins < ends for _, begins, ends in cuts)
    assert [ends for _, _, ends in cuts[:-1]] == [begins for _, begins, _ in cuts[1:]]
    assert [name for name, _, _ in cuts] == [windows.key(window, begins) for _, begins, _ in cuts]
    assert cuts[0][0] == windows.oldest(window, at)
    assert cuts[-1][0] == windows.key(window, until)


@pytest.mark.parametrize("name", ["Europe/Berlun", "", "../etc/passwd", "Europe", "\0"])
def test_a_zone_nobody_knows_is_named(name):
    with pytest.raises(ZoneUnknownError, match="knows no time zone") as caught:
        bounds(Window(period=Period.DAY, zone=name), datetime.now(UTC))

    assert caught.value.code == "zone-unknown"
