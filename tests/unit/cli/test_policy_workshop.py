"""`gateway policy new|show|diff|revisions|replay|explain|reload|watch` as a person calls them."""

import asyncio
import json
import threading
import time
from dataclasses import replace

import pytest

from gateway.casework.entries import AdminEntries
from gateway.casework.reload_requests import ReloadRequests
from gateway.casework.revisions import ACTIVATED
from gateway.cli.timemachine import moment
from gateway.domain.writes import EntryDraft
from gateway.policy.bundle import default_root
from gateway.settings import load
from gateway.wiring import open_house
from tests.policy import golden
from tests.recorded import Recorder
from tests.records import NOW, new_id

pytestmark = pytest.mark.long

DENIED = golden.all_facts()["deny-too-deep"]
ALLOWED = golden.EMULATION.running(shots=6000).facts()


@pytest.fixture
def overrides(tmp_path, monkeypatch):
    directory = tmp_path / "rules"
    directory.mkdir()
    monkeypatch.setenv("GATEWAY_POLICY__OVERRIDES", str(directory))
    return directory


@pytest.fixture
def candidate(tmp_path):
    """A directory that lowers the shots of a job."""
    table = json.loads((default_root() / "org" / "limits" / "data.json").read_text())
    table["experimental"]["default"]["total_shots"] = 5000
    path = tmp_path / "candidate" / "org" / "limits" / "data.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(table))
    return str(tmp_path / "candidate")


@pytest.fixture
def past(deployed, tmp_path):
    """A deployment that decided twice; gives how to call it, and the ids of both decisions."""

    async def record():
        async with open_house(load(None, {"GATEWAY_STATE_DIR": str(tmp_path / "state")})) as house:
            project = await house.administration.projects.named("default")
            await Recorder(house, project.id).record(house.bundle, [ALLOWED, DENIED])

    asyncio.run(record())
    return deployed


def test_a_new_rule_is_written_where_the_gateway_looks(gateway, overrides):
    told = gateway("policy", "new", "circuits/mine", "--owner", "ada")

    assert told.status == 0
    assert [line.rpartition("/")[2] for line in told.out.splitlines()] == ["mine.rego", "mine_test.rego", "mine.md"]
    assert "owner: ada" in (overrides / "gateway/rules/circuits/mine/mine.rego").read_text()
    assert gateway("policy", "check", "--opa", "no-such-program").status == 0
    assert gateway("policy", "new", "circuits/mine").status == 2


def test_a_new_rule_is_checked_where_it_was_written(gateway, overrides, tmp_path):
    """Else the command that is named next looks at other rules, and finds nothing to mend."""
    elsewhere = tmp_path / "my rules"

    told = gateway("policy", "new", "circuits/mine", "--into", str(elsewhere)).err

    assert f"GATEWAY_POLICY__OVERRIDES='{elsewhere}' gateway policy check" in told
    assert f"gateway policy replay '{elsewhere}'" in told
    assert "OVERRIDES" not in gateway("policy", "new", "circuits/other", "--into", str(overrides)).err


def test_a_new_rule_needs_a_place(gateway):
    told = gateway("policy", "new", "circuits/mine")

    assert told.status == 2
    assert "--into" in told.err


def test_a_table_can_be_printed_to_begin_with(deployed):
    told = deployed("policy", "show", "org/limits/data.json")

    assert told.json == json.loads((default_root() / "org" / "limits" / "data.json").read_text())
    assert "gateway/main/main.rego" in deployed("policy", "show").out.splitlines()
    assert deployed("policy", "show", "org/nothing").status == 2


def test_what_differs_is_said_value_by_value(deployed, candidate):
    told = deployed("policy", "diff", "installed", candidate)

    assert (told.status, told.out) == (1, "data.org.limits.experimental.default.total_shots: 10000000 -> 5000\n")
    assert deployed("policy", "diff", "installed", "installed").status == 0
    assert deployed("policy", "diff", "installed", candidate, "--json").json["tables"][0]["after"] == 5000


def test_a_replay_of_what_is_installed_flips_nothing(past):
    told = past("policy", "replay", "installed")

    assert (told.status, told.out) == (0, "")
    assert "2 of 2 decisions made again" in told.err


def test_a_replay_lists_what_would_have_been_otherwise_and_says_no(past, candidate):
    told = past("policy", "replay", candidate, "--since", "1d")

    assert told.status == 1
    assert "allow-to-deny" in told.out
    assert "1 would have been denied: 1 person, 1 project" in told.err
    assert past("policy", "replay", candidate, "--allow-flips", "1").status == 0


def test_a_replay_in_json_is_for_pipelines(past, candidate):
    told = past("policy", "replay", candidate, "--json").json

    assert (told["decided"], told["flipped"], told["sound"]) == (2, 1, True)
    assert told["flips"]["allow-to-deny"] == {
        "decisions": 1,
        "people": 1,
        "projects": ["catalysis"],
        "micros": {},
        "rules": {"circuits/shots": 1},
    }


def test_a_past_revision_can_be_named_by_its_beginning(past):
    (row,) = past("policy", "revisions", "--json").json

    assert row["installed"]
    assert past("policy", "replay", row["revision"][:10]).status == 0
    assert past("policy", "replay", "0000000000").status == 1


@pytest.fixture
def reloaded(past, tmp_path):
    """The same, where somebody asked for a reload and a gateway did it; gives how to call it, and the request."""

    async def reload():
        async with open_house(load(None, {"GATEWAY_STATE_DIR": str(tmp_path / "state")})) as house:
            entries = AdminEntries(ledger=house.ledger, vault=house.vault, clock=house.clock)
            requests = ReloadRequests(database=house.database, entries=entries)
            request, seq = await requests.ask(house.bundle.revision, reason="fewer shots")
            body = {
                "policy_revision": house.bundle.policy_revision,
                "data_revision": house.bundle.data_revision,
                "canary": {},
                "request": request,
            }
            done = EntryDraft(event_id=new_id(), type=ACTIVATED, at=house.clock.now(), project_id=None, body=body)
            await house.ledger.record(done)
            return seq

    return past, asyncio.run(reload())


def test_who_brought_a_revision_in_and_why_is_listed(reloaded):
    gateway, _ = reloaded

    (row,) = gateway("policy", "revisions", "--json").json
    told = gateway("policy", "revisions")

    assert (row["by"], row["reason"], row["installed"]) == ("operator", "fewer shots", True)
    assert told.out.splitlines()[1].endswith("*          operator  fewer shots")
    assert "installed * is in the files that this command reads" in told.err


def test_a_revision_that_a_start_brought_in_has_no_request(past):
    (row,) = past("policy", "revisions", "--json").json

    assert (row["by"], row["reason"]) == (None, None)


def test_an_entry_that_answers_a_request_says_why_it_was_made(reloaded):
    gateway, seq = reloaded
    asked = f"asked for by entry {seq}: fewer shots"

    (entry,) = gateway("audit", "show", "--type", ACTIVATED, "--json").json

    assert asked in gateway("audit", "show", "--type", ACTIVATED).out
    assert asked in gateway("audit", "show", str(entry["seq"])).err
    assert "asked for" not in gateway("audit", "show", "--type", "job.denied").out


def test_a_decision_is_explained_in_words(past):
    entries = past("audit", "show", "--type", "job.denied", "--json").json
    told = past("policy", "explain", entries[0]["body"]["decision"]["id"])

    assert told.status == 0
    assert "denied by circuits/depth (Depth of a circuit)" in told.out
    assert "to change: input.circuits[].depth is 20001, and would have to be at most 20000" in told.out
    assert "remedy: transpile" in told.out


def test_what_was_never_decided_cannot_be_explained(past):
    assert past("policy", "explain", "nothing").status == 1


def test_a_reload_that_nobody_hears_says_so(deployed):
    told = deployed("policy", "reload", "--reason", "a test", "--seconds", "1")

    assert told.status == 3
    assert "0 of 1 gateway answered" in told.err
    assert (
        deployed("audit", "show", "--type", "policy.reload_requested", "--json").json[0]["body"]["reason"] == "a test"
    )


def test_a_trace_can_be_followed(gateway, tmp_path):
    path = tmp_path / "facts.json"
    path.write_bytes(DENIED)

    told = gateway("policy", "eval", str(path), "--trace")

    assert told.status == 1
    assert '  _depth = {"found":20001,"limit":20000,"verdict":"over"}' in told.out
    assert "circuits/shots" in told.err
    assert gateway("policy", "eval", str(path), "--trace", "--rule", "circuits/shots").out.count("circuits/shots:") == 1
    assert gateway("policy", "eval", str(path), "--trace", "--rule", "circuits/none").status == 2


def test_watching_checks_again_when_a_file_is_saved(gateway, overrides):
    def save():
        time.sleep(4)
        (overrides / "notes.txt").write_text("no policy")

    saving = threading.Thread(target=save)
    saving.start()
    told = gateway("policy", "watch", "--times", "1", "--opa", "no-such-program")
    saving.join()

    assert told.status == 1
    assert "notes.txt" in told.out
    assert "tests passed" in told.err


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90d", 90 * 86400), ("12h", 43200), ("2w", 14 * 86400), ("5m", 300), ("10s", 10)],
)
def test_how_far_back(text, seconds):
    assert (NOW - moment(text, NOW)).total_seconds() == seconds


def test_a_date_is_utc():
    assert moment("2026-01-05", NOW).isoformat() == "2026-01-05T00:00:00+00:00"


def test_a_decision_is_explained_by_the_number_of_its_entry(past):
    (entry,) = past("audit", "show", "--type", "job.denied", "--json").json

    told = past("policy", "explain", str(entry["seq"]))

    assert (told.status, f"entry {entry['seq']}" in told.out) == (0, True)
    assert past("policy", "explain", "0").status == 1
    assert f"decision {entry['body']['decision']['id']}" in past("audit", "show", "--type", "job.denied").out


def test_others_are_asked_what_they_would_decide(past, candidate):
    """What a shadow or a candidate says to a submission, and why."""
    (entry,) = past("audit", "show", "--type", "job.permitted", "--json").json

    told = past("policy", "explain", str(entry["seq"]), "--by", candidate)

    assert told.status == 0
    assert "it would be denied" in told.out
    assert "denied by circuits/shots" in told.out


def test_a_directory_that_is_not_there_is_no_revision(past):
    assert "there is no directory and no bundle rulez" in past("policy", "replay", "rulez").err


def test_a_candidate_without_a_table_in_use_says_so(past, candidate, overrides):
    """Else its flips look like the candidate's doing, and are those of a table that was forgotten."""
    path = overrides / "org" / "approvals" / "data.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"rows": []}')

    told = past("policy", "replay", candidate)

    assert "lacks org/approvals/data.json of policy.overrides" in told.err
    assert "org/limits" not in told.err.partition("deciding")[0]


@pytest.mark.parametrize("command", [("policy", "reload"), ("audit", "restored", "--yes")])
def test_a_reason_is_words(deployed, command):
    told = deployed(*command, "--reason", " ")

    assert told.status == 1
    assert "give a reason" in told.err


def test_a_bundle_is_not_built_of_what_the_check_refuses(deployed, overrides, tmp_path):
    """Whoever loads it has no tests, and trusts the signature."""
    rule = overrides / "gateway" / "rules" / "circuits" / "mine" / "mine.rego"
    rule.parent.mkdir(parents=True)
    rule.write_text("package gateway.rules.circuits.mine\n\ndeny contains 1 if input.jb.shots > 1\n")
    key = tmp_path / "signing.pem"
    deployed("policy", "keygen", str(key))

    told = deployed("policy", "build", str(tmp_path / "rules.tar.gz"), "--key", str(key))

    assert told.status == 2
    assert "mine.rego:3: there is no fact input.jb" in told.err
    assert not (tmp_path / "rules.tar.gz").exists()


def test_a_key_that_others_can_read_is_told_of(deployed, tmp_path):
    key = tmp_path / "my.key"
    key.write_text("qgw_live_nobody")
    key.chmod(0o644)

    told = deployed("policy", "break-glass", "request", "--reason", "r", "--key-file", str(key))

    assert f"chmod 600 {key}" in told.err


@pytest.fixture
def obliging(deployed, tmp_path):
    """A deployment whose policies ask for a second person and split shots: one job warned, allowed, one denied."""
    approval = {"permission": "job.approve", "reason": "many shots", "hours": 24, "if": {"shots_over": 10}}
    tables = {
        "org/approvals/data.json": {"rows": [approval]},
        "org/obligations/data.json": {"size": [{"when": {}, "split_shots": 500}], "disclosure": [], "run": []},
    }

    async def record():
        async with open_house(load(None, {"GATEWAY_STATE_DIR": str(tmp_path / "state")})) as house:
            project = await house.administration.projects.named("default")
            bundle = replace(house.bundle, tables={**house.bundle.tables, **tables})
            warned = golden.all_facts()["allow-warn-unknown-fields"]
            await Recorder(house, project.id).record(bundle, [warned])
            await Recorder(house, project.id).record(bundle, [DENIED])

    asyncio.run(record())
    return deployed


def explained(gateway, type_):
    (entry,) = gateway("audit", "show", "--type", type_, "--json").json
    return gateway("policy", "explain", str(entry["seq"])).out


def test_what_a_job_waits_for_is_explained_as_a_condition(obliging):
    told = explained(obliging, "job.permitted")

    assert '  obliged to: require-approval {"hours":24,' in told
    assert "until a second person with that permission or role approves it" in told
    assert "to change" not in told


def test_a_warning_is_not_explained_as_a_denial(obliging):
    """That its rule is hard is true, and is read as if it had denied."""
    told = explained(obliging, "job.permitted")

    assert "warned by wire/unknown-fields" in told
    assert "level:" not in told


def test_conditions_of_a_job_that_was_denied_come_after_the_reason(obliging):
    told = explained(obliging, "job.denied")

    assert told.index("denied by circuits/depth") < told.index("had it gone, obliged to: require-approval")
    assert "level: hard" in told
