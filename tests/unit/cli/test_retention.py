"""`gateway retention`, `gateway erase` and `gateway audit fsck` as people call them."""

import io

import pytest


@pytest.fixture
def ruled(staffed, monkeypatch):
    """A deployment whose payloads are kept for a day."""
    monkeypatch.setenv("GATEWAY_RETENTION__PAYLOADS", "1")
    return staffed


def test_a_plan_with_nothing_due_is_an_empty_table(ruled):
    told = ruled("retention", "plan", "--json")

    assert (told.status, told.json) == (0, [])


def test_entries_that_are_due_are_counted(ruled, monkeypatch):
    monkeypatch.setenv("GATEWAY_RETENTION__ENTRIES", "30")
    monkeypatch.setenv("GATEWAY_RETENTION__FACTS", "30")

    told = ruled("retention", "plan", "--json")

    assert told.json == [{"what": "entries", "project": None, "before": "entry 0", "days": 30, "gone": 0, "kept": 0}]


def test_a_run_asks_before_it_does_anything(ruled, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))

    assert ruled("retention", "run").status == 130
    assert ruled("retention", "run", "--yes").status == 0


def test_facts_may_not_outlive_their_entries(staffed, monkeypatch):
    monkeypatch.setenv("GATEWAY_RETENTION__ENTRIES", "30")

    told = staffed("retention", "plan")

    assert told.status == 2
    assert "facts may not outlive" in told.err


def test_a_person_is_erased_and_shown_as_erased(staffed):
    plan = staffed("erase", "plan", "principal", "ada", "--json")
    assert (plan.status, plan.json["name"], plan.json["legal_hold"]) == (0, "ada", None)

    done = staffed("erase", "now", "principal", "ada", "--reason", "request 7", "--yes")

    assert done.status == 0
    assert "erase copy" in done.err
    names = {row["name"]: row["disabled"] for row in staffed("principals", "list", "--json").json}
    assert names == {"admin": False, f"erased-{plan.json['id'][-12:]}": True}
    (order,) = staffed("erase", "list", "--json").json
    assert (order["scope"], order["target"]) == ("principal", plan.json["id"])
    assert order["done"]
    assert staffed("audit", "fsck").status == 0
    assert "request 7" in staffed("audit", "show", "--type", "erasure.ordered", "--json").out


def test_an_erasure_asks_and_shows_what_would_go(staffed, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))

    told = staffed("erase", "now", "project", "lab", "--reason", "left us")

    assert told.status == 130
    assert "sealed_objects" in told.out
    assert staffed("erase", "list", "--json").json == []


def test_what_a_hold_keeps_is_not_erased(staffed):
    (hold,) = staffed("retention", "hold", "--project", "lab", "--reason", "case 1", "--json").json

    assert staffed("erase", "plan", "project", "lab").status == 1
    refused = staffed("erase", "now", "project", "lab", "--reason", "left us", "--yes")
    assert refused.status == 1
    assert "case 1" in refused.err
    assert staffed("retention", "lift", hold["id"], "--reason", "closed").status == 0
    assert [bool(row["lifted"]) for row in staffed("retention", "holds", "--json").json] == [True]
    assert staffed("erase", "now", "project", "lab", "--reason", "left us", "--yes").status == 0


@pytest.mark.parametrize("chosen", [[], ["--all", "--project", "lab"]])
def test_a_hold_is_on_one_thing(staffed, chosen):
    told = staffed("retention", "hold", *chosen, "--reason", "case 1")

    assert told.status == 2
    assert "exactly one" in told.err


def test_resuming_with_nothing_to_do_is_done(staffed):
    assert staffed("erase", "resume").status == 0


def test_a_copy_of_the_erasure_key_serves_in_its_place(staffed, tmp_path):
    key = tmp_path / "state" / "erasure.key"
    assert staffed("erase", "copy", str(tmp_path / "spare.key")).status == 0
    key.unlink()
    refused = staffed("projects", "list")
    assert refused.status == 2
    assert "no erasure key" in refused.err

    (tmp_path / "spare.key").rename(key)

    assert staffed("audit", "fsck").status == 0


def test_damage_is_told_a_line_each(staffed, tmp_path):
    (tmp_path / "state" / "log.checkpoint").write_text("nothing")

    told = staffed("audit", "fsck")

    assert told.status == 1
    assert told.out.startswith("pin-differs: log.checkpoint: ")
    assert staffed("audit", "fsck", "--json").json[0]["part"] == "ledger"
