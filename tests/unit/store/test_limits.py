"""Limits are changed, raised and removed by rows that say what they count, and nothing else changes that."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from gateway.domain.budget import Level, Period, Raise, Unit, Window
from gateway.domain.window import ZoneUnknownError
from gateway.domain.writes import Unit as Writes
from gateway.store import limits
from gateway.store.commit import WriteRefusedError
from gateway.store.limits import Known, LimitRefusedError, LimitView
from tests.records import NOW, leaf, limit, payer

RAISE = Raise(amount=50, until=NOW + timedelta(days=1), reason="deadline", by="ada")
ROLLING = Window(period=Period.ROLLING, seconds=3600)


async def put(writer, *written):
    await writer.commit(Writes(leaf=leaf(), rows=tuple(limits.write(each) for each in written)))


async def test_a_limit_is_read_back_as_it_was_written(writer, database):
    whole = limit(
        level=Level.TEAM,
        target="quantum",
        soft_amount=800,
        window=Window(period=Period.QUARTER, zone="Europe/Berlin", fiscal_month=4),
        upstream="ibm",
        raises=(RAISE,),
    )
    rolling = limit(unit=Unit.SHOTS, currency="", window=ROLLING, created_at=NOW + timedelta(seconds=1))
    await put(writer, rolling, whole)

    async with database.reading() as connection:
        assert await limits.every(connection) == [whole, rolling]
        assert await limits.load(connection, whole.id) == whole
        assert await limits.load(connection, "nobody's") is None


async def test_an_amount_a_raise_and_a_removal_are_changes_and_the_removed_row_stays(writer, database):
    one = limit()
    await put(writer, one)
    changed = replace(one, name="better", amount=7, soft_amount=5, raises=(RAISE,), removed_at=NOW)

    await put(writer, changed)

    async with database.reading() as connection:
        assert await limits.every(connection) == [changed]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"unit": Unit.JOBS, "currency": ""}, "unit"),
        ({"currency": "EUR"}, "currency"),
        ({"target": "other"}, "target"),
        ({"upstream": "ibm"}, "upstream"),
        ({"window": Window(period=Period.DAY)}, "period"),
        ({"window": Window(period=Period.MONTH, zone="Europe/Berlin")}, "zone"),
        ({"window": Window(period=Period.MONTH, fiscal_month=2)}, "fiscal month"),
        ({"created_at": NOW + timedelta(days=40)}, "created at"),
    ],
)
async def test_what_a_limit_counts_never_changes(writer, change, what):
    """Its balance was kept by it; the same balance under another meaning would be wrong in silence."""
    one = limit()
    await put(writer, one)

    with pytest.raises(LimitRefusedError, match=f"the {what} of limit '{one.name}' cannot change"):
        await put(writer, replace(one, **change))


async def test_a_removed_limit_does_not_come_back(writer):
    """Nothing was counted since; it would begin with less than was taken."""
    one = limit()
    await put(writer, one)
    await put(writer, replace(one, removed_at=NOW))

    with pytest.raises(LimitRefusedError, match="was removed, and nothing was counted since"):
        await put(writer, one)


async def test_a_name_is_one_limits_and_free_again_when_that_is_removed(writer):
    one = limit(name="month")
    await put(writer, one)
    with pytest.raises(WriteRefusedError):
        await put(writer, limit(name="month"))

    await put(writer, replace(one, removed_at=NOW))
    await put(writer, limit(name="month"))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param({"amount": -1}, "whole number, 0 or more", id="a negative amount"),
        pytest.param({"amount": 1.5}, "whole number, 0 or more", id="half a micro"),
        pytest.param({"soft_amount": -1}, "whole number, 0 or more", id="a negative warning"),
        pytest.param({"raises": (replace(RAISE, amount=-5),)}, "whole number, 0 or more", id="a negative raise"),
        pytest.param({"currency": ""}, "a budget has a currency", id="money of no currency"),
        pytest.param({"unit": Unit.JOBS}, "a budget has a currency", id="jobs in a currency"),
        pytest.param({"window": Window(period=Period.ROLLING)}, "has a length", id="a rolling window without a length"),
        pytest.param({"window": Window(period=Period.DAY, seconds=60)}, "has a length", id="a day of a minute"),
        pytest.param({"window": Window(period=Period.ROLLING, seconds=-60)}, "whole number of seconds", id="backwards"),
        pytest.param({"window": Window(period=Period.YEAR, fiscal_month=13)}, "from 1 to 12", id="a 13th month"),
        pytest.param({"target": ""}, "only the organisation has no name", id="a project without a name"),
        pytest.param({"level": Level.ORGANISATION}, "only the organisation has no name", id="another organisation"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused_with_the_reason(change, why):
    with pytest.raises(LimitRefusedError, match=why):
        limits.write(limit(**change))


def test_a_zone_this_machine_does_not_know_is_refused_before_a_job_meets_it():
    with pytest.raises(ZoneUnknownError, match="Europe/Berlun"):
        limits.write(limit(window=Window(period=Period.DAY, zone="Europe/Berlun")))


async def test_the_view_shows_who_counts_a_payer_and_nothing_removed(writer, database):
    view = LimitView(database)
    team = limit(id="b", level=Level.TEAM, target="quantum")
    everywhere = limit(id="c", level=Level.ORGANISATION, target="")
    here = limit(id="a", level=Level.KEY, target=payer().key_id, upstream="aer")
    elsewhere = limit(id="d", upstream="ibm")
    others = limit(id="e", level=Level.PRINCIPAL, target="principal-2")
    await put(writer, team, everywhere, here, elsewhere, others)
    await view.refresh()

    assert {each.id for each in view.live()} == {"a", "b", "c", "d", "e"}
    assert [each.id for each in view.of(payer())] == ["a", "b", "c"]
    assert [each.id for each in view.of(payer(upstream="ibm"))] == ["b", "c", "d"]
    assert all(each.counts(payer()) for each in view.of(payer()))

    await put(writer, replace(team, removed_at=NOW))
    assert [each.id for each in view.of(payer())] == ["a", "b", "c"]
    await view.refresh()
    assert [each.id for each in view.of(payer())] == ["a", "c"]


async def test_a_change_that_was_rolled_back_is_forgotten(database):
    """Who read it in its own transaction must not go by it afterwards."""
    known, one = Known(), limit()

    def change(connection):
        limits.put(connection, [limits.write(one)])
        assert known.read(connection).live == (one,)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        await database.transact(change)

    assert await database.transact(lambda connection: known.read(connection).live) == ()


async def test_every_change_has_a_version_of_its_own(writer, database):
    """A number that counts up would come twice where a change was rolled back, and hide what another process wrote."""
    versions = []
    for amount in (1, 2, 2):
        await put(writer, limit(id="one", name="one", amount=amount))
        async with database.reading() as connection:
            versions.append((await connection.execute(text("SELECT version FROM limit_version"))).scalar_one())

    assert len(set(versions)) == len(versions)
