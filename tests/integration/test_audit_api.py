"""Searching the ledger of a running gateway: over HTTP, by who may see what, and by command."""

import csv
import io
import json
import threading
from http.client import HTTPConnection

import pytest

from tests.integration import bodies
from tests.running import eventually

pytestmark = pytest.mark.long

AUDIT = "/api/v1/audit"


def found(gateway, key, query=""):
    reply = gateway.request("GET", f"{AUDIT}/entries{query}", token=key)
    assert reply.status == 200, reply.body
    return reply.json()


@pytest.fixture(scope="session")
def story(gateway, keys, finished):
    """What an auditor is told of Alice's finished job, once the index has all of it."""

    def complete():
        told = found(gateway, keys["auditor"], f"?job={finished}&order=oldest")["entries"]
        return told if told and told[-1]["type"] == "job.completed" else None

    return eventually(complete)


def test_a_job_is_found_by_all_that_is_known_of_it(gateway, keys, finished, story):
    permitted, ended = story[0], story[-1]

    assert (permitted["type"], permitted["ruling"], permitted["principal"]) == ("job.permitted", "permitted", "alice")
    assert (ended["kind"], ended["vendor"], ended["project"], ended["principal"]) == (
        *("simulator", "aer", "alpha"),
        "alice",
    )
    for query in (
        f"?vendor=aer&kind=simulator&job={finished}",
        f"?principal=alice&project=alpha&type=job.*&job={finished}",
        f"?backend={permitted['backend']}&decision=permitted&job={finished}",
    ):
        assert found(gateway, keys["auditor"], query)["entries"]


def test_pages_follow_each_other(gateway, keys, story):
    first = found(gateway, keys["auditor"], "?limit=2")
    second = found(gateway, keys["auditor"], f"?limit=2&cursor={first['cursor']}")

    seqs = [each["seq"] for each in (*first["entries"], *second["entries"])]
    assert seqs == sorted(set(seqs), reverse=True)
    assert first["size"] >= first["indexed"] > 0


def test_no_tenant_sees_another(gateway, keys, finished, story):
    """An auditor sees all, a scientist what they did, and nobody so much as whether something else is there."""
    own = found(gateway, keys["alice"], f"?job={finished}")["entries"]
    assert {each["principal"] for each in own} == {"alice"}
    for who in ("bob", "albert", "mallory"):
        assert found(gateway, keys[who], f"?job={finished}")["entries"] == []
        for path in (f"jobs/{finished}", f"entries/{story[0]['seq']}"):
            assert gateway.request("GET", f"{AUDIT}/{path}", token=keys[who]).status == 404
        assert gateway.request("GET", f"{AUDIT}/entries?project=alpha", token=keys[who]).status in {200, 404}
    foreign = gateway.request("GET", f"{AUDIT}/entries?project=alpha", token=keys["bob"])
    assert (foreign.status, foreign.json()["title"]) == (404, "not-found")
    assert gateway.request("GET", f"{AUDIT}/entries").status == 401


def test_one_entry_is_shown_whole(gateway, keys, story):
    entry = gateway.request("GET", f"{AUDIT}/entries/{story[0]['seq']}", token=keys["auditor"]).json()

    assert (entry["type"], entry["body"]["job_id"]) == ("job.permitted", story[0]["job_id"])
    assert "alice" in entry["names"].values()


@pytest.mark.parametrize(
    "query", ["?vender=ibm", "?decision=maybe", "?limit=0", "?limit=many", "?order=up", "?cursor=x", "?since=soon"]
)
def test_what_means_nothing_is_refused_in_words(gateway, keys, query):
    refused = gateway.request("GET", f"{AUDIT}/entries{query}", token=keys["auditor"])

    assert refused.status == 400
    assert refused.json()["title"] in {"search-refused", "bad-request"}


def test_an_export_is_what_was_found(gateway, keys, finished, story):
    def export(form, query=""):
        reply = gateway.request("GET", f"{AUDIT}/export?format={form}&job={finished}{query}", token=keys["auditor"])
        assert reply.status == 200, reply.body
        return reply

    lines = [json.loads(line) for line in export("jsonl").body.splitlines()]
    rows = list(csv.DictReader(io.StringIO(export("csv").body.decode(), newline="")))

    assert [each["found"]["seq"] for each in lines] == [each["seq"] for each in story]
    assert [int(each["seq"]) for each in rows] == [each["seq"] for each in story]
    assert export("csv").headers["content-type"].startswith("text/csv")
    refused = gateway.request("GET", f"{AUDIT}/export?format=xml", token=keys["auditor"])
    assert (refused.status, refused.json()["title"]) == (400, "search-refused")


def test_codes_and_choices_are_listed(gateway, keys, story):
    codes = gateway.request("GET", f"{AUDIT}/codes", token=keys["alice"]).json()
    choices = gateway.request("GET", f"{AUDIT}/choices", token=keys["auditor"]).json()

    assert {"job.denied", "key.revoked"} <= {each["code"] for each in codes}
    assert "aer" in choices["vendors"]
    assert "alpha" in dict(choices["projects"]).values()


def test_the_filter_stands_in_the_description(gateway):
    described = gateway.request("GET", "/api/v1/schema/openapi.json").json()
    operation = described["paths"]["/api/v1/audit/entries"]["get"]

    names = {each["name"] for each in operation["parameters"]}
    assert {"type", "since", "principal", "decision", "cost_from", "text", "limit", "cursor"} <= names


def test_the_tail_tells_of_a_job_as_it_happens(gateway, keys):
    """Server-sent events, of one's own entries alone; it goes on where a connection broke."""
    connection = HTTPConnection("127.0.0.1", gateway.port, timeout=20)
    connection.request("GET", f"{AUDIT}/tail?type=job.*", headers={"authorization": f"Bearer {keys['alice']}"})
    answer = connection.getresponse()
    assert (answer.status, answer.headers["content-type"].partition(";")[0]) == (200, "text/event-stream")
    assert answer.readline().startswith(b":")
    submitted = threading.Thread(target=lambda: gateway.submit(keys["alice"], bodies.golden(tags=["tailed"])))
    submitted.start()
    lines = []
    while not lines or not lines[-1].startswith(b"data:"):
        lines.append(answer.readline())
    submitted.join()
    connection.close()

    event = json.loads(lines[-1].removeprefix(b"data: "))
    assert (event["type"], event["principal"]) == ("job.permitted", "alice")
    assert f"id: {event['seq']}\n".encode() in lines


def test_a_tail_ends_with_its_key(gateway, keys):
    """Whoever is shut out hears no more, although the connection was opened before."""
    connection = HTTPConnection("127.0.0.1", gateway.port, timeout=30)
    connection.request("GET", f"{AUDIT}/tail", headers={"authorization": f"Bearer {keys['listening']}"})
    answer = connection.getresponse()
    answer.readline()
    gateway.cli("keys", "revoke", keys.id["listening"])
    eventually(lambda: gateway.request("GET", f"{AUDIT}/entries", key=keys["listening"]).status == 401)
    gateway.cli("principals", "new", "whispered")
    rest = answer.read()
    connection.close()

    assert b"principal.created" not in rest


def test_the_command_line_finds_the_same(gateway, keys, finished, story):
    told = gateway.json("audit", "search", "--job", finished, "--oldest")

    assert [each["seq"] for each in told["entries"]] == [each["seq"] for each in story]
    assert "alice" in gateway.cli("audit", "search", "--job", finished, "--type", "job.permitted")
    lines = gateway.cli("audit", "export", "--format", "ocsf", "--job", finished).splitlines()
    assert [json.loads(line)["metadata"]["sequence"] for line in lines] == [each["seq"] for each in story]
    refused = gateway.run("audit", "export", "--job", finished)
    assert refused.returncode != 0
