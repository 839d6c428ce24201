"""Deciding the past again: what flips, whom and what it moves, and that nothing flips by itself."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.casework.recorded import Recordings, Span
from gateway.casework.timemachine import Kind, TimeMachine, kind_of
from gateway.domain.decision import Finding, Obligation, PlacementKind, PolicyPlacement
from gateway.policy.answer import PolicyEngineError, Question
from gateway.policy.bundle import default_root, load
from gateway.settings import load as settings_of
from gateway.wiring import initialise, open_house
from tests.policy import golden, mutation
from tests.recorded import Recorder, some_facts

pytestmark = pytest.mark.long

ALWAYS = Span()


@pytest.fixture(scope="module")
def runner():
    with asyncio.Runner() as running:
        yield running


@pytest.fixture
def house(runner, tmp_path):
    given_settings = settings_of(None, {"GATEWAY_STATE_DIR": str(tmp_path / "state")})
    runner.run(initialise(given_settings))
    opened = open_house(given_settings)
    yield runner.run(opened.__aenter__())
    runner.run(opened.__aexit__(None, None, None))


@pytest.fixture
def recorder(runner, house):
    project = runner.run(house.administration.projects.named("default"))
    return Recorder(house, project.id)


def machine(house, workers=1):
    recordings = Recordings(database=house.database, vault=house.vault)
    return TimeMachine(recordings=recordings, revisions=house.revisions, workers=workers)


def changed(bundle, table, change):
    """The same rules over another table."""
    path = f"org/{table}/data.json"
    content = json.loads(json.dumps(bundle.tables[path]))
    change(content)
    return replace(bundle, tables={**bundle.tables, path: content})


def fewer_shots(table):
    table["experimental"]["default"]["total_shots"] = 5000


def without_addresses(table):
    del table["rules"]["email-address"]


def more_depth(table):
    table["experimental"]["default"]["depth"] = 10**6


def test_the_same_revision_flips_nothing_whatever_was_submitted(runner, house, recorder):
    """Decisions are pure functions of facts and revision; damaged facts are decided as reproducibly as good ones."""
    stories = {name: json.loads(facts) for name, facts in golden.all_facts().items()}
    odd = st.sampled_from([None, True, False, 0, 2**53 - 1, "", "simulator", "restricted", [], {}])

    @settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def property_holds(data):
        facts = []
        for _ in range(20):
            story = stories[data.draw(st.sampled_from(sorted(stories)))]
            path = data.draw(st.sampled_from(list(mutation.paths(story))))
            facts.append(golden.canonical_json(mutation.replaced(story, path, data.draw(odd))))
        runner.run(recorder.record(house.bundle, facts))
        found = runner.run(machine(house).replay(house.bundle, ALWAYS))
        assert (found.flipped, found.irreproducible, found.other_reasons) == (0, 0, 0)
        assert found.decided + found.undecided == found.total == recorder.recorded

    property_holds()


def test_a_lower_limit_denies_what_was_allowed_and_says_whom_and_how_much(runner, house, recorder):
    decided = runner.run(recorder.record(house.bundle, list(some_facts(80))))
    candidate = changed(house.bundle, "limits", fewer_shots)

    found = runner.run(machine(house).replay(candidate, ALWAYS))

    told = [json.loads(each.facts) for each in decided if each.allow]
    held = [facts for facts in told if facts["enforcement"]["break_glass"] is None]
    limited = [facts for facts in held if facts["job"]["workload_class"] == "experimental"]
    hit = [facts for facts in limited if facts["job"]["total_shots"] > 5000]
    tally = found.flips[Kind.ALLOW_TO_DENY]
    assert (tally.decisions, found.flipped) == (len(hit), len(hit))
    assert len(tally.people) == len({facts["principal"]["id"] for facts in hit})
    assert tally.projects == {facts["project"]["name"] for facts in hit}
    assert tally.micros["EUR"] == sum(facts["quote"]["amount_micros"] or 0 for facts in hit)
    assert set(tally.rules) == {"circuits/shots"}
    assert found.sound


def test_a_higher_limit_allows_what_was_denied(runner, house, recorder):
    runner.run(recorder.record(house.bundle, [golden.all_facts()["deny-too-deep"]]))

    found = runner.run(machine(house).replay(changed(house.bundle, "limits", more_depth), ALWAYS))

    (flip,) = found.listed
    assert (flip.kind, flip.before, flip.after) == (
        Kind.DENY_TO_ALLOW,
        "denied by circuits/depth",
        "allowed, simulator",
    )


def test_each_decision_is_compared_with_the_revision_that_made_it(runner, house, recorder):
    """History was decided by many revisions; a candidate equal to the newest may differ from the older ones."""
    facts = [golden.EMULATION.running(shots=6000).facts()]
    stricter = changed(house.bundle, "limits", fewer_shots)
    runner.run(recorder.record(house.bundle, facts))
    runner.run(recorder.record(stricter, facts))

    found = runner.run(machine(house).replay(stricter, ALWAYS))

    assert found.flips[Kind.ALLOW_TO_DENY].decisions == 1
    assert (found.total, found.sound) == (2, True)


def test_people_are_named_as_far_as_they_were_not_erased(runner, house, recorder):
    runner.run(recorder.record(house.bundle, [golden.EMULATION.running(shots=6000).facts()]))
    runner.run(house.vault.remember({house.vault.subject("p-7f3a"): "ada"}))

    found = runner.run(machine(house).replay(changed(house.bundle, "limits", fewer_shots), ALWAYS))

    assert [flip.principal for flip in found.listed] == ["ada"]


def test_only_so_many_flips_are_listed_and_all_are_counted(runner, house, recorder):
    runner.run(recorder.record(house.bundle, list(some_facts(40))))

    found = runner.run(machine(house).replay(changed(house.bundle, "limits", fewer_shots), ALWAYS, listed=3))

    assert len(found.listed) == 3
    assert found.flipped > 3


def test_erased_facts_are_counted_and_nothing_is_guessed(runner, house, recorder):
    runner.run(recorder.record(house.bundle, list(some_facts(3))))
    (first, *_) = runner.run(Recordings(database=house.database, vault=house.vault).newest(3))
    runner.run(house.vault.shred(first.decision_id))

    found = runner.run(machine(house).replay(house.bundle, ALWAYS))

    assert (found.decided, found.unreadable, found.sound) == (2, 1, True)


def test_a_decision_that_was_recorded_otherwise_than_it_was_made_is_found(runner, house, recorder, monkeypatch):
    """Nobody can have decided so: an entry was forged, or an engine is broken. It is no flip, and it is loud."""
    runner.run(recorder.record(house.bundle, [golden.EMULATION.facts()]))
    recordings = Recordings(database=house.database, vault=house.vault)
    (told,) = runner.run(recordings.newest(1))
    monkeypatch.setattr(
        "gateway.casework.recorded._recorded", lambda *_: replace(told, facts=b"", outcome_digest="00" * 32)
    )

    found = runner.run(machine(house).replay(house.bundle, ALWAYS))

    assert (found.flipped, found.irreproducible, found.sound) == (0, 1, False)


def test_what_the_engine_could_not_decide_is_no_decision_of_policy(runner, house, recorder):
    recordings = Recordings(database=house.database, vault=house.vault)
    failed = Question(id="x", facts=golden.EMULATION.facts(), engine="regorus", bundle=house.bundle)
    runner.run(recorder._write(failed.refused("engine/timeout", "too late", 1)))

    found = runner.run(machine(house).replay(changed(house.bundle, "limits", fewer_shots), ALWAYS))

    assert (found.undecided, found.decided, found.flipped) == (1, 0, 0)
    assert runner.run(recordings.newest(1))[0].undecided


def test_a_condition_that_could_not_be_met_is_counted_by_itself(runner, house, recorder):
    """Policy had let it go: that is no failure of an engine, and whether another place could keep it is unknown."""
    decided = Question(id="x", facts=golden.EMULATION.facts(), engine="regorus", bundle=house.bundle)
    runner.run(recorder._write(decided.refused("engine/obligation", "nobody stops it by time", 1)))

    found = runner.run(machine(house).replay(changed(house.bundle, "limits", fewer_shots), ALWAYS))

    assert (found.unkept, found.undecided, found.decided, found.flipped) == (1, 0, 0, 0)


def test_a_rule_for_texts_that_is_dropped_denies_nothing_of_the_past(runner, house, recorder):
    """What it found then stands in the facts, and nobody asks for it any more."""
    facts = json.loads(golden.EMULATION.facts())
    facts["dlp"]["findings"] = [{"rule": "email-address", "place": "tags", "circuit": None, "count": 1}]
    runner.run(recorder.record(house.bundle, [msgspec.json.encode(facts, order="sorted")]))

    found = runner.run(machine(house).replay(changed(house.bundle, "dlp", without_addresses), ALWAYS))

    assert (found.decided, found.flipped, found.other_reasons) == (1, 0, 1)


def test_a_span_takes_what_lies_in_it(runner, house, recorder):
    runner.run(recorder.record(house.bundle, list(some_facts(5))))
    soon = house.clock.now() + timedelta(hours=1)

    assert runner.run(machine(house).replay(house.bundle, Span(since=soon))).total == 0
    assert runner.run(machine(house).replay(house.bundle, Span(project_id="another"))).total == 0
    assert runner.run(machine(house).replay(house.bundle, Span(until=soon))).total == 5


def test_progress_is_told_to_the_end(runner, house, recorder):
    runner.run(recorder.record(house.bundle, list(some_facts(5))))
    told = []

    runner.run(machine(house).replay(house.bundle, ALWAYS, progress=lambda *each: told.append(each)))

    assert told[-1] == (5, 5)


def test_a_candidate_that_does_not_load_is_refused(runner, house):
    broken = replace(
        house.bundle, rego={**house.bundle.rego, "gateway/main/main.rego": "package gateway.main\n\nx := {"}
    )

    with pytest.raises(PolicyEngineError, match="do not load"):
        runner.run(machine(house).replay(broken, ALWAYS))


def outcome(**changes):
    question = Question(id="x", facts=b"{}", engine="e", bundle=load(default_root()))
    allowed = question.answered(
        {"allow": True, "deny": [], "warn": [], "placement": {"kind": "requested", "reason": ""}, "obligations": []}, 0
    )
    return replace(allowed, **changes)


DENIED = {"allow": False, "deny": (Finding(rule="a/b", message="", remedy=""),), "placement": None}
ELSEWHERE = PolicyPlacement(kind=PlacementKind.SIMULATOR, reason="why")


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        pytest.param({}, {}, None, id="the same"),
        pytest.param({}, DENIED, Kind.ALLOW_TO_DENY, id="denied now"),
        pytest.param(DENIED, {}, Kind.DENY_TO_ALLOW, id="allowed now"),
        pytest.param({}, {"placement": ELSEWHERE}, Kind.PLACEMENT, id="elsewhere now"),
        pytest.param({}, {"obligations": (Obligation(kind="k", parameters={}),)}, Kind.OBLIGATIONS, id="obliged now"),
        pytest.param(
            {"placement": ELSEWHERE}, {"placement": replace(ELSEWHERE, reason="other")}, None, id="other words"
        ),
        pytest.param(DENIED, {**DENIED, "deny": ()}, None, id="denied by other rules"),
    ],
)
def test_how_a_decision_is_another_one(before, after, kind):
    assert kind_of(outcome(**before), outcome(**after)) is kind
