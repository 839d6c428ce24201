"""Rounds of the self-test: what fails is told when it changes, and what nobody answered only when it happens again."""

import json
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import pytest

from gateway.casework.entries import AdminEntries
from gateway.casework.selftest import rounds as rounds_module
from gateway.casework.selftest.findings import ENGINES, PATH, RULES, Finding
from gateway.casework.selftest.rounds import FAILED, RECOVERED, Rounds
from gateway.domain.errors import UnavailableError
from gateway.policy.baseline import baseline
from gateway.policy.bundle import default_root, load
from gateway.routing.fleet import Fleet
from gateway.store import warnings
from gateway.telemetry.metrics import Metrics

BUNDLE = load(default_root())
WEAKENED = replace(
    BUNDLE, rego={**BUNDLE.rego, "gateway/rules/own/own.rego": "package gateway.rules.own"}, selftests=()
)
DEPTH = Finding(part=RULES, what="deny-circuits", problem="was allowed", by_policy=True)
SILENT = Finding(part=ENGINES, what="allow", problem="no answer", sure=False)
DENIED = Finding(part=PATH, what="allowed", problem="was denied", by_policy=True)
AWRY = Finding(part=ENGINES, what="allow", at="opa-1", problem="was allowed")


async def never(_):
    return False


@dataclass
class Found:
    """What the parts of a round find next."""

    rules: tuple[Finding, ...] = ()
    engines: tuple[Finding, ...] = ()
    kept: list[tuple] = field(default_factory=list)
    doors: dict[str, tuple[Finding, ...]] = field(default_factory=dict)
    tried: list[str] = field(default_factory=list)


@dataclass
class Point:
    bundle: object = BUNDLE


@pytest.fixture
def found(monkeypatch):
    made = Found()

    async def of_rules(_bundle, _baseline, kept):
        made.kept.append(kept)
        return made.rules

    async def of_engines(_point, _reference):
        return made.engines

    monkeypatch.setattr(rounds_module.rules, "examine", of_rules)
    monkeypatch.setattr(rounds_module.engines, "examine", of_engines)
    return made


@pytest.fixture
def testing(office, found):
    def make(**changes):
        made = Rounds(
            point=Point(),
            baseline=baseline(),
            own_rules=False,
            waived=(),
            actors=None,
            trials={},
            fleet=Fleet(()),
            lowered=lambda _: False,
            withdrawn=never,
            entries=AdminEntries(ledger=office.ledger, vault=office.vault, clock=office.clock),
            clock=office.clock,
            metrics=Metrics(),
            webhooks=("pager",),
            source="gw.example.org",
        )
        return replace(made, **changes)

    return make


async def door(*_):
    raise AssertionError("nobody submits")


async def told(office):
    return [
        (entry.type, entry.body["failing"]) for type_ in (FAILED, RECOVERED) for entry in await office.entries(type_)
    ]


async def test_what_fails_is_told_once_and_again_when_it_is_over(office, testing, found):
    made, found.engines = testing(), (AWRY,)

    for _ in range(3):
        await made.run(door)
    problem = made.standing.problem
    found.engines = ()
    for _ in range(3):
        await made.run(door)

    assert await told(office) == [(FAILED, ["engines/allow"]), (RECOVERED, [])]
    assert "engines/allow at opa-1: was allowed" in problem
    assert made.standing.problem is None


@pytest.fixture
def doors(testing, found, monkeypatch):
    """A round whose doors find what is written down for each dialect; its simulator is a name."""
    simulator = SimpleNamespace(name="sim", backend=SimpleNamespace(name="sim"))
    fleet = SimpleNamespace(simulators=lambda: [simulator], berths=lambda: [simulator])

    async def cast(_backend):
        return SimpleNamespace(backend="sim")

    def visits(*, trial, **_):
        async def examine():
            found.tried.append(trial)
            return found.doors.get(trial, ())

        return SimpleNamespace(examine=examine)

    monkeypatch.setattr(rounds_module, "Visits", visits)
    trials = {name: name for name in ("ibm", "ionq")}

    def make(**changes):
        return testing(trials=trials, fleet=fleet, actors=SimpleNamespace(cast=cast), **changes)

    return make


async def test_doors_are_tried_in_turn_and_what_one_said_stays_until_its_next(doors, found):
    made, found.doors = doors(), {"ibm": (DENIED,)}

    for _ in range(2):
        await made.run(door)
    at_both = made.standing.failing
    found.doors = {}
    await made.run(door)

    assert found.tried == ["ibm", "ionq", "ibm"]
    assert at_both == (replace(DENIED, at="ibm"),)
    assert made.standing.failing == ()


async def test_what_nobody_answered_at_one_door_counts_when_its_turn_comes_again(doors, found):
    made, found.doors = doors(), {"ibm": (replace(DENIED, sure=False),)}

    for failing in ((), (), ("path/allowed",), ("path/allowed",)):
        await made.run(door)

        assert tuple(each.name for each in made.standing.failing) == failing


async def test_policies_of_ones_own_are_meant_at_every_door_the_first_time(doors, found):
    made, found.doors = doors(own_rules=True), {"ionq": (DENIED,)}

    for _ in range(3):
        await made.run(door)

    assert made.standing.failing == ()


async def test_whoever_wants_warnings_gets_a_letter(office, testing, found):
    made, found.engines = testing(), (AWRY,)

    await made.run(door)

    async with office.database.reading() as connection:
        (letter,) = await warnings.due(connection, office.clock.now(), most=9)
    event = json.loads(letter.body)
    assert (letter.webhook, event["type"], event["data"]["failing"]) == (
        "pager",
        "qgw.selftest.failed",
        ["engines/allow"],
    )


async def test_what_nobody_answered_counts_when_it_happens_twice_in_a_row(testing, found):
    made, found.engines = testing(), (SILENT,)

    await made.run(door)
    once = made.standing.failing
    found.engines = ()
    await made.run(door)
    found.engines = (SILENT,)
    await made.run(door)
    again = made.standing.failing
    await made.run(door)

    assert (once, again, made.standing.failing) == ((), (), (SILENT,))


async def test_what_is_waived_by_name_does_not_count(office, testing, found):
    made, found.rules = testing(waived=("rules/deny-circuits",)), (DEPTH,)

    await made.run(door)

    assert made.standing.failing == ()
    assert await told(office) == []


@pytest.mark.parametrize(("own_rules", "failing"), [(True, ()), (False, (DEPTH,))])
async def test_rules_of_ones_own_may_decide_otherwise_from_the_first_round_on(testing, found, own_rules, failing):
    made, found.rules = testing(own_rules=own_rules), (DEPTH,)

    await made.run(door)
    await made.run(door)

    assert made.standing.failing == failing


async def test_rules_of_ones_own_that_change_later_are_found(testing, found):
    made = testing(own_rules=True)
    await made.run(door)
    found.rules, made.point.bundle = (DEPTH,), WEAKENED

    await made.run(door)

    assert made.standing.failing == (DEPTH,)


async def test_self_tests_of_earlier_revisions_are_kept(testing, found):
    made = testing()
    await made.run(door)
    made.point.bundle = WEAKENED

    await made.run(door)

    assert found.kept == [(), BUNDLE.selftests]


async def test_an_entry_that_the_ledger_refused_is_written_after_the_next_round(office, testing, found, monkeypatch):
    made, found.engines = testing(), (AWRY,)

    async def full(*_, **__):
        raise UnavailableError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(AdminEntries, "record", full)
        with pytest.raises(UnavailableError):
            await made.run(door)
    assert made.standing.failing == (AWRY,), "readiness does not wait for the ledger"
    await made.run(door)

    assert await told(office) == [(FAILED, ["engines/allow"])]


async def test_metrics_tell_each_part(testing, found):
    made, found.rules = testing(), (DEPTH,)

    await made.run(door)
    page = made.metrics.render()[0].decode()

    assert 'gateway_selftest_failing{part="rules"} 1.0' in page
    assert 'gateway_selftest_failing{part="path"} 0.0' in page
