"""New policies in a serving process: taken in whole, or refused with a reason while the old ones go on."""

import asyncio
import json
import shutil
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.audit.checkpoint import SigningKey
from gateway.audit.note import Algorithm
from gateway.casework.entries import AdminEntries
from gateway.casework.proving import Proving
from gateway.casework.reload_requests import ReloadRequests
from gateway.domain.secret import Secret
from gateway.policy.bundle import default_root, load
from gateway.settings import load as settings_of
from gateway.wiring import initialise
from gateway.wiring.serving import open_serving
from tests.policy import golden
from tests.recorded import Recorder, some_facts

pytestmark = pytest.mark.long

JOB = golden.EMULATION.running(shots=5000).facts()
FEWER = 3000
"""Shots that the self-tests keep within."""
DENY_ALL = """# METADATA
# title: Nothing goes
# description: For tests.
package gateway.rules.data.nothing

import data.gateway.result

deny contains result.denial("data/nothing", "nothing goes today", "come back tomorrow")
"""


@pytest.fixture
def overrides(tmp_path):
    directory = tmp_path / "overrides"
    directory.mkdir()
    return directory


def limit_shots(overrides: Path, most: int) -> None:
    table = json.loads((default_root() / "org" / "limits" / "data.json").read_text())
    table["experimental"]["default"]["total_shots"] = most
    path = overrides / "org" / "limits" / "data.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(table))


def put(overrides: Path, name: str, table: object) -> None:
    path = overrides / "org" / name / "data.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(table))


def deny_everything(overrides: Path) -> None:
    path = overrides / "gateway" / "rules" / "data" / "nothing" / "nothing.rego"
    path.parent.mkdir(parents=True)
    path.write_text(DENY_ALL)
    for known in load(default_root()).selftests:
        (overrides / "selftest").mkdir(exist_ok=True)
        text = json.dumps({"allow": False, "facts": json.loads(known.facts)})
        (overrides / "selftest" / f"{known.name}.json").write_text(text)


@asynccontextmanager
async def serving(tmp_path, overrides, **more):
    environment = {"GATEWAY_STATE_DIR": str(tmp_path / "state"), "GATEWAY_POLICY__OVERRIDES": str(overrides), **more}
    settings = settings_of(None, environment)
    await initialise(settings)
    async with open_serving(settings) as house:
        yield house


def requests(house):
    entries = AdminEntries(ledger=house.ledger, vault=house.vault, clock=house.clock)
    return ReloadRequests(database=house.database, entries=entries)


async def reload(house, revision):
    """Ask as the command line does, and let the serving process hear it."""
    request, since = await requests(house).ask(revision, reason="a test")
    await house.serving.listening.listen()
    (answer,) = await requests(house).answers(request, since=since)
    return answer


async def entries(house, type_):
    return await house.inspection.entries(since=0, limit=100, type_=type_)


async def decided(house, facts=JOB):
    decision = await house.serving.decision_point.decide(facts, decision_id="x")
    return decision.allow, {finding.rule for finding in decision.deny}


async def test_a_changed_table_decides_from_the_next_decision_on(tmp_path, overrides):
    async with serving(tmp_path, overrides) as house:
        before = await decided(house)
        limit_shots(overrides, FEWER)

        answer = await reload(house, load(default_root(), overrides).revision)

        assert before == (True, set())
        assert answer.activated
        assert await decided(house) == (False, {"circuits/shots"})
        assert house.bundle.revision == load(default_root(), overrides).revision


async def test_what_is_stored_first_can_be_decided_by_again(tmp_path, overrides):
    """Law 5: the revision is in the archive, and the ledger says so, before anything was decided by it."""
    async with serving(tmp_path, overrides) as house:
        limit_shots(overrides, FEWER)
        wanted = load(default_root(), overrides)

        await reload(house, wanted.revision)

        archived = await house.revisions.bundle(wanted.policy_revision, wanted.data_revision)
        (loaded,) = [
            each for each in await entries(house, "policy.loaded") if each.body["data_revision"] == wanted.data_revision
        ]
        (activated,) = await entries(house, "policy.activated")
        assert archived.revision == wanted.revision
        assert loaded.seq < activated.seq


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        pytest.param(
            "package gateway.rules.data.broken\n\ndeny contains {", "policy-engine", id="Rego that does not compile"
        ),
        pytest.param("package gateway.rules.data.elsewhere\n", "policy-bundle", id="a package in the wrong folder"),
    ],
)
async def test_files_that_are_no_policies_change_nothing(tmp_path, overrides, broken, code):
    async with serving(tmp_path, overrides) as house:
        before = house.bundle.revision
        path = overrides / "gateway" / "rules" / "data" / "broken" / "broken.rego"
        path.parent.mkdir(parents=True)
        path.write_text(broken)

        answer = await reload(house, before)

        (refused,) = await entries(house, "policy.refused")
        assert not answer.activated
        assert refused.body["code"] in {code, "policy-files"}
        assert house.bundle.revision == before
        assert await decided(house) == (True, set())


async def test_a_revision_that_fails_its_self_test_is_refused(tmp_path, overrides):
    async with serving(tmp_path, overrides) as house:
        before = house.bundle.revision
        deny_everything(overrides)
        shutil.rmtree(overrides / "selftest")

        answer = await reload(house, load(default_root(), overrides).revision)

        assert "self-test" in answer.reason
        assert (house.bundle.revision, await decided(house)) == (before, (True, set()))


async def test_a_revision_that_denies_most_of_what_was_allowed_is_refused(tmp_path, overrides):
    """Its own self-tests say it is meant so; what was allowed lately says that somebody should look first."""
    async with serving(tmp_path, overrides) as house:
        project = await house.administration.projects.named("default")
        await Recorder(house, project.id).record(house.bundle, list(some_facts(60)))
        deny_everything(overrides)

        answer = await reload(house, load(default_root(), overrides).revision)

        assert not answer.activated
        assert "gateway policy replay" in answer.reason
        assert (await decided(house))[0]


async def test_a_reload_says_what_would_go_under_other_conditions(tmp_path, overrides):
    """A job that must be approved now is denied by nobody, and its user waits all the same."""
    async with serving(tmp_path, overrides) as house:
        project = await house.administration.projects.named("default")
        decided = await Recorder(house, project.id).record(house.bundle, list(some_facts(30)))
        allowed = sum(decision.allow for decision in decided)
        row = {"reason": "look first", "role": "lead", "hours": 1, "if": {"projects": ["catalysis", "folding"]}}
        put(overrides, "approvals", {"rows": [row]})
        when = {"project": ["lattice"], "program": ["sampler"]}
        put(overrides, "obligations", {"size": [], "disclosure": [{"when": when, "private": True}], "run": []})

        answer = await reload(house, load(default_root(), overrides).revision)

        names = [json.loads(decision.facts)["project"]["name"] for decision in decided if decision.allow]
        waiting = sum(name in {"catalysis", "folding"} for name in names)
        assert answer.canary["newly_waiting"] == waiting
        assert answer.canary["newly_obliged"] == waiting + names.count("lattice")
        assert 0 < waiting < answer.canary["newly_obliged"] < allowed
        assert (answer.canary["newly_denied"], answer.canary["newly_allowed"]) == (0, 0)


async def test_a_misspelt_table_is_refused_by_file_row_and_key(tmp_path, overrides):
    """Before, the self-test denied all and nobody was told why."""
    async with serving(tmp_path, overrides) as house:
        put(
            overrides,
            "obligations",
            {"size": [{"when": {"vendors": ["ibm"]}, "shots": 1}], "disclosure": [], "run": []},
        )

        answer = await reload(house, load(default_root(), overrides).revision)

        assert not answer.activated
        assert (
            'org/obligations/data.json: size[0].when: "vendors" is no key known here; known are vendor' in answer.reason
        )


async def test_files_of_another_machine_are_not_taken_for_the_wanted_ones(tmp_path, overrides):
    async with serving(tmp_path, overrides) as house:
        answer = await reload(house, "00" * 32)

        assert not answer.activated
        assert "every machine" in answer.reason


async def test_a_gateway_that_watches_takes_files_once_they_stopped_changing(tmp_path, overrides):
    async with serving(tmp_path, overrides, GATEWAY_POLICY__WATCH="true") as house:
        limit_shots(overrides, FEWER)
        await house.serving.listening.listen()
        half_written = await decided(house)
        await house.serving.listening.listen()

        assert half_written == (True, set())
        assert await decided(house) == (False, {"circuits/shots"})


async def test_a_bad_file_is_refused_once_and_not_every_second(tmp_path, overrides):
    async with serving(tmp_path, overrides, GATEWAY_POLICY__WATCH="true") as house:
        (overrides / "elsewhere.txt").write_text("no policy")
        for _ in range(4):
            await house.serving.listening.listen()

        assert len(await entries(house, "policy.refused")) == 1


async def test_no_decision_is_lost_while_policies_change(tmp_path, overrides):
    """Every question is answered whole by the old or by the new revision, never by neither."""
    async with serving(tmp_path, overrides, GATEWAY_POLICY__DEADLINE_MS="10000") as house:
        limit_shots(overrides, FEWER)
        going, answers = True, []

        async def ask():
            while going:
                answers.append(await house.serving.decision_point.decide(JOB, decision_id="x"))

        asking = [asyncio.create_task(ask()) for _ in range(4)]
        await reload(house, load(default_root(), overrides).revision)
        before = len(answers)
        await asyncio.sleep(0.3)
        going = False
        await asyncio.gather(*asking)

        said = {(each.allow, each.data_revision, *(finding.rule for finding in each.deny)) for each in answers}
        old, new = load(default_root()).data_revision, load(default_root(), overrides).data_revision
        assert len(answers) > before
        assert said == {(True, old), (False, new, "circuits/shots")}


async def test_roles_follow_the_tables(tmp_path, overrides):
    async with serving(tmp_path, overrides) as house:
        table = json.loads((default_root() / "org" / "roles" / "data.json").read_text())
        table["visitor"] = {"permissions": ["job.read"], "backends": []}
        path = overrides / "org" / "roles" / "data.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(table))

        await reload(house, load(default_root(), overrides).revision)

        assert house.policies.roles["visitor"] == ("job.read",)
        assert set(house.policies.roles) == set(table)


async def test_other_hardware_takes_a_restart(tmp_path, overrides):
    """What writes programs for other vendors is loaded at the start, and only where policy wants it."""
    async with serving(tmp_path, overrides) as house:
        table = json.loads((default_root() / "org" / "placement" / "data.json").read_text())
        table["order"] = ["requested", "vendor", "simulator"]
        path = overrides / "org" / "placement" / "data.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(table))

        answer = await reload(house, load(default_root(), overrides).revision)

        assert not answer.activated
        assert "restart" in answer.reason


@asynccontextmanager
async def watched_over(tmp_path, overrides, **more):
    """A gateway with one witness that never answers."""
    key = SigningKey("witness.test/one", Algorithm.COSIGNATURE, Secret(b"\1" * 32)).public
    witness = {"GATEWAY_WITNESSES__ONE__URL": "http://127.0.0.1:9", "GATEWAY_WITNESSES__ONE__KEYS": f'["{key}"]'}
    async with serving(tmp_path, overrides, **witness, **more) as house:
        yield house


async def see_everything(house, monkeypatch):
    """Let the witness have seen it all."""

    async def seen(_, seq, *, by):
        return True

    monkeypatch.setattr(Proving, "seen", seen)
    await house.serving.listening.listen()


async def test_a_request_waits_until_witnesses_have_seen_it(tmp_path, overrides, monkeypatch):
    async with watched_over(tmp_path, overrides) as house:
        limit_shots(overrides, FEWER)
        wanted = load(default_root(), overrides).revision

        await requests(house).ask(wanted, reason="a test")
        await house.serving.listening.listen()

        assert await decided(house) == (True, set())
        await see_everything(house, monkeypatch)
        assert await decided(house) == (False, {"circuits/shots"})


async def test_changed_files_are_announced_before_they_are_taken_in(tmp_path, overrides, monkeypatch):
    async with watched_over(tmp_path, overrides, GATEWAY_POLICY__WATCH="true") as house:
        limit_shots(overrides, FEWER)
        for _ in range(3):
            await house.serving.listening.listen()

        (asked,) = await entries(house, "policy.reload_requested")
        assert asked.body["revision"] == load(default_root(), overrides).revision
        assert await decided(house) == (True, set())
        await see_everything(house, monkeypatch)
        assert await decided(house) == (False, {"circuits/shots"})


async def test_a_revision_cannot_excuse_itself_from_witnesses(tmp_path, overrides):
    """How many must see it, the revision in force says."""
    async with watched_over(tmp_path, overrides) as house:
        path = overrides / "org" / "witnesses" / "data.json"
        path.parent.mkdir(parents=True)
        table = json.loads((default_root() / "org" / "witnesses" / "data.json").read_text())
        path.write_text(json.dumps({**table, "actions": {"policy": 0}}))
        before = house.bundle.revision

        await requests(house).ask(load(default_root(), overrides).revision, reason="a test")
        await house.serving.listening.listen()

        assert house.bundle.revision == before
