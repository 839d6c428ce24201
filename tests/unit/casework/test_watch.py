"""The watch: each threshold of each window is told once, by whichever process sees it first, and never again."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.casework.budgets import Wish
from gateway.casework.entries import GATEWAY, AdminEntries
from gateway.casework.watch import PACE, Watch, crossed
from gateway.domain.budget import Level, Period, Standing, Window
from gateway.domain.errors import UnavailableError
from gateway.store import warnings
from gateway.telemetry.metrics import Metrics
from tests import records
from tests.unit.casework import ledgered

MONTH = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
END = datetime(2026, 11, 30, tzinfo=UTC)
"""Late enough for no pace to be too fast."""


def standing(taken=0, *, held=0, allowed=1000, soft=None, window=None, span=MONTH):
    limit = records.limit(amount=allowed, soft_amount=soft, window=window or Window(period=Period.MONTH))
    return Standing(limit=limit, allowed=allowed, held=held, settled=taken - held, begins_at=span[0], resets_at=span[1])


# ── which thresholds ─────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("taken", "thresholds"),
    [
        (0, []),
        (499, []),
        (500, ["50"]),
        (799, ["50"]),
        (800, ["50", "80"]),
        (999, ["50", "80"]),
        (1000, ["50", "80", "100"]),
        (5000, ["50", "80", "100"]),
    ],
)
def test_thresholds_are_reached_exactly(taken, thresholds):
    assert list(crossed(standing(taken, held=taken // 2), END)) == thresholds


def test_a_budget_of_much_money_has_a_pace_like_any_other():
    """Micros times a span of time is more than a `timedelta` holds."""
    million = 10**12
    assert list(crossed(standing(million // 5, allowed=million), MONTH[0] + timedelta(days=1))) == [PACE]


@pytest.mark.parametrize(("taken", "thresholds"), [(599, ["50"]), (600, ["50", "80"]), (900, ["50", "80"])])
def test_a_soft_limit_takes_the_place_of_80_percent(taken, thresholds):
    assert list(crossed(standing(taken, soft=600), END)) == thresholds


def test_a_limit_of_nothing_is_full_when_a_vendor_bills_all_the_same():
    assert list(crossed(standing(0, allowed=0), END)) == []
    assert list(crossed(standing(1, allowed=0), END)) == ["50", "80", "100"]


@pytest.mark.parametrize(
    ("taken", "day", "burns"),
    [
        pytest.param(200, 4, True, id="a fifth after a tenth of the month"),
        pytest.param(199, 4, False, id="a little less"),
        pytest.param(99, 1, False, id="less than a tenth is no trend"),
        pytest.param(100, 1, True, id="a tenth at once"),
        pytest.param(490, 16, False, id="no faster than evenly"),
    ],
)
def test_a_window_burns_at_twice_its_even_pace(taken, day, burns):
    at = MONTH[0] + timedelta(days=day - 1)

    assert (PACE in crossed(standing(taken), at)) == burns


@pytest.mark.parametrize("period", [Period.TOTAL, Period.OPEN])
def test_without_an_end_there_is_no_pace(period):
    endless = standing(400, window=Window(period=period), span=(None, None))

    assert list(crossed(endless, MONTH[0])) == []


# ── once ─────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def metrics():
    return Metrics()


@pytest.fixture
def watching(office, metrics):
    def make(**changes):
        entries = AdminEntries(ledger=office.ledger, vault=office.vault, clock=office.clock)
        whole = Watch(
            database=office.database,
            entries=entries,
            clock=office.clock,
            metrics=metrics,
            webhooks=("finance", "pager"),
            source="gw.example.org",
        )
        return replace(whole, **changes)

    return make


@pytest.fixture
async def monthly(office):
    everybody = Wish(level=Level.ORGANISATION, amount="10", currency="EUR", per=Period.MONTH)
    return (await office.administration.budgets.set("month", everybody)).limit


async def told(office, type_="limit.crossed"):
    return [entry.body["threshold"] for entry in await office.entries(type_)]


async def test_each_threshold_is_told_once_however_often_one_looks(office, watching, monthly):
    watch = watching()
    await watch.look()
    assert await told(office) == []

    await ledgered.hold(office, at=office.clock.now(), micros=5_000_000)
    await watch.look()
    await watch.look()
    await watching().look()
    assert await told(office) == ["50"]

    await ledgered.ran(office, at=office.clock.now(), micros=5_000_000)
    await watch.look()
    assert await told(office) == ["50", "80", "100"]


async def test_an_entry_says_which_limit_and_how_it_stands(office, watching, monthly):
    await ledgered.hold(office, at=office.clock.now(), micros=6_000_000)
    await watching().look()

    (entry,) = await office.entries("limit.crossed")
    assert (entry.body["limit"], entry.body["held"], entry.body["allowed"]) == (monthly.id, 6_000_000, 10_000_000)
    assert entry.names[entry.body["name"]] == "month"
    assert entry.names[entry.body["by"]] == GATEWAY


async def test_two_processes_that_look_at_once_tell_it_once(office, watching, monthly, monkeypatch):
    """The second has read that nothing was told yet, and is refused by the row of the first."""
    await ledgered.hold(office, at=office.clock.now(), micros=5_000_000)

    async def nothing_yet(*_):
        return set()

    monkeypatch.setattr(warnings, "told", nothing_yet)
    await watching().look()
    await watching().look()

    assert await told(office) == ["50"]
    async with office.database.reading() as connection:
        assert len(await warnings.due(connection, office.clock.now(), most=10)) == 2


async def test_the_next_window_is_told_again(office, watching, monthly):
    await ledgered.hold(office, at=office.clock.now(), micros=5_000_000)
    await watching().look()
    office.clock.moment = datetime(2026, 12, 30, tzinfo=UTC)
    await watching().look()
    assert await told(office) == ["50"]

    await ledgered.hold(office, at=office.clock.now(), micros=5_000_000)
    await watching().look()
    assert await told(office) == ["50", "50"]


async def test_a_raised_limit_has_thresholds_of_its_own(office, watching, monthly):
    await ledgered.ran(office, at=office.clock.now(), micros=10_000_000)
    await watching().look()
    await office.administration.budgets.raise_("month", amount="2", until="2026-12-01", reason="a paper")
    await ledgered.ran(office, at=office.clock.now(), micros=2_000_000)
    await watching().look()

    assert (await told(office)).count("100") == 2


async def test_a_pace_has_a_type_of_its_own(office, watching):
    yearly = Wish(level=Level.ORGANISATION, amount="10", currency="EUR", per=Period.YEAR, fiscal_month=11)
    await office.administration.budgets.set("year", yearly)
    await ledgered.hold(office, at=office.clock.now(), micros=2_000_000)
    await watching().look()
    await watching().look()

    assert await told(office) == []
    assert await told(office, "limit.burning") == [PACE]


async def test_what_has_no_window_is_told_once_a_day(office, watching):
    now = Wish(level=Level.ORGANISATION, unit="jobs", amount="2", per=Period.OPEN)
    await office.administration.budgets.set("at once", now)
    await ledgered.hold(office, at=office.clock.now())
    await watching().look()
    await watching().look()
    office.clock.moment += timedelta(days=1)
    await watching().look()

    assert await told(office) == ["50", "50"]


async def test_a_removed_limit_is_watched_no_longer(office, watching, monthly, metrics):
    await watching().look()
    assert 'gateway_budget_limit{limit="month",unit="EUR"} 10.0' in metrics.render()[0].decode()
    await ledgered.hold(office, at=office.clock.now(), micros=5_000_000)
    await office.administration.budgets.remove("month")
    await watching().look()

    assert await told(office) == []
    assert "month" not in metrics.render()[0].decode()


async def test_metrics_show_every_limit_in_its_own_unit(office, watching, monthly, metrics):
    seconds = Wish(level=Level.ORGANISATION, unit="qpu-seconds", amount="90", per=Period.DAY)
    await office.administration.budgets.set("time", seconds)
    await ledgered.hold(office, at=office.clock.now(), micros=2_500_000)
    await watching().look()

    page = metrics.render()[0].decode()
    assert 'gateway_budget_held{limit="month",unit="EUR"} 2.5' in page
    assert 'gateway_budget_used_ratio{limit="month",unit="EUR"} 0.25' in page
    assert 'gateway_budget_limit{limit="time",unit="qpu-seconds"} 90.0' in page


async def test_each_webhook_gets_one_cloud_event(office, watching, monthly):
    await ledgered.hold(office, at=office.clock.now(), micros=5_000_000)
    await watching().look()

    async with office.database.reading() as connection:
        letters = await warnings.due(connection, office.clock.now(), most=10)
    assert sorted(each.webhook for each in letters) == ["finance", "pager"]
    event = json.loads(letters[0].body)
    (entry,) = await office.entries("limit.crossed")
    assert (event["specversion"], event["id"], event["source"]) == ("1.0", entry.event_id, "gw.example.org")
    assert (event["type"], event["subject"]) == ("qgw.limit.crossed", "month")
    assert event["data"]["threshold"] == "50"
    assert (event["data"]["held"], event["data"]["left"], event["data"]["currency"]) == ("5.00", "5.00", "EUR")


async def test_nothing_is_lost_where_the_ledger_takes_no_entry(office, watching, monthly, monkeypatch):
    await ledgered.hold(office, at=office.clock.now(), micros=5_000_000)
    commit = office.writer.commit

    async def full(_unit):
        raise UnavailableError("the disk is full")

    monkeypatch.setattr(office.writer, "commit", full)
    with pytest.raises(UnavailableError):
        await watching().look()
    monkeypatch.setattr(office.writer, "commit", commit)
    await watching().look()

    assert await told(office) == ["50"]
