"""Enforcement levels on a running gateway: what its clients are told, and what people let go from outside."""

import json
from datetime import timedelta

import pytest

from gateway.casework.keys import Wish
from gateway.policy.bundle import default_root
from tests.integration import bodies
from tests.integration.people import entries, entry_of, report, within
from tests.running import Gateway, eventually

pytestmark = pytest.mark.long

RULE = "circuits/shots"
SOFT = {RULE: {"level": "soft"}}


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    """Tables of an operator: fewer shots than clients ask for, and the rule about them is soft."""
    folder = tmp_path_factory.mktemp("levels") / "rules"
    limits = json.loads((default_root() / "org" / "limits" / "data.json").read_text())
    limits["experimental"]["default"]["total_shots"] = 1000
    write(folder, "limits", limits)
    levels(folder, SOFT)
    return folder


def write(folder, name, table):
    place = folder / "org" / name / "data.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(table))


def levels(folder, rows):
    table = json.loads((default_root() / "org" / "enforcement" / "data.json").read_text())
    write(folder, "enforcement", {**table, "levels": rows})


@pytest.fixture(scope="module")
def running(rules):
    gateway = Gateway(rules.parent / "state", settings={"GATEWAY_POLICY__OVERRIDES": str(rules)}).init()
    try:
        yield gateway.start()
    finally:
        gateway.discard()


@pytest.fixture(scope="module")
def keys(running):
    """A scientist's key, and one of each of two people who watch over policy."""

    async def settle(house):
        made = {}
        for name, role in (("ada", "scientist"), ("sue", "security"), ("sid", "security")):
            await house.administration.principals.create(name=name)
            wish = Wish(roles=(role,), lifetime=timedelta(days=1))
            issued = await house.administration.keys.new(principal=name, project="default", wish=wish)
            made[name] = issued.text.reveal().decode()
        return made

    return within(running, settle)


@pytest.fixture
def files(keys, tmp_path):
    """The keys, each in a file of its own."""
    made = {}
    for name, key in keys.items():
        made[name] = tmp_path / name
        made[name].write_text(key)
    return made


def ask(running, keys):
    body = bodies.golden()
    body["params"]["pubs"][0][-1] = 2000
    return running.request("POST", "/ibm/api/v1/jobs", key=keys["ada"], body=body)


def goes(running, keys):
    """Submit until the job goes: what the command line wrote is heard within a second."""
    return eventually(lambda: reply if (reply := ask(running, keys)).status == 200 else None).json()["id"]


def stands(running, keys):
    return eventually(lambda: reply if (reply := ask(running, keys)).status == 403 else None)


def test_a_soft_denial_tells_whom_to_ask_and_an_override_lifts_it(running, keys):
    refused = ask(running, keys)
    assert refused.status == 403
    assert f"ask somebody with the role admin or security for an override of {RULE}" in refused.message

    (made,) = running.json(
        *("policy", "override", "new", RULE, "--project", "default", "--hours", "1", "--reason", "a benchmark")
    )
    job = goes(running, keys)

    assert RULE in entry_of(running, "job.permitted", job)["decision"]["warn"]
    explained = running.json("policy", "explain", job)
    assert explained["as_recorded"]
    assert [made["id"] in each["finding"]["message"] for each in explained["warn"]] == [True]
    (listed,) = running.json("policy", "override", "list")
    assert (listed["id"], listed["state"], listed["project"]) == (made["id"], "in force", "default")
    running.cli("policy", "override", "end", made["id"])
    stands(running, keys)


def test_two_people_break_the_glass_and_every_decision_says_so(running, keys, files):
    request = ("policy", "break-glass", "request", "--reason", "tonight alone", "--key-file")
    assert running.run(*request, str(files["ada"])).returncode == 1, "a scientist may not"
    (asked,) = json.loads(running.cli(*request, str(files["sue"]), "--json"))
    alone = running.run("policy", "break-glass", "confirm", asked["id"], "--key-file", str(files["sue"]))
    assert alone.returncode == 1
    assert "cannot confirm" in alone.stderr
    assert ask(running, keys).status == 403

    running.cli("policy", "break-glass", "confirm", asked["id"], "--key-file", str(files["sid"]))
    job = goes(running, keys)

    assert {RULE, "main/break-glass"} <= set(entry_of(running, "job.permitted", job)["decision"]["warn"])
    assert "gateway_policy_break_glass_decisions_total" in running.metrics()
    assert "glass.broken" in running.log()
    assert [each["state"] for each in running.json("policy", "break-glass", "list")] == ["in force"]
    running.cli("policy", "break-glass", "end", asked["id"])
    stands(running, keys)


def test_the_admin_interface_does_the_same_for_whose_roles_may(running, keys):
    """And for nobody else."""

    def call(who, method, path, body=None):
        bearer = {"authorization": f"Bearer {keys[who]}"}
        return running.request(method, f"/api/v1/policy/{path}", body=body, headers=bearer)

    override = {"rule": RULE, "project": "default", "hours": 1, "reason": "a benchmark"}
    assert call("ada", "POST", "overrides", override).status == 403
    assert call("sue", "POST", "overrides", {**override, "principal": "sue"}).status == 400
    made = call("sue", "POST", "overrides", override)
    assert made.status == 201, made.body
    goes(running, keys)
    assert call("sid", "DELETE", f"overrides/{made.json()['id']}").status == 200
    stands(running, keys)

    asked = call("sue", "POST", "break-glass", {"reason": "tonight", "hours": 1}).json()
    assert call("sue", "POST", f"break-glass/{asked['id']}/confirmation").status == 409
    assert call("ada", "POST", f"break-glass/{asked['id']}/confirmation").status == 403
    assert call("sid", "POST", f"break-glass/{asked['id']}/confirmation").status == 201
    goes(running, keys)
    assert call("sue", "DELETE", f"break-glass/{asked['id']}").status == 200
    stands(running, keys)

    assert call("ada", "GET", "overrides").status == 403
    assert call("sid", "GET", "rollouts").json() == []
    assert call("sid", "POST", "rollouts/circuits/depth/resumption", {"reason": "r"}).status == 404
    assert call("sid", "GET", "break-glass").json()[-1]["id"] == asked["id"]


def test_a_candidate_in_shadow_survives_a_restart_and_is_obeyed_by_nobody(running, keys, tmp_path):
    write(tmp_path / "candidate", "limits", json.loads((default_root() / "org" / "limits" / "data.json").read_text()))
    running.cli("policy", "shadow", "start", str(tmp_path / "candidate"), "--reason", "as many shots as before")
    eventually(lambda: "shadow.started" in running.log())
    assert ask(running, keys).status == 403
    eventually(lambda: running.json("policy", "shadow", "status")["compared"] == 1)

    began = running.log().count("shadow.started")
    running.restart()
    eventually(lambda: running.log().count("shadow.started") > began)
    assert ask(running, keys).status == 403
    found = eventually(lambda: said if (said := running.json("policy", "shadow", "status"))["compared"] == 2 else None)

    assert found["differing"] == {"deny-to-allow": 2}
    assert found["rules"] == {"deny-to-allow": {RULE: 2}}
    (_, example) = found["examples"]
    assert running.run("policy", "explain", example["decision_id"]).returncode == 0
    assert 'kind="deny-to-allow",rule="circuits/shots"} 1.0' in running.metrics()
    running.cli("policy", "shadow", "stop")
    (ended,) = entries(running, "policy.shadow_stopped")
    assert ended.body["totals"]["differing"] == {"deny-to-allow": 2}


def test_a_level_is_changed_by_a_reload(running, keys, rules):
    """From hard to advisory, for a share of the projects or for all: tables as any other."""
    levels(rules, {RULE: {"rollout_percent": 0}})
    running.cli("policy", "reload", "--reason", "to try it first")

    job = goes(running, keys)

    (warned,) = running.json("policy", "explain", job)["warn"]
    assert warned["finding"]["message"].endswith("0 percent of the projects so far, and not for this one")
    (row,) = [each for each in running.json("policy", "levels") if each["rule"] == RULE]
    assert (row["level"], row["rollout_percent"]) == ("hard", 0)
    assert report(running, job) is not None
    levels(rules, SOFT)
    running.cli("policy", "reload", "--reason", "as the other tests expect it")
    stands(running, keys)
