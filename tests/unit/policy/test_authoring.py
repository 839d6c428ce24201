"""Writing rules: what a new one begins as, what differs between two sets, and how a rule came to what it said."""

import json
from dataclasses import replace

import pytest

from gateway.policy.bundle import default_root, load
from gateway.policy.check import check
from gateway.policy.difference import difference
from gateway.policy.scaffold import RuleNameError, scaffold
from gateway.policy.testing import evaluate, run_tests
from gateway.policy.trace import PolicyTraceError, trace
from tests.policy import golden

BUNDLE = load(default_root())


def new(name, directory, taken=frozenset()):
    return scaffold(name, directory, owner="security", taken=taken)


def test_a_new_rule_passes_every_check_as_it_is(tmp_path):
    """Whoever begins here sees a green tree and goes on from there."""
    written = new("circuits/my-limit", tmp_path)

    assert [path.relative_to(tmp_path).as_posix() for path in written] == [
        "gateway/rules/circuits/my_limit/my_limit.rego",
        "gateway/rules/circuits/my_limit/my_limit_test.rego",
        "docs/circuits/my-limit.md",
    ]
    assert [str(finding) for finding in check(default_root(), overrides=tmp_path)] == []
    report = run_tests(default_root(), overrides=tmp_path)
    assert (report.failures, report.passed) == ((), run_tests(default_root()).passed + 4)


def test_a_new_rule_decides(tmp_path):
    new("circuits/my-limit", tmp_path)
    bundle = load(default_root(), tmp_path)
    facts = golden.EMULATION.running(shots=1_000_001).facts()

    assert "circuits/my-limit" in {finding.rule for finding in evaluate(bundle, facts).deny}
    assert evaluate(bundle, golden.EMULATION.facts()).allow


@pytest.mark.parametrize("name", ["shots", "Circuits/Shots", "circuits/shots/more", "circuits/", "../x", "a/b_c"])
def test_what_is_no_name_is_refused(tmp_path, name):
    with pytest.raises(RuleNameError, match="area/rule"):
        new(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_name_is_never_given_twice(tmp_path):
    with pytest.raises(RuleNameError, match="already"):
        new("circuits/shots", tmp_path, taken=frozenset({"circuits/shots"}))


def test_nothing_is_written_over(tmp_path):
    (rule, *_) = new("data/mine", tmp_path)
    rule.write_text("my work")

    with pytest.raises(RuleNameError, match="there already"):
        new("data/mine", tmp_path)
    assert rule.read_text() == "my work"


def test_a_difference_names_each_value_and_shows_each_line():
    tables = json.loads(json.dumps(BUNDLE.tables))
    tables["org/limits/data.json"]["experimental"]["default"]["depth"] = 10
    del tables["org/limits/data.json"]["production"]["roles"]
    rego = {**BUNDLE.rego, "gateway/rules/data/new/new.rego": "package gateway.rules.data.new\n"}
    rego["gateway/limits/limits.rego"] += "# a word\n"

    found = difference(BUNDLE, replace(BUNDLE, rego=rego, tables=tables))

    assert [(each.path, each.change) for each in found.rules] == [
        ("gateway/limits/limits.rego", "changed"),
        ("gateway/rules/data/new/new.rego", "added"),
    ]
    assert "+# a word" in found.rules[0].lines
    assert [str(each) for each in found.tables] == [
        "data.org.limits.experimental.default.depth: 20000 -> 10",
        'data.org.limits.production.roles: removed, was {"lead":{"total_shots":50000000}}',
    ]
    assert [each.change for each in difference(replace(BUNDLE, rego=rego), BUNDLE).rules] == ["changed", "removed"]


def test_what_is_equal_does_not_differ():
    assert not difference(BUNDLE, load(default_root()))


async def test_a_trace_shows_what_the_rule_worked_out_and_which_lines_were_reached():
    steps = await trace(BUNDLE, golden.all_facts()["deny-too-deep"])

    first = steps[0]
    assert (first.rule, first.values["_depth"]) == (
        "circuits/depth",
        {"found": 20001, "limit": 20000, "verdict": "over"},
    )
    assert first.said["deny"][0]["rule"] == "circuits/depth"
    reached = [text for _, text, ran in first.lines if ran]
    assert any("_depth.verdict ==" in text for text in reached)
    assert all(not step.said for step in steps[1:])


async def test_what_does_not_load_cannot_be_followed():
    broken = replace(BUNDLE, rego={**BUNDLE.rego, "gateway/main/main.rego": "package gateway.main\n\nx := {"})

    with pytest.raises(PolicyTraceError, match="cannot be followed"):
        await trace(broken, b"{}")
