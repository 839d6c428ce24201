"""A table that cannot be read keeps a gateway from starting, and no operator from stopping, looking and revoking."""

import asyncio
import os

import pytest

from gateway.policy.bundle import PolicyBundleError
from gateway.settings import load
from gateway.wiring.serving import open_serving

TABLE = "org/obligations/data.json"
WORDS = f"{TABLE} in policy.overrides is no JSON: Expecting property name enclosed in double quotes, line 1 column 12"


@pytest.fixture
def broken(staffed, tmp_path, monkeypatch):
    """Call commands on a deployment whose operator has just misspelt a table."""
    table = tmp_path / "rules" / TABLE
    table.parent.mkdir(parents=True)
    table.write_text('{"size":[],}', "utf-8")
    monkeypatch.setenv("GATEWAY_POLICY__OVERRIDES", str(tmp_path / "rules"))
    return staffed


def test_the_kill_switch_works(broken):
    (row,) = broken("halt", "set", "--all", "--reason", "a leak is looked into", "--json").json

    assert "a leak is looked into" in broken("halt", "list").out
    assert broken("halt", "lift", row["id"]).status == 0


def test_keys_are_revoked(broken):
    key = broken("keys", "list", "--json").json[0]["id"]

    assert broken("keys", "revoke", key).status == 0


@pytest.mark.parametrize(
    "command",
    [
        "jobs list",
        "keys list",
        "budgets list",
        "approvals list",
        "audit show",
        "audit search --rule nobody/knows",
        "policy revisions",
        "policy override list",
        "policy break-glass list",
    ],
)
def test_what_decides_nothing_works(broken, command):
    told = broken(*command.split())

    assert told.status == 0, told.err


@pytest.mark.parametrize(
    "command",
    [
        "policy levels",
        "policy test",
        "policy reload --reason x",
        "policy diff installed",
        "keys new --principal ada --project lab --role admin",
    ],
)
def test_what_decides_by_it_names_file_and_place(broken, tmp_path, command):
    told = broken(*command.split())

    assert told.status == 2
    assert WORDS in told.err
    assert str(tmp_path) not in told.err


def test_the_check_blames_the_file_where_it_is(broken, tmp_path):
    told = broken("policy", "check")

    assert (told.status, told.out) == (1, f"{TABLE}:1: {WORDS}\n")


def test_the_doctor_looks_at_all_the_rest_and_says_how_to_mend(broken):
    told = broken("doctor", "--json")

    found = {each["name"]: each for each in told.json}
    assert told.status == 1
    assert (found["policy"]["state"], found["policy"]["found"]) == ("fail", WORDS)
    assert "gateway policy check" in found["policy"]["mend"]
    assert found["ledger"]["state"] == "ok"


def test_a_table_of_leaks_that_nobody_can_follow_stops_no_operator(broken, tmp_path):
    (tmp_path / "rules" / TABLE).unlink()
    table = tmp_path / "rules/org/dlp/data.json"
    table.parent.mkdir()
    table.write_text('{"rules": {"mark": {"says": "a mark", "action": "forgive", "severity": "low"}}}', "utf-8")

    assert broken("halt", "set", "--all", "--reason", "drill").status == 0
    assert "org/dlp/data.json in policy.overrides cannot be followed" in broken("policy", "check").out


@pytest.mark.usefixtures("broken")
def test_nothing_is_served_by_it():
    async def start():
        async with open_serving(load(None, os.environ)):
            pass

    with pytest.raises(PolicyBundleError, match=r"in policy\.overrides is no JSON"):
        asyncio.run(start())
