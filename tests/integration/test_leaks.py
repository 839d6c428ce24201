"""What must not be told: secrets stop a job before it leaves, marks raise its label, and results are looked through."""

import json

import pytest
from qiskit import QuantumCircuit

from gateway.enforcement.follow import document_kind
from gateway.enforcement.screening import withheld_kind
from gateway.policy.bundle import default_root, load
from tests.integration import bodies, refusals
from tests.integration.abroad import abroad, bell
from tests.integration.people import entries, entry_of, report, within

pytestmark = pytest.mark.long

FIVE, EMULATED = "ibm_test_five", "sim_line_5"
KEY = "AKIA" + "Z7" * 8
ASKED = "qgw:simulator=deny"
CODENAME, POISON, NOTE = "gravity drive", "poisoned apple", "note to self"


def rule(action, word, **more):
    return {"says": f"the {word}", "action": action, "severity": "high", "words": [word], **more}


TABLE = load(default_root()).data["org"]["dlp"] | {
    "rules": {
        **load(default_root()).data["org"]["dlp"]["rules"],
        "codename": rule("warn", CODENAME, results="redact"),
        "note": rule("strip", NOTE, results="pass"),
        "poison": rule("warn", POISON, results="withhold"),
    }
}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """IBM and IonQ, and an operator who looks for words of its own as well."""
    pace = ("--queue-seconds", "0.1", "--run-seconds", "0.1")
    with abroad(tmp_path_factory.mktemp("guarded"), ["ibm", "ionq"], *pace, policies={"dlp": TABLE}) as made:
        yield made


def noted(**noted_by):
    """Write a circuit that holds a text in one place."""
    circuit = QuantumCircuit(2, 2, name=noted_by.get("name", "bell"), metadata={"note": noted_by.get("note", "")})
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    return circuit


def marked(*gates):
    """Write a circuit that calls itself restricted; its structure is remembered as that, so no other test has it."""
    circuit = noted(note="strictly confidential")
    for gate in gates:
        getattr(circuit, gate)(0)
    return circuit


def refused(reply):
    """Give the words of a refusal to IBM's client, and see to it that they quote nothing."""
    assert KEY not in reply.body.decode()
    return refusals.check(reply, 403, "policy-denied")


@pytest.mark.parametrize(
    ("body", "where"),
    [
        pytest.param(bodies.sampler(bodies.pub(), backend=EMULATED, tags=[KEY]), "tags", id="a tag"),
        pytest.param(
            bodies.sampler(bodies.pub(), bodies.pub(noted(note=KEY)), backend=EMULATED),
            "metadata of circuit 1",
            id="metadata of a packed circuit",
        ),
        pytest.param(
            bodies.sampler(bodies.pub(noted(name=KEY)), backend=EMULATED), "names of circuit 0", id="a circuit's name"
        ),
        pytest.param(
            bodies.sampler([f"OPENQASM 3.0;\n// {KEY}\nbit c;qubit q;c=measure q;", None, 10], backend=EMULATED),
            "comments",
            id="a comment",
        ),
    ],
)
def test_a_secret_stops_a_job_and_is_not_repeated(guarded, body, where):
    assert f"a key of a cloud service was found in {where}" in refused(guarded.ibm("POST", "jobs", body))

    denied = entries(guarded.gateway, "job.denied")[-1].body
    assert denied["deny"] == ["data/leaks"]
    assert [each["rule"] for each in denied["leaks"]] == ["cloud-key"]
    assert KEY not in json.dumps(denied)


def test_a_secret_stops_a_job_in_ionqs_words_too(guarded):
    reply = guarded.ionq("POST", "jobs", bell(metadata={"for": f"aws {KEY}"}))

    assert reply.status == 403
    assert "found in metadata" in reply.json()["message"]
    assert KEY not in reply.body.decode()


def test_a_mark_raises_the_label_and_with_it_where_the_job_may_go(guarded):
    body = bodies.sampler(bodies.pub(marked("x", "t")), backend=FIVE, tags=[ASKED])

    assert "restricted data may not go" in refused(guarded.ibm("POST", "jobs", body))
    assert entries(guarded.gateway, "job.denied")[-1].body["classification"] == "restricted"


def test_a_marked_job_runs_where_its_label_may_be(guarded):
    body = bodies.sampler(bodies.pub(marked("t", "x", "t")), backend=EMULATED)
    job = guarded.ibm("POST", "jobs", body).json()["id"]

    permitted = entry_of(guarded.gateway, "job.permitted", job)

    assert permitted["classification"] == "restricted"
    assert "data/leaks" in permitted["decision"]["warn"]


def test_what_is_to_be_left_out_does_not_reach_the_vendor(guarded):
    body = bodies.sampler(bodies.pub(), backend=FIVE, tags=[ASKED, NOTE])
    reply = guarded.ibm("POST", "jobs", body)
    assert reply.status == 200, reply.body
    guarded.ibm_ended(reply.json()["id"])

    assert NOTE not in guarded.taken("ibm")[-1]["tags"]


def test_what_is_to_be_left_out_and_cannot_be_stops_the_job(guarded):
    body = bodies.sampler([f"OPENQASM 3.0;\n// {NOTE}\nbit c;qubit q;c=measure q;", None, 10], backend=EMULATED)

    assert "cannot be left out" in refused(guarded.ibm("POST", "jobs", body))


def test_what_a_vendor_says_is_taken_out_of_what_clients_get(guarded):
    reply = guarded.ionq("POST", "jobs", bell(name=f"the {CODENAME}"))
    assert reply.status < 300, reply.body
    job = reply.json()["id"]

    shown = guarded.ionq_ended(job)

    assert shown["status"] == "completed"
    assert b"the [redacted: codename]" in opened(guarded, job, document_kind("job"))
    completed = entry_of(guarded.gateway, "job.completed", job)
    assert [each["rule"] for each in completed["leaks"]] == ["codename"]
    (changed,) = completed["redacted"]
    assert (changed["document"], len(changed["before"])) == ("job", 64)
    assert CODENAME.encode() in opened(guarded, job, withheld_kind("job"))


def test_a_result_that_holds_too_much_is_withheld_and_kept(guarded):
    job = guarded.ionq("POST", "jobs", bell(name=POISON)).json()["id"]

    shown = guarded.ionq_ended(job)

    assert shown["status"] == "failed"
    assert f"they hold the {POISON}" in json.dumps(shown)
    assert guarded.ionq("GET", f"jobs/{job}/results/probabilities").status >= 400
    assert POISON.encode() in opened(guarded, job, withheld_kind("job"))
    assert set(entry_of(guarded.gateway, "job.failed", job)["withheld"]) >= {"job", "result"}


def opened(guarded, job, kind):
    """Open what was sealed of a job."""
    internal = report(guarded.gateway, job).job.id
    return within(guarded.gateway, lambda house: house.vault.open(object_id=internal, kind=kind))
