"""Limits: set, raised, removed, each by an entry that says who and why; and shown as they stand."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from gateway.casework.amounts import AmountRefusedError, CurrencyRefusedError
from gateway.casework.budgets import (
    LimitFixedError,
    LimitReasonError,
    RaiseRefusedError,
    WindowRefusedError,
    Wish,
    row_of,
)
from gateway.casework.keys import Wish as KeyWish
from gateway.casework.names import DuplicateNameError, NameRefusedError, UnknownNameError
from gateway.casework.projects import Terms
from gateway.domain.budget import Level, Period
from gateway.domain.principal import Caller
from gateway.domain.window import ZoneUnknownError
from gateway.store.entries import search
from gateway.store.limits import LimitChangedError
from tests.unit.casework import ledgered

MONTHLY = {"amount": "100", "currency": "EUR", "per": Period.MONTH}


def wish(level=Level.PROJECT, target="alpha", **changes):
    return Wish(**{"level": level, "target": target, **MONTHLY, **changes})


@pytest.fixture
async def alpha(office):
    return await office.administration.projects.create(name="alpha", terms=Terms(team="quantum"))


@pytest.fixture
def budgets(office):
    return office.administration.budgets


# ── setting ──────────────────────────────────────────────────────────────────────────────────────
async def test_a_limit_is_kept_in_whole_numbers_and_recorded_without_a_name(office, budgets, alpha):
    shown = await budgets.set("alpha-month", wish(soft="80.5", zone="Europe/Berlin"), reason="a new year")

    assert (shown.limit.amount, shown.limit.soft_amount, shown.target) == (100_000_000, 80_500_000, "alpha")
    (entry,) = await office.entries("limit.set")
    assert (entry.project_id, entry.body["amount"], entry.body["reason"]) == (alpha.id, 100_000_000, "a new year")
    assert entry.names[entry.body["name"]] == "alpha-month"
    assert entry.names[entry.body["by"]] == "operator"
    async with office.database.reading() as connection:
        leaves = b"".join(stored.leaf for stored in await search(connection, since=0, limit=100))
    assert b"alpha" not in leaves


async def test_setting_it_again_changes_how_much_it_allows(office, budgets, alpha):
    first = await budgets.set("month", wish())
    again = await budgets.set("month", wish(amount="250", soft="200"))

    assert (again.limit.id, again.limit.amount) == (first.limit.id, 250_000_000)
    entries = await office.entries("limit.set")
    assert entries[-1].body["before"] == {"amount": 100_000_000, "soft_amount": None}


async def test_setting_the_same_again_is_no_change(office, budgets, alpha):
    await budgets.set("month", wish())
    await budgets.set("month", wish())

    assert len(await office.entries("limit.set")) == 1


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"currency": "USD"}, "currency"),
        ({"unit": "jobs", "currency": ""}, "unit"),
        ({"per": Period.DAY}, "window"),
        ({"zone": "Europe/Berlin"}, "window"),
        ({"upstream": "acme"}, "vendor"),
        ({"level": Level.ORGANISATION, "target": ""}, "level"),
    ],
)
async def test_what_a_limit_counts_stays(budgets, alpha, changes, what):
    """Its balance was kept by it; another count is another limit."""
    await budgets.set("month", wish())

    with pytest.raises(LimitFixedError, match=f"another {what}"):
        await budgets.set("month", wish(**changes))


async def test_every_level_has_a_target_that_there_is(office, budgets, alpha):
    administration = office.administration
    ada = await administration.principals.create(name="ada")
    key = await administration.keys.new(principal="ada", project="alpha", wish=KeyWish(roles=("scientist",)))
    targets = {
        Level.ORGANISATION: ("", ""),
        Level.TEAM: ("quantum", "quantum"),
        Level.PROJECT: ("alpha", alpha.id),
        Level.PRINCIPAL: ("ada", ada.id),
        Level.KEY: (key.key.id, key.key.id),
    }
    for level, (name, target) in targets.items():
        assert (await budgets.set(f"of {level.value}", wish(level, name))).limit.target == target
        if name:
            with pytest.raises(UnknownNameError, match=f"no {level.value} 'nobody'"):
                await budgets.set("nobody's", wish(level, "nobody"))


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"amount": "-1"}, AmountRefusedError, "negative"),
        ({"amount": "0.0000001"}, AmountRefusedError, "finer"),
        ({"soft": "-1"}, AmountRefusedError, "negative"),
        ({"currency": "EURO"}, CurrencyRefusedError, "no currency"),
        ({"currency": ""}, CurrencyRefusedError, "no currency was given"),
        ({"unit": "jobs"}, CurrencyRefusedError, "jobs have no currency"),
        ({"unit": "dreams"}, AmountRefusedError, "nothing is counted in 'dreams'"),
        ({"per": Period.ROLLING}, WindowRefusedError, "a length in seconds"),
        ({"seconds": 60}, WindowRefusedError, "a length in seconds"),
        ({"per": Period.ROLLING, "seconds": 0}, WindowRefusedError, "at least one second"),
        ({"fiscal_month": 4}, WindowRefusedError, "fiscal"),
        ({"per": Period.YEAR, "fiscal_month": 13}, WindowRefusedError, "13 is no month"),
        ({"per": Period.TOTAL, "zone": "Europe/Berlin"}, WindowRefusedError, "no midnight"),
        ({"zone": "Mars/Olympus"}, ZoneUnknownError, "no time zone 'Mars/Olympus'"),
        ({"zone": "../../etc/passwd"}, ZoneUnknownError, "no time zone"),
        ({"upstream": "moon"}, UnknownNameError, "no vendor or simulator 'moon'"),
    ],
)
async def test_a_description_that_makes_no_limit_is_refused_in_words(office, budgets, alpha, changes, error, said):
    with pytest.raises(error, match=said):
        await budgets.set("month", wish(**changes))
    assert await budgets.every() == []
    assert await office.entries("limit.set") == []


async def test_names_cannot_be_mistaken_for_each_other(budgets, alpha):
    await budgets.set("month", wish())

    with pytest.raises(DuplicateNameError):
        await budgets.set("Month", wish())
    with pytest.raises(NameRefusedError):
        await budgets.set("mon\nth", wish())


# ── raising and removing ─────────────────────────────────────────────────────────────────────────
async def test_a_raise_adds_up_and_ends_by_itself(office, budgets, alpha):
    await budgets.set("month", wish())
    await budgets.raise_("month", amount="10", until="2026-11-25", reason="a paper")
    shown = await budgets.raise_("month", amount="5.5", until="2026-11-26T12:00:00Z", reason="another")

    assert (row_of(shown)["allowed"], row_of(shown)["amount"]) == ("115.50", "100.00")
    office.clock.moment = datetime(2026, 11, 25, 1, tzinfo=UTC)
    assert row_of(await budgets.named("month"))["allowed"] == "105.50"
    office.clock.moment += timedelta(days=2)
    assert row_of(await budgets.named("month"))["allowed"] == "100.00"
    (first, _) = await office.entries("limit.raised")
    assert (first.body["amount"], first.body["reason"]) == (10_000_000, "a paper")


async def test_of_two_who_raise_a_limit_at_once_one_is_told_to_look_again(budgets, alpha):
    """Or else they came one after the other, as may happen on a busy machine; no raise is lost either way."""
    until = {"until": "2026-12-01", "reason": "a paper"}
    for name in (f"month-{number}" for number in range(20)):
        await budgets.set(name, wish())

        outcomes = await asyncio.gather(
            *(budgets.raise_(name, amount=amount, **until) for amount in ("10", "5")), return_exceptions=True
        )

        refused = [each for each in outcomes if isinstance(each, Exception)]
        shown = await budgets.raise_(name, amount="5", **until)
        assert len(shown.limit.raises) == 2 - len(refused) + 1
        if refused:
            break

    (refusal,) = refused
    assert isinstance(refusal, LimitChangedError)
    assert "was changed by somebody else just now" in str(refusal)


async def test_a_date_is_midnight_where_the_limit_is(budgets, alpha):
    await budgets.set("month", wish(zone="Europe/Berlin"))
    shown = await budgets.raise_("month", amount="1", until="2026-12-01", reason="a demo")

    assert shown.limit.raises[0].until == datetime(2026, 11, 30, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"amount": "0"}, RaiseRefusedError),
        ({"amount": "-1"}, AmountRefusedError),
        ({"until": "2026-11-01"}, RaiseRefusedError),
        ({"until": "soon"}, RaiseRefusedError),
        ({"reason": " "}, LimitReasonError),
        ({"reason": "a\nb"}, LimitReasonError),
        ({"reason": "x" * 201}, LimitReasonError),
    ],
)
async def test_a_raise_is_of_something_until_some_time_for_some_reason(budgets, alpha, changes, error):
    await budgets.set("month", wish())

    with pytest.raises(error):
        await budgets.raise_("month", **{"amount": "1", "until": "2026-12-01", "reason": "a demo", **changes})
    assert (await budgets.named("month")).limit.raises == ()


async def test_a_removed_limit_frees_its_name(office, budgets, alpha):
    await budgets.set("month", wish())
    removed = await budgets.remove("month", reason="the grant ended")

    assert removed.removed_at is not None
    assert await budgets.every() == []
    assert (await office.entries("limit.removed"))[0].body["reason"] == "the grant ended"
    assert (await budgets.set("month", wish(currency="USD"))).limit.id != removed.id


async def test_what_is_not_there_cannot_be_changed(budgets):
    for change in (
        budgets.named("x"),
        budgets.remove("x"),
        budgets.raise_("x", amount="1", until="2026-12-01", reason="a"),
    ):
        with pytest.raises(UnknownNameError, match="no limit 'x'"):
            await change


# ── standing ─────────────────────────────────────────────────────────────────────────────────────
async def test_it_is_shown_with_what_is_held_and_settled(office, budgets, alpha):
    await budgets.set("month", wish())
    at = office.clock.now()
    await ledgered.hold(office, at=at, micros=12_000_000, project_id=alpha.id)
    await ledgered.ran(office, at=at, micros=3_250_000, held=5_000_000, project_id=alpha.id)

    row = row_of(await budgets.named("month"))
    assert (row["held"], row["settled"], row["left"]) == ("12.00", "3.25", "84.75")
    assert await budgets.check() == []


async def test_a_limit_set_in_the_middle_begins_with_what_was_taken(office, budgets, alpha):
    await ledgered.ran(office, at=office.clock.now(), micros=3_000_000, project_id=alpha.id)
    shown = await budgets.set("month", wish())

    assert row_of(shown)["settled"] == "3.00"
    assert await budgets.check() == []


async def test_a_limit_of_a_project_that_is_gone_is_shown_by_its_id(office, budgets, alpha):
    await budgets.set("month", wish())
    async with office.database.writing() as connection:
        await connection.exec_driver_sql("DELETE FROM project")

    (shown,) = await budgets.every()
    assert shown.target == alpha.id


async def test_a_key_sees_the_limits_that_count_its_own_jobs(office, budgets, alpha):
    administration = office.administration
    await administration.projects.create(name="beta", terms=Terms(team="classic"))
    ada = await administration.principals.create(name="ada")
    await administration.principals.create(name="bob")
    key = await administration.keys.new(principal="ada", project="alpha", wish=KeyWish(roles=("scientist",)))
    mine = {
        "all": (Level.ORGANISATION, ""),
        "team": (Level.TEAM, "quantum"),
        "project": (Level.PROJECT, "alpha"),
        "person": (Level.PRINCIPAL, "ada"),
        "key": (Level.KEY, key.key.id),
    }
    others = {
        "other team": (Level.TEAM, "classic"),
        "other project": (Level.PROJECT, "beta"),
        "other person": (Level.PRINCIPAL, "bob"),
    }
    for name, (level, target) in {**mine, **others}.items():
        await budgets.set(name, wish(level, target))
    caller = Caller(principal=ada, project=alpha, key=key.key)

    assert {each.limit.name for each in await budgets.every(caller=caller)} == set(mine)
    with pytest.raises(UnknownNameError) as error:
        await budgets.named("other project", caller=caller)
    assert "other team" not in error.value.message
