"""Rules that are rolled out: counted over the whole deployment, stopped by a surge of denials, resumed by a person."""

import json

import pytest

from gateway.casework.names import ReasonRefusedError, UnknownNameError
from gateway.casework.projects import Terms
from gateway.domain.leniency import cohort
from gateway.policy.bundle import default_root
from gateway.settings import load
from gateway.wiring import initialise, open_house, opening
from gateway.wiring.latitude import latitude
from tests.policy import golden
from tests.recorded import Recorder
from tests.unit.enforcement.vendor_house import Hands

RULE = "circuits/depth"
SURGE = {"denials": 4, "minutes": 10, "people": 2, "percent": 50}


@pytest.fixture
def clock(monkeypatch):
    hands = Hands()
    monkeypatch.setattr(opening, "SystemClock", lambda: hands)
    return hands


@pytest.fixture
def table(tmp_path):
    """The table of a deployment that rolls one rule out."""
    place = tmp_path / "rules" / "org" / "enforcement" / "data.json"
    place.parent.mkdir(parents=True)

    def write(**changes):
        content = json.loads((default_root() / "org" / "enforcement" / "data.json").read_text())
        content |= {"levels": {RULE: {"rollout_percent": 100}}, "surge": SURGE, **changes}
        place.write_text(json.dumps(content))

    write()
    return write


@pytest.fixture
async def opened(tmp_path, clock, table):
    settings = load(
        None, {"GATEWAY_STATE_DIR": str(tmp_path / "state"), "GATEWAY_POLICY__OVERRIDES": str(tmp_path / "rules")}
    )
    await initialise(settings)
    return settings


@pytest.fixture
async def house(opened):
    async with open_house(opened) as made:
        yield made


class Told:
    """Counts how often somebody was told to look again."""

    def __init__(self):
        self.times = 0

    async def __call__(self):
        self.times += 1


def story(*, who, deep, **enforcement):
    """Facts of one submission of somebody's, too deep for everybody or not."""
    facts = json.loads(golden.all_facts()["deny-too-deep" if deep else "allow-emulated-device"])
    facts["principal"]["id"] = who
    facts["enforcement"] |= enforcement
    return golden.canonical_json(facts)


async def decided(house, *, denied, allowed=0, people=("p-1", "p-2"), **enforcement):
    """Let submissions be decided and recorded, by these people in turn."""
    (project,) = await house.administration.projects.every()
    stories = [story(who=people[number % len(people)], deep=True, **enforcement) for number in range(denied)]
    stories += [story(who="p-9", deep=False, **enforcement)] * allowed
    await Recorder(house, project.id).record(house.bundle, stories)
    await house.search.index.follow()


async def look(house):
    told = Told()
    await latitude(house).rollouts.look(told)
    return told.times


async def stops(house):
    return [each.body for each in await house.inspection.entries(type_="policy.rollout_stopped", limit=10)]


async def test_a_rule_that_denies_too_much_is_stopped_once(house):
    await decided(house, denied=4, allowed=3)

    assert [await look(house), await look(house)] == [1, 0]

    (told,) = await stops(house)
    assert (told["rule"], told["denied"], told["decided"], told["people"]) == (RULE, 4, 7, 2)
    (rollout,) = await latitude(house).rollouts.every()
    assert rollout.stop is not None
    shown, _ = house.metrics.render()
    assert b'gateway_policy_rollout_stopped{rule="circuits/depth"} 1.0' in shown


@pytest.mark.parametrize(
    "work",
    [
        pytest.param({"denied": 3}, id="too few denials"),
        pytest.param({"denied": 4, "allowed": 4}, id="no larger share than is allowed"),
        pytest.param({"denied": 9, "people": ("p-1",)}, id="one person alone, again and again"),
    ],
)
async def test_a_rule_that_denies_some_goes_on(house, work):
    await decided(house, **work)

    assert await look(house) == 0
    assert await stops(house) == []


async def test_only_projects_that_it_has_reached_count(tmp_path, opened, table):
    async with open_house(opened) as house:
        (project,) = await house.administration.projects.every()
        await decided(house, denied=5)
    table(levels={RULE: {"rollout_percent": cohort(project.id)}})
    async with open_house(opened) as house:
        assert await look(house) == 0
    table(levels={RULE: {"rollout_percent": cohort(project.id) + 1}})
    async with open_house(opened) as house:
        assert await look(house) == 1


async def test_a_rule_that_nobody_rolls_out_is_not_watched(opened, table):
    table(levels={RULE: {"level": "hard"}})
    async with open_house(opened) as house:
        await decided(house, denied=9)

        assert await look(house) == 0
        assert await latitude(house).rollouts.every() == []


async def test_one_person_in_many_projects_is_one_person(house):
    """Whoever works in several projects cannot stop a rule alone either."""
    for name in ("first", "second", "third"):
        project = await house.administration.projects.create(name=name, terms=Terms())
        stories = [story(who="p-1", deep=True)] * 3
        await Recorder(house, project.id).record(house.bundle, stories)
    await house.search.index.follow()

    assert await look(house) == 0


async def test_what_was_long_ago_counts_no_longer(house, clock):
    await decided(house, denied=9)
    clock.passes(601)

    assert await look(house) == 0


async def test_a_person_lets_it_go_on_and_it_begins_anew(house, clock):
    await decided(house, denied=4)
    await look(house)
    clock.passes(1)

    with pytest.raises(ReasonRefusedError):
        await latitude(house).rollouts.resume(RULE, reason=" ")
    await latitude(house).rollouts.resume(RULE, reason="the table was mended")

    (rollout,) = await latitude(house).rollouts.every()
    assert (rollout.stop, rollout.denied) == (None, 0)
    assert await look(house) == 0, "what it denied before is forgotten"
    await decided(house, denied=4)
    assert await look(house) == 1
    (told,) = await house.inspection.entries(type_="policy.rollout_resumed", limit=10)
    assert told.body["reason"] == "the table was mended"


async def test_what_is_not_stopped_is_not_resumed(house):
    with pytest.raises(UnknownNameError):
        await latitude(house).rollouts.resume(RULE, reason="r")


async def test_a_stopped_rule_is_advisory_for_everybody(house):
    stopped = {"cohort": 0, "stopped": [RULE]}
    (project,) = await house.administration.projects.every()

    (decision,) = await Recorder(house, project.id).record(house.bundle, [story(who="p-1", deep=True, **stopped)])

    assert decision.allow
    assert [each.message.rpartition("; ")[2] for each in decision.warn] == ["advisory because its rollout was stopped"]
