"""The table of enforcement levels as the gateway reads it, and what `gateway policy check` says of a wrong one."""

import json
from dataclasses import replace

import pytest

from gateway.policy import levels
from gateway.policy.answer import check_selftest
from gateway.policy.bulk import BulkEngine
from gateway.policy.bundle import default_root, load
from gateway.policy.check import check
from gateway.policy.levels import Levels, Row, Surge
from tests.policy.golden import all_facts

BUNDLE = load(default_root())
SURGE = {"denials": 20, "minutes": 10, "people": 3, "percent": 20}
AREAS, FIXED = ("facts",), ("wire/readable",)


def bundle(**table):
    """Our rules under another table."""
    tables = {**BUNDLE.tables, "org/enforcement/data.json": {"surge": SURGE, **table}}
    return replace(BUNDLE, tables=tables)


def wrong(**table):
    return list(levels.problems(bundle(**table), AREAS, FIXED))


def test_a_rules_own_row_counts_whole_before_its_areas():
    table = Levels.of(bundle(levels={"circuits": {"level": "soft"}, "circuits/depth": {"rollout_percent": 20}}))

    assert table.row("circuits/qubits") == Row(level="soft")
    assert table.row("circuits/depth") == Row(level="hard", rollout_percent=20)
    assert table.row("access/key-age") == Row()
    assert table.rollouts == {"circuits/depth": 20}


def test_what_is_malformed_is_hard():
    """As the policies have it: nobody lowers a rule by a slip."""
    table = Levels.of(bundle(levels={"circuits": "soft", "wire": {"rollout_percent": "all"}}, surge="none"))

    assert {table.row("circuits/depth"), table.row("wire/unknown-fields")} == {Row()}
    assert table.surge is None
    assert Levels.of(replace(BUNDLE, tables={})).rows == {}


@pytest.mark.parametrize(
    ("row", "glass", "lowered"),
    [
        ({}, False, False),
        ({"level": "hard"}, False, False),
        ({"level": "soft"}, False, True),
        ({"level": "advisory"}, False, True),
        ({"rollout_percent": 100}, False, True),
        ({}, True, True),
    ],
)
def test_a_rule_is_lowered_by_its_level_its_rollout_or_a_broken_glass(row, glass, lowered):
    table = Levels.of(bundle(levels={"circuits": row}, break_glass=["circuits/depth"]))

    assert table.lowered("circuits/depth", glass=glass) is lowered
    assert not table.lowered("access/key-age", glass=glass)


def test_our_own_table_lowers_nothing():
    table = Levels.of(BUNDLE)

    assert {table.row(rule) for rule in table.rules} == {Row()}
    assert table.surge == Surge(**SURGE)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        pytest.param({"levels": {"circuits/dept": {}}}, "names no rule and no area", id="an unknown rule"),
        pytest.param({"levels": {"circuits": "soft"}}, "must be an object", id="a row that is none"),
        pytest.param({"levels": {"circuits": {"x": 1}}}, "and nothing else", id="an unknown key"),
        pytest.param({"levels": {"circuits": {"level": "off"}}}, "'off'", id="an unknown level"),
        pytest.param({"levels": {"circuits": {"rollout_percent": 101}}}, "101", id="more than all"),
        pytest.param({"levels": {"circuits": {"rollout_percent": -1}}}, "-1", id="less than none"),
        pytest.param({"levels": {"circuits": {"rollout_percent": True}}}, "True", id="a share that is no number"),
        pytest.param({"levels": {"wire/readable": {"level": "soft"}}}, "never be lowered", id="a rule of safety"),
        pytest.param({"levels": {"facts": {"rollout_percent": 9}}}, "never be lowered", id="an area of safety"),
        pytest.param({"levels": {"facts/complete": {"level": "advisory"}}}, "never be lowered", id="a rule in it"),
        pytest.param({"break_glass": ["circuits/dept"]}, "no rule", id="glass over an unknown rule"),
        pytest.param({"break_glass": "circuits"}, "no rule", id="glass over no list"),
        pytest.param({"break_glass": ["wire/readable"]}, "never be lifted", id="glass over a rule of safety"),
        pytest.param({"surge": {**SURGE, "people": 0}}, "surge.people", id="a surge of nobody"),
        pytest.param({"surge": {**SURGE, "percent": "all"}}, "surge.percent", id="a surge in words"),
    ],
)
def test_a_wrong_table_is_told_of(table, said):
    (problem,) = wrong(**table)

    assert said in problem


def test_a_right_table_is_not():
    rows = {"wire/readable": {"level": "hard"}, "circuits": {"level": "soft", "rollout_percent": 0}}

    assert wrong(levels=rows, break_glass=["circuits/depth"]) == []
    assert list(levels.problems(replace(BUNDLE, tables={}), AREAS, FIXED)) == []


def test_check_knows_from_the_policies_what_can_never_be_lowered(tmp_path):
    place = tmp_path / "org" / "enforcement" / "data.json"
    place.parent.mkdir(parents=True)
    lowered = {"budget/money": {"level": "soft"}, "access/principal-enabled": {"rollout_percent": 5}}
    place.write_text(json.dumps({"levels": lowered, "surge": SURGE}))

    found = check(default_root(), overrides=tmp_path, opa="no-such-program", regal="no-such-program")

    said = [each.message for each in found if each.path == "org/enforcement/data.json"]
    assert said == [f"levels['{rule}']: this can never be lowered" for rule in lowered]


@pytest.mark.parametrize("level", ["soft", "advisory"])
async def test_self_tests_hold_whatever_an_operator_lowers(level):
    """They demand every rule, so that a lowered one is still known to work, and a gateway starts with it."""
    areas = {rule.partition("/")[0] for rule in Levels.of(BUNDLE).rules}
    lowered = bundle(levels={area: {"level": level} for area in areas}, break_glass=list(Levels.of(BUNDLE).rules))

    async with BulkEngine(lowered) as engine:
        (ordinary,) = await engine.decide([all_facts()["deny-too-deep"]])
        decided = await engine.decide([known.facts for known in lowered.known])

    assert ordinary.allow is (level == "advisory")
    for known, decision in zip(lowered.known, decided, strict=True):
        check_selftest(known, decision)
