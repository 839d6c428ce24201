import re

import pytest

from gateway.identity.api_keys import KEY_PATTERN


def test_a_principal_is_made_listed_and_disabled(deployed):
    deployed("principals", "new", "robot", "--kind", "service")
    deployed("principals", "change", "robot", "--disable")

    robot = next(each for each in deployed("principals", "list", "--json").json if each["name"] == "robot")

    assert (robot["kind"], robot["disabled"]) == ("service", True)


def test_a_taken_name_is_refused(staffed):
    again = staffed("principals", "new", "ada")

    assert again.status == 1
    assert "already" in again.err


def test_a_new_project_gets_the_careful_terms(deployed):
    project = deployed("projects", "new", "lab", "--json").json[0]

    assert (project["classification"], project["workload"]) == ("internal", "experimental")
    assert (project["simulator"], project["backends"]) == (False, None)


def test_changing_one_term_leaves_the_others(deployed):
    deployed("projects", "new", "lab", "--team", "q", "--simulator", "--backend", "sim_*", "--backend", "ibm_*")

    changed = deployed("projects", "change", "lab", "--classification", "restricted", "--json").json[0]

    assert changed["classification"] == "restricted"
    assert (changed["team"], changed["simulator"], changed["backends"]) == ("q", True, ["sim_*", "ibm_*"])


def test_an_allow_list_is_taken_back(deployed):
    deployed("projects", "new", "lab", "--backend", "sim_*")

    assert deployed("projects", "change", "lab", "--any-backend", "--json").json[0]["backends"] is None


def test_a_key_is_shown_once_and_alone_on_stdout(staffed):
    made = staffed("keys", "new", "--principal", "ada", "--project", "lab", "--role", "scientist")
    listed = staffed("keys", "list", "--json")

    assert re.fullmatch(KEY_PATTERN, made.out.strip())
    assert made.out.strip() not in listed.out


def test_a_key_lives_as_long_as_was_asked(staffed, monkeypatch):
    monkeypatch.setenv("GATEWAY_IDENTITY__KEY_DAYS", "7")
    ask = ("keys", "new", "--principal", "ada", "--project", "lab", "--role", "scientist")

    default, short = staffed(*ask), staffed(*ask, "--days", "1")

    (first, second) = staffed("keys", "list", "--principal", "ada", "--json").json
    assert default.status == short.status == 0
    assert days(first) == 7
    assert days(second) == 1


def days(key):
    from datetime import datetime

    return (datetime.fromisoformat(key["expires"]) - datetime.fromisoformat(key["created"])).days


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["--principal", "eve", "--role", "scientist"], "no principal 'eve'", id="nobody"),
        pytest.param(["--principal", "ada", "--role", "king"], "no role 'king'", id="a role policy does not know"),
    ],
)
def test_a_key_for_nobody_is_refused(staffed, arguments, said):
    told = staffed("keys", "new", "--project", "lab", *arguments)

    assert told.status == 1
    assert said in told.err


def test_rotation_gives_a_successor_and_revocation_ends_a_key(staffed):
    made = staffed("keys", "new", "--principal", "ada", "--project", "lab", "--role", "scientist", "--json").json
    successor = staffed("keys", "rotate", made["key_id"], "--json").json

    staffed("keys", "revoke", made["key_id"])

    states = {key["id"]: key["state"] for key in staffed("keys", "list", "--principal", "ada", "--json").json}
    assert states == {made["key_id"]: "revoked", successor["key_id"]: "active"}


def test_every_change_is_in_the_ledger(staffed):
    staffed("keys", "new", "--principal", "ada", "--project", "lab", "--role", "scientist")

    told = [entry["type"] for entry in staffed("audit", "show", "--json").json]

    assert told[-3:] == ["principal.created", "project.created", "key.created"]
