"""Entries as others take them: provable, loadable, and in the words of the standards."""

import csv
import io
import json

import pytest

from gateway.audit.entry import TYPES
from gateway.audit.merkle import leaf_hash
from gateway.casework import ocsf
from gateway.casework.filters import wanted
from gateway.casework.formats import Form
from gateway.casework.found import named
from gateway.domain.search import IndexedEntry, Scope

OCSF_REQUIRED = {"activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"}
"""Attributes that every event of OCSF has."""
OCSF_OF_CLASS = {6003: {"actor", "api", "src_endpoint"}, 3004: {"entity"}, 3002: {"user"}, 6002: {"app"}}


@pytest.fixture
async def written(library):
    await library.permitted("j-1", who="alice")
    await library.ended("j-1", how="failed", reason='=cmd|"calc"!A1, lost', cost=None)
    await library.denied("budget/money")
    await library.tell("key.created", None, key=library.digest("k"), by="operator")
    await library.tell("token.granted", "alpha", principal=library.digest("bob"), key=library.digest("k"))
    await library.tell("gateway.started", None, version="1")
    await library.search.index.follow()

    async def write(form, **given):
        filters = wanted({name: [value] for name, value in given.items()})
        return b"".join([each async for each in library.search.export(filters, Scope(), form)]).decode()

    return write


async def test_a_line_has_the_leaf_as_it_is_in_the_ledger(written):
    """So a proof of inclusion that somebody has can be checked against an exported line."""
    for line in (await written(Form.JSONL)).splitlines():
        leaf = line.partition('"leaf":')[2].rpartition(',"found":')[0]
        told = json.loads(line)
        assert leaf_hash(leaf.encode()).hex() == told["hash"]
        assert told["leaf"]["seq"] == told["found"]["seq"]


async def test_a_spreadsheet_is_not_made_to_run_a_reason(written):
    rows = list(csv.DictReader(io.StringIO(await written(Form.CSV, type="job.*"), newline="")))

    assert [row["type"] for row in rows] == ["job.permitted", "job.failed", "job.denied"]
    assert rows[1]["reason"] == '\'=cmd|"calc"!A1, lost'
    assert (rows[0]["cost"], rows[0]["currency"], rows[0]["principal"]) == ("2.50", "EUR", "alice")
    assert rows[2]["rules"] == "budget/money"


async def test_cloud_events_have_what_cloud_events_have(written):
    events = [json.loads(line) for line in (await written(Form.CLOUDEVENTS)).splitlines()]

    for event in events:
        assert event.keys() >= {"specversion", "id", "source", "type", "time", "data"}
        assert (event["specversion"], event["source"]) == ("1.0", "test")
        # Names of attributes are lower-case letters and digits.
        assert all(name.isalnum() and name.islower() for name in event)
    assert len({event["id"] for event in events}) == len(events)
    assert [event["sequence"] for event in events] == sorted(event["sequence"] for event in events)
    assert "qgw.job.denied" in {event["type"] for event in events}


async def test_ocsf_events_have_what_their_class_demands(written):
    events = [json.loads(line) for line in (await written(Form.OCSF)).splitlines()]
    by_code = {event["metadata"]["event_code"]: event for event in events}

    for event in events:
        assert event.keys() >= OCSF_REQUIRED | OCSF_OF_CLASS[event["class_uid"]]
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
        assert event["category_uid"] == event["class_uid"] // 1000
        assert event["metadata"].keys() >= {"product", "version"}
        assert event["actor"].keys() & {"user", "app_name"}
    assert {code: by_code[code]["class_uid"] for code in ("job.denied", "key.created", "token.granted")} == {
        "job.denied": 6003,
        "key.created": 3004,
        "token.granted": 3002,
    }
    denied = by_code["job.denied"]
    assert (denied["status_id"], denied["unmapped"]["rules"]) == (2, ["budget/money"])
    assert by_code["job.failed"]["status_detail"].endswith("lost")


@pytest.mark.parametrize("code", sorted(TYPES))
def test_every_event_code_has_a_class(code):
    """A type that is added later must not fall out of a SIEM."""
    entry = IndexedEntry(seq=1, at="2026-01-01T00:00:00.000000Z", type=code, event_id="e")
    event = ocsf.event(named(entry, {}, {}), {}, "ab", "test")

    assert event.keys() >= OCSF_REQUIRED | OCSF_OF_CLASS[event["class_uid"]]


async def test_an_export_of_nothing_is_empty(written):
    assert await written(Form.JSONL, job="none") == ""
    assert (await written(Form.CSV, job="none")).count("\n") == 1
