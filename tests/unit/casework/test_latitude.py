"""Overrides and break-glass as people use them: who may, for how long, and what stays in the ledger."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.casework.entries import OPERATOR
from gateway.casework.glasses import WAITS, BreakGlassRefusedError
from gateway.casework.names import ReasonRefusedError, UnknownNameError
from gateway.casework.overrides import OverrideRefusedError
from gateway.domain.errors import UnavailableError
from gateway.domain.principal import Caller
from gateway.enforcement.leniency import Lenient
from gateway.policy.bundle import default_root
from gateway.settings import load
from gateway.wiring import initialise, open_house, opening
from gateway.wiring.latitude import latitude
from tests.unit.enforcement.vendor_house import Hands

HOUR = timedelta(hours=1)
SOFT = {"circuits/depth": {"level": "soft"}}


@pytest.fixture
def clock(monkeypatch):
    hands = Hands()
    monkeypatch.setattr(opening, "SystemClock", lambda: hands)
    return hands


@pytest.fixture
async def house(tmp_path, clock):
    """A deployment in which one rule is soft, with three people in it."""
    table = json.loads((default_root() / "org" / "enforcement" / "data.json").read_text()) | {"levels": SOFT}
    place = tmp_path / "rules" / "org" / "enforcement" / "data.json"
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(table))
    given = {"GATEWAY_STATE_DIR": str(tmp_path / "state"), "GATEWAY_POLICY__OVERRIDES": str(tmp_path / "rules")}
    settings = load(None, given)
    await initialise(settings)
    async with open_house(settings) as opened:
        for name in ("ada", "ben", "eve"):
            await opened.administration.principals.create(name=name)
        yield opened


@pytest.fixture
async def people(house):
    return {each.name: each.id for each in await house.administration.principals.every()}


@pytest.fixture
def overrides(house):
    return latitude(house).overrides


@pytest.fixture
def glasses(house):
    return latitude(house).glasses


async def bodies(house, type_):
    return [each.body for each in await house.inspection.entries(type_=type_, limit=100)]


def depth(overrides, **changes):
    asked = {"project": "default", "principal": None, "lasting": HOUR, "reason": "a benchmark", **changes}
    return overrides.new("circuits/depth", **asked)


# ── overrides ────────────────────────────────────────────────────────────────────────────────────
async def test_an_override_is_recorded_with_its_rule_its_end_and_its_reason(house, overrides, people):
    made = await depth(overrides, principal="ada", by=people["ben"])

    (told,) = await bodies(house, "policy.override_set")
    assert (told["override"], told["rule"], told["reason"]) == (made.id, "circuits/depth", "a benchmark")
    assert told["by"] == house.vault.subject(people["ben"])
    assert told["principal"] == house.vault.subject(people["ada"])
    assert await overrides.every() == [made]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"reason": " "}, ReasonRefusedError, id="no reason"),
        pytest.param({"project": None}, OverrideRefusedError, id="for nobody"),
        pytest.param({"project": "no-such"}, UnknownNameError, id="for an unknown project"),
        pytest.param({"principal": "no-such"}, UnknownNameError, id="for an unknown person"),
        pytest.param({"lasting": timedelta(days=30, seconds=1)}, OverrideRefusedError, id="for too long"),
        pytest.param({"lasting": timedelta()}, OverrideRefusedError, id="for no time"),
    ],
)
async def test_what_is_no_override_is_refused(house, overrides, changes, error):
    with pytest.raises(error):
        await depth(overrides, **changes)

    assert await overrides.every() == []
    assert await bodies(house, "policy.override_set") == []


async def test_the_longest_override_is_made(overrides):
    assert await depth(overrides, lasting=timedelta(days=30))


@pytest.mark.parametrize("rule", ["circuits/qubits", "wire/readable"])
async def test_a_hard_rule_is_not_overridden(overrides, rule):
    with pytest.raises(OverrideRefusedError, match="hard"):
        await overrides.new(rule, project="default", principal=None, lasting=HOUR, reason="a benchmark")


async def test_an_unknown_rule_is_not_overridden(overrides):
    with pytest.raises(UnknownNameError):
        await overrides.new("circuits/dept", project="default", principal=None, lasting=HOUR, reason="a benchmark")


async def test_nobody_overrides_a_rule_for_themselves(overrides, people):
    with pytest.raises(OverrideRefusedError, match="themselves"):
        await depth(overrides, principal="ada", by=people["ada"])

    assert await depth(overrides, principal="ada", by=people["ben"])


async def test_an_override_ends_once(house, overrides, clock):
    made = await depth(overrides)

    ended = await overrides.end(made.id)

    clock.passes(1)
    assert await overrides.end(made.id) == ended
    assert not ended.in_force(clock.now())
    assert len(await bodies(house, "policy.override_ended")) == 1
    with pytest.raises(UnknownNameError):
        await overrides.end("no-such")


# ── break-glass ──────────────────────────────────────────────────────────────────────────────────
async def test_two_people_break_the_glass(house, glasses, people, clock):
    asked = await glasses.request(reason="the machine is ours tonight", lasting=HOUR, by=people["ada"])
    assert not asked.in_force(clock.now())

    broken = await glasses.confirm(asked.id, by=people["ben"])

    assert broken.in_force(clock.now())
    (requested,) = await bodies(house, "policy.break_glass_requested")
    (confirmed,) = await bodies(house, "policy.break_glass_confirmed")
    assert requested["by"] == house.vault.subject(people["ada"])
    assert confirmed["by"] == house.vault.subject(people["ben"])
    assert "circuits/depth" in confirmed["rules"]
    clock.passes(3601)
    assert not broken.in_force(clock.now())


async def test_a_glass_that_is_broken_is_not_broken_again(glasses, people):
    asked = await glasses.request(reason="r", lasting=HOUR, by=people["ada"])
    await glasses.confirm(asked.id, by=people["ben"])

    with pytest.raises(BreakGlassRefusedError, match="is in force until"):
        await glasses.confirm(asked.id, by=people["ben"])


async def test_one_person_is_not_enough(house, glasses, people, clock):
    asked = await glasses.request(reason="r", lasting=HOUR, by=people["ada"])

    with pytest.raises(BreakGlassRefusedError, match="cannot confirm"):
        await glasses.confirm(asked.id, by=people["ada"])

    (held,) = await glasses.every()
    assert not held.in_force(clock.now())
    assert await bodies(house, "policy.break_glass_confirmed") == []


async def test_the_operator_of_the_machine_is_nobody_in_particular(glasses, people):
    with pytest.raises(BreakGlassRefusedError):
        await glasses.request(reason="r", lasting=HOUR, by=OPERATOR)
    asked = await glasses.request(reason="r", lasting=HOUR, by=people["ada"])
    with pytest.raises(BreakGlassRefusedError):
        await glasses.confirm(asked.id, by=OPERATOR)


async def test_a_request_waits_for_an_hour(glasses, people, clock):
    asked = await glasses.request(reason="r", lasting=HOUR, by=people["ada"])
    clock.passes(WAITS.total_seconds())

    with pytest.raises(BreakGlassRefusedError, match="waits no longer"):
        await glasses.confirm(asked.id, by=people["ben"])


@pytest.mark.parametrize("lasting", [timedelta(), timedelta(hours=4, seconds=1)])
async def test_it_holds_for_a_while_and_not_for_too_long(glasses, people, lasting):
    with pytest.raises(BreakGlassRefusedError):
        await glasses.request(reason="r", lasting=lasting, by=people["ada"])
    assert await glasses.request(reason="r", lasting=timedelta(hours=4), by=people["ada"])


async def test_what_was_withdrawn_is_not_confirmed(house, glasses, people):
    asked = await glasses.request(reason="r", lasting=HOUR, by=people["ada"])
    withdrawn = await glasses.end(asked.id)

    with pytest.raises(BreakGlassRefusedError):
        await glasses.confirm(asked.id, by=people["ben"])
    assert await glasses.end(asked.id) == withdrawn
    assert len(await bodies(house, "policy.break_glass_ended")) == 1
    with pytest.raises(UnknownNameError):
        await glasses.end("no-such")


async def test_nothing_is_lifted_before_witnesses_have_seen_it(house, people, clock):
    class NotSeenError(UnavailableError):
        code = "witnesses-awaited"

    async def unseen(glass_id, *, by):
        raise NotSeenError(f"{glass_id} {by}")

    glasses = replace(latitude(house).glasses, witnessed=unseen)
    asked = await glasses.request(reason="r", lasting=HOUR, by=people["ada"])

    with pytest.raises(NotSeenError):
        await glasses.confirm(asked.id, by=people["ben"])
    (held,) = await glasses.every()
    assert held.waits(clock.now())


# ── what decisions are told ──────────────────────────────────────────────────────────────────────
@pytest.fixture
async def caller(house):
    (project,) = await house.administration.projects.every()
    principals = {each.name: each for each in await house.administration.principals.every()}
    (key,) = [each.key for each in await house.administration.keys.every()]
    return Caller(principal=principals["ada"], project=project, key=key)


async def test_memory_has_what_is_in_force_for_a_caller(house, overrides, glasses, people, caller, clock):
    lenient = Lenient(database=house.database, clock=clock)
    mine = await depth(overrides, principal="ada", project=None)
    await depth(overrides, principal="eve", project=None)
    await overrides.end((await depth(overrides)).id)
    asked = await glasses.request(reason="r", lasting=HOUR, by=people["ada"])
    await lenient.refresh()
    assert lenient.towards(caller).glass is None

    broken = await glasses.confirm(asked.id, by=people["ben"])
    await lenient.refresh()

    known = lenient.towards(caller)
    assert known.overrides == (mine,)
    assert known.glass == broken
    clock.passes(3601)
    assert (lenient.towards(caller).overrides, lenient.towards(caller).glass) == ((), None)
