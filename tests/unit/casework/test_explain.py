"""Explaining one recorded decision, from what the ledger holds alone."""

from dataclasses import replace

import pytest

from gateway.casework.explain import Explainer, NothingToExplainError
from gateway.casework.recorded import DecisionUnknownError, Recordings
from gateway.casework.revisions import PolicyDamagedError, PolicyUnknownError, short
from gateway.enforcement.obliged import UnkeptError, unkept
from gateway.policy.answer import Question
from gateway.policy.bulk import BulkEngine
from gateway.settings import load as settings_of
from gateway.wiring import initialise, open_house
from tests.policy import golden
from tests.recorded import Recorder

pytestmark = pytest.mark.long


@pytest.fixture
async def house(tmp_path):
    settings = settings_of(None, {"GATEWAY_STATE_DIR": str(tmp_path / "state")})
    await initialise(settings)
    async with open_house(settings) as opened:
        yield opened


@pytest.fixture
async def recorder(house):
    project = await house.administration.projects.named("default")
    return Recorder(house, project.id)


def explainer(house):
    return Explainer(recordings=Recordings(database=house.database, vault=house.vault), revisions=house.revisions)


async def newest(house):
    (told,) = await Recordings(database=house.database, vault=house.vault).newest(1)
    return told


async def test_a_denial_is_explained_with_rule_fact_change_and_remedy(house, recorder):
    await recorder.record(house.bundle, [golden.all_facts()["deny-too-deep"]])
    told = await newest(house)

    found = await explainer(house).explain(told.decision_id)

    (reason,) = found.deny
    assert found.as_recorded
    assert (reason.finding.rule, reason.title, reason.owner) == (
        "circuits/depth",
        "Depth of a circuit",
        "quantum-operations",
    )
    assert "input.circuits[].depth" in reason.causes.looked_at
    assert "input.circuits[].depth is 20001, and would have to be at most 20000" in map(str, reason.causes.facts)
    assert reason.finding.remedy


async def test_the_revision_that_decided_explains_though_another_one_is_installed(house, recorder):
    """The rule that denied may be gone since; the archive has it."""
    path = "gateway/rules/data/gone/gone.rego"
    text = (
        "# METADATA\n# title: Gone since\n# description: x\npackage gateway.rules.data.gone\n\n"
        'import data.gateway.result\n\ndeny contains result.denial("data/gone", "gone", "wait")\n'
    )
    old = replace(house.bundle, rego={**house.bundle.rego, path: text})
    await recorder.record(old, [golden.EMULATION.facts()])

    found = await explainer(house).explain((await newest(house)).decision_id)

    assert [(reason.finding.rule, reason.title, reason.path) for reason in found.deny] == [
        ("data/gone", "Gone since", path)
    ]


async def test_an_allowed_job_has_nothing_to_change(house, recorder):
    await recorder.record(house.bundle, [golden.all_facts()["allow-warn-unknown-fields"]])

    found = await explainer(house).explain((await newest(house)).decision_id)

    assert (found.decision.allow, found.deny) == (True, ())
    assert [reason.finding.rule for reason in found.warn] == ["wire/unknown-fields"]


async def test_erased_facts_explain_nothing(house, recorder):
    await recorder.record(house.bundle, [golden.EMULATION.facts()])
    told = await newest(house)
    await house.vault.shred(told.decision_id)

    with pytest.raises(NothingToExplainError, match="erased"):
        await explainer(house).explain(told.decision_id)


async def test_what_the_engine_could_not_decide_is_not_explained_as_policy(house, recorder):
    question = Question(id="x", facts=golden.EMULATION.facts(), engine="regorus", bundle=house.bundle)
    await recorder._write(question.refused("engine/timeout", "too late", 1))

    with pytest.raises(NothingToExplainError, match="engine/timeout"):
        await explainer(house).explain((await newest(house)).decision_id)


@pytest.mark.parametrize("name", ["nothing", "0198f2c1-7d4e-7c3a-9f50-2b7d0e5a1c44"])
async def test_what_was_never_decided_is_unknown(house, name):
    with pytest.raises(DecisionUnknownError):
        await explainer(house).explain(name)


async def test_revisions_are_found_by_the_beginning_of_their_names(house, recorder):
    await house.revisions.archive(house.bundle, house.prices)
    other = replace(house.bundle, tables={**house.bundle.tables, "org/new/data.json": {"a": 1}})
    await house.revisions.archive(other, house.prices)

    assert [each.name for each in await house.revisions.every()] == [other.revision, house.bundle.revision]
    assert (await house.revisions.find(other.data_revision[:8])).revision == other.revision
    for unclear in (house.bundle.policy_revision, "ab", "00" * 32):
        with pytest.raises(PolicyUnknownError):
            await house.revisions.find(unclear)


async def test_an_archive_that_was_tampered_with_is_not_believed(house, monkeypatch):
    async def forged(_, digest):
        return b'{"gateway/main/main.rego":"package gateway.main"}' if digest == "aa" else b"{}"

    monkeypatch.setattr("gateway.store.policies.content", forged)

    with pytest.raises(PolicyDamagedError):
        await house.revisions.bundle("aa", "bb")


async def test_a_condition_that_could_not_be_met_is_explained_by_what_policy_said(house, recorder):
    """The engine did answer: policy let it go, and the gateway could not keep what it was obliged to."""
    async with BulkEngine(house.bundle) as engine:
        (decided,) = await engine.decide([golden.EMULATION.facts()])
    await house.revisions.archive(house.bundle, house.prices)
    await recorder._write(unkept(decided, UnkeptError("nobody stops it by time")))

    found = await explainer(house).explain((await newest(house)).decision_id)

    assert found.recorded.unkept
    assert (found.recorded.allow, found.decision.allow, found.as_recorded) == (False, True, True)


async def test_a_revision_is_found_by_both_halves_of_its_name(house):
    await house.revisions.archive(house.bundle, house.prices)
    other = replace(house.bundle, tables={**house.bundle.tables, "org/new/data.json": {"a": 1}})
    await house.revisions.archive(other, house.prices)

    with pytest.raises(PolicyUnknownError, match=r"RULES\.TABLES"):
        await house.revisions.find(house.bundle.policy_revision[:12])
    assert (await house.revisions.find(short(other.revision))).revision == other.revision
