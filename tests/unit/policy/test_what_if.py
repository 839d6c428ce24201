"""What would have to be otherwise: found without knowing what a rule means, and true when it is tried."""

import json
from dataclasses import replace

import pytest

from gateway.policy.bundle import default_root, load
from gateway.policy.what_if import Causes, Change, WhatIf
from tests.policy import golden

pytestmark = pytest.mark.long

BUNDLE = load(default_root())
OF_SOMEBODY = """package gateway.rules.data.somebody

import data.gateway.result

deny contains result.denial("data/somebody", "not on Sundays", "wait") if input.project.team == "chemistry"
"""


async def causes(name, bundle=BUNDLE):
    facts = json.loads(golden.all_facts()[name])
    async with WhatIf.engine(bundle) as engine:
        (decision,) = await engine.decide([golden.canonical_json(facts)])
        return await WhatIf(engine, facts).causes({finding.rule for finding in decision.deny})


@pytest.mark.parametrize(
    ("name", "rule", "told"),
    [
        pytest.param(
            "deny-too-deep",
            "circuits/depth",
            {
                "input.circuits[].depth is 20001, and would have to be at most 20000",
                "data.org.limits.experimental.default.depth is 20000, and would have to be at least 20001",
            },
            id="a number past its limit, from both sides",
        ),
        pytest.param(
            "deny-principal-disabled",
            "access/principal-enabled",
            {"input.principal.disabled is true, and would have to be false"},
            id="a switch",
        ),
        pytest.param(
            "deny-unknown-fields-in-production",
            "wire/unknown-fields",
            {
                'input.wire.unknown_fields is ["/params/extra"], and would have to be []',
                'data.org.wire.unknown_fields.production is "deny", and would have to be "warn"',
            },
            id="a list, and a word of a table",
        ),
        pytest.param(
            "deny-program-not-open",
            "circuits/program",
            {'input.job.program is "noise-learner", and would have to be "sampler"'},
            id="a name that the tables know",
        ),
    ],
)
async def test_it_says_what_would_have_to_change(name, rule, told):
    found = (await causes(name))[rule]

    assert told <= {str(change) for change in (*found.facts, *found.tables)}


async def test_what_it_looked_at_is_named():
    found = (await causes("deny-too-deep"))["circuits/depth"]

    assert {"input.circuits[].depth", "input.key.roles", "data.org.limits.experimental.default.depth"} <= set(
        found.looked_at
    )
    assert "input.principal.name" not in found.looked_at


async def test_rules_of_other_hands_are_explained_alike():
    path = "gateway/rules/data/somebody/somebody.rego"
    found = await causes("allow-emulated-device", replace(BUNDLE, rego={**BUNDLE.rego, path: OF_SOMEBODY}))

    assert found["data/somebody"].looked_at == ("input.project.team",)


async def test_a_change_that_rouses_another_rule_is_no_way_out():
    """A payload that nobody could read would silence the limits, and be denied for that."""
    found = (await causes("deny-too-deep"))["circuits/depth"]

    assert "input.wire.readable" not in {change.path for change in found.facts}


async def test_several_rules_are_explained_each_by_itself():
    facts = json.loads(golden.all_facts()["deny-too-deep"])
    facts["principal"]["disabled"] = True
    async with WhatIf.engine(BUNDLE) as engine:
        found = await WhatIf(engine, facts).causes(["circuits/depth", "access/principal-enabled"])

    assert [change.path for change in found["circuits/depth"].facts] == ["input.circuits[].depth"]
    assert [change.path for change in found["access/principal-enabled"].facts] == ["input.principal.disabled"]


def test_nothing_found_says_nothing():
    assert Causes() == Causes(looked_at=(), facts=(), tables=())
    assert str(Change(path="input.x", now=None, wanted=True, bound="")) == "input.x is null, and would have to be true"


async def test_what_lifts_a_rule_is_looked_at_and_not_to_be_submitted_otherwise():
    """Nobody submits that a rollout is stopped; the table that says which projects it has reached can be changed."""
    rows = {"levels": {"circuits/depth": {"rollout_percent": 50}}}
    tables = {**BUNDLE.tables, "org/enforcement/data.json": rows}
    found = (await causes("deny-too-deep", replace(BUNDLE, tables=tables)))["circuits/depth"]

    assert "input.enforcement.stopped" in found.looked_at
    assert not [change for change in found.facts if change.path.startswith("input.enforcement")]
    wanted = "data.org.enforcement.levels.circuits/depth.rollout_percent is 50, and would have to be at most 42"
    assert wanted in map(str, found.tables)


async def test_what_nobody_submits_otherwise_is_looked_at_and_not_to_change():
    """Who approved a job, or who submitted it, is no value to try; nor is a backend made unknown."""
    approved = (await causes("deny-approved-by-its-submitter"))["approval/required"]
    many = (await causes("deny-a-billion-shots"))["backend/capacity"]

    assert (approved.facts, "input.approval.by" in approved.looked_at) == ((), True)
    assert "input.backend.known" in many.looked_at
    assert {each.path for each in many.facts} == {"input.backend.max_shots", "input.circuits[].shots"}
