"""Facts and decisions that are promised: a change of either shows up as a changed file."""

import json
import re

import pytest

from gateway.domain import provenance
from gateway.policy import obligations
from gateway.policy.bundle import default_root
from gateway.policy.facts import json_schema
from tests.policy import golden, houses

OUTLINES = json.loads(golden.DECISIONS.read_text("utf-8"))


def test_golden_facts_are_current():
    told = {name: golden.pretty(story.facts()) for name, story in golden.STORIES.items()}
    committed = {file.stem: file.read_text("utf-8") for file in golden.FOLDER.glob("*.json")}

    assert committed == told, "run python -m tests.policy.golden and read the difference"


def test_the_schema_policy_authors_read_is_current():
    committed = json.loads((default_root() / "schemas" / "input.json").read_text("utf-8"))

    assert committed == json_schema(), "run python -m tests.policy.golden"


def test_the_schema_of_provenance_is_current():
    committed = json.loads((default_root() / "schemas" / "provenance.json").read_text("utf-8"))

    assert committed == provenance.json_schema(), "run python -m tests.policy.golden"


def test_policy_expects_the_fields_that_the_schema_does(bundle):
    """The rule lists them itself, so that facts which forget one are denied."""
    rule = bundle.rego["gateway/provenance/provenance.rego"]
    listed = re.search(r"^expected := \{\n(.*?)^\}", rule, re.DOTALL | re.MULTILINE)[1]

    assert set(re.findall(r'"([^"]+)"', listed)) == set(provenance.OF_THE_WORK)


def test_golden_decisions_hold(point, loop):
    decided = {
        name: golden.outline(loop.run(point.decide(facts, decision_id=name)))
        for name, facts in golden.all_facts().items()
    }

    assert decided == OUTLINES


def test_golden_decisions_hold_where_an_operator_filled_the_tables(bundle, loop):
    """Levels, obligations, approvals, what is done about texts and labels: promised word for word, not kinds alone."""
    promised = json.loads(golden.FILLED.read_text("utf-8"))

    assert loop.run(golden.outlines(houses.filled(bundle))) == promised
    assert {name for name in OUTLINES if OUTLINES[name]["allow"] != promised[name]["allow"]}
    assert {said.split()[0] for each in promised.values() for said in each["obligations"]} == set(obligations.KNOWN)


def test_nothing_known_is_denied(point, loop):
    decision = loop.run(point.decide(b"{}", decision_id="nothing"))

    assert not decision.allow
    assert "facts/complete" in {finding.rule for finding in decision.deny}


def test_both_engines_use_the_same_words(embedded, real_opa, loop):
    for name, facts in golden.all_facts().items():
        ours = loop.run(embedded.decide(facts, decision_id=name))
        theirs = loop.run(real_opa.decide(facts, decision_id=name))

        assert (ours.deny, ours.warn, ours.placement) == (theirs.deny, theirs.warn, theirs.placement), name


@pytest.mark.parametrize("name", [name for name in OUTLINES if name.startswith("deny-")])
def test_words_of_a_denial_are_for_people(embedded, loop, name):
    """Lower case, no full stop, and what to do; whoever reads this has a failed job and nobody to ask."""
    decision = loop.run(embedded.decide(golden.all_facts()[name], decision_id=name))

    for finding in decision.deny:
        assert finding.message[0].islower() or finding.message[0].isdigit()
        assert not finding.message.endswith(".")
        assert finding.remedy
        assert "None" not in finding.message + finding.remedy
