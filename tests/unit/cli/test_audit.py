import json
from dataclasses import fields

import pytest

from gateway.casework.found import Found
from gateway.casework.inspection import Entry
from gateway.cli import entries, search
from tests.records import NOW


@pytest.fixture
def export(staffed, tmp_path):
    path = tmp_path / "ledger.jsonl"
    assert staffed("audit", "export", "--output", str(path)).status == 0
    return path


def test_an_untouched_ledger_holds(staffed):
    told = staffed("audit", "verify")

    assert told.status == 0
    assert "the ledger holds" in told.err
    assert told.out == ""


def test_an_export_is_verified_without_the_deployment(staffed, export, monkeypatch, tmp_path):
    monkeypatch.setenv("GATEWAY_STATE_DIR", str(tmp_path / "elsewhere"))

    assert staffed("audit", "verify", str(export)).status == 0


def test_one_changed_word_does_not_hold(staffed, export):
    export.write_bytes(export.read_bytes().replace(b"principal.created", b"principal.changed", 1))

    told = staffed("audit", "verify", str(export))

    assert told.status == 1
    assert told.out.startswith("entry-edited: ")


def test_a_cut_tail_shows_against_what_was_noted_down(staffed, export):
    header, *entries = export.read_bytes().splitlines(keepends=True)
    noted = json.loads(header)
    export.write_bytes(b"".join([header, *entries[:-1]]))

    told = staffed("audit", "verify", str(export), "--size", str(noted["size"]), "--root", noted["root"], "--json")

    assert told.status == 1
    assert "tail-missing" in [finding["code"] for finding in told.json["findings"]]


def test_a_ledger_that_grew_still_begins_as_it_did(staffed, export):
    noted = json.loads(export.read_bytes().splitlines()[0])
    staffed("principals", "new", "eve")

    told = staffed("audit", "verify", "--size", str(noted["size"]), "--root", noted["root"])

    assert told.status == 0


def test_an_export_that_is_not_there_is_status_2(deployed):
    assert deployed("audit", "verify", "nowhere.jsonl").status == 2


def test_an_export_goes_to_stdout_too(deployed):
    told = deployed("audit", "export")

    assert json.loads(told.out.splitlines()[0])["format"] == "qgw.ledger/1"
    assert "entries written" in told.err


def test_entries_are_told_in_one_line_each(staffed):
    lines = staffed("audit", "show", "--type", "principal.created").out.splitlines()

    assert lines[0].split() == ["seq", "at", "type", "who", "about"]
    assert lines[-1].split()[-2:] == ["operator", "ada"]


def test_one_entry_is_shown_whole(deployed):
    assert deployed("audit", "show", "0").json["type"] == "ledger.created"


def test_only_a_projects_entries_are_shown(staffed):
    shown = staffed("audit", "show", "--project", "lab", "--json").json

    assert {entry["type"] for entry in shown} == {"project.created"}


def test_an_entry_that_is_not_there_is_status_1(deployed):
    assert deployed("audit", "show", "4711").status == 1


def test_a_word_that_nothing_has_is_told_of_beside_the_answer(deployed):
    told = deployed("audit", "search", "--rule", "budjet/money", "--type", "key.creatd", "--json")

    assert (told.status, told.json["entries"]) == (0, [])
    kind, rule = (line.partition("nearest: ")[2].partition(",")[0] for line in told.err.splitlines())
    assert (kind, rule) == ("key.created", "budget/money")
    assert deployed("audit", "search", "--rule", "budget/money").err == ""


def test_the_line_of_a_permit_names_the_job_as_its_client_does():
    """What `gateway jobs list` shows is found in the ledger."""
    placement = {"backend": "sim_line_5", "kind": "simulator", "fallback": False}
    body = {"program": "sampler", "placement": placement, "job_id": "0190-1", "client_job_id": "d8k2"}
    permitted = Entry(
        seq=7,
        type="job.permitted",
        at="2026-03-01T12:00:00Z",
        event_id="e",
        project_id=None,
        body=body,
        names={},
        prev="",
        leaf_hash="",
    )

    assert entries.row(permitted, {})["about"] == "sampler may run on sim_line_5 (simulator), job d8k2"


def test_a_denied_job_is_found_where_it_was_to_run():
    """In the place of a backend stands one, and no dialect."""
    told = {each.name: None for each in fields(Found)} | {"rules": (), "reason": "", "at": NOW, "type": "job.denied"}

    assert search.row(Found(**told | {"vendor": "ibm", "backend_asked": "sim_line_5"}))["where"] == "sim_line_5"
    assert search.row(Found(**told | {"vendor": "ibm"}))["where"] == "ibm"
