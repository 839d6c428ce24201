"""What policy obliges to is done before a job leaves, is recorded, and comes back as if nothing had been renamed."""

import base64
import json
import zlib
from hashlib import sha256

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter

from adapters.ibm.vendor_results import decode
from gateway.enforcement.outgoing import SENT
from tests.integration import bodies, refusals
from tests.integration.abroad import abroad, bell
from tests.integration.people import entry_of, report, within
from tests.unit.ibm_reader.wire import ndarray

pytestmark = pytest.mark.long

FIVE, EAGLE, EMULATED = "ibm_test_five", "ibm_test_eagle", "sim_line_5"
SECRET = "gravity-drive"
"""What must not leave: a circuit's name, a register's, a parameter's, a tag, and in its metadata."""
REGISTER = SECRET.replace("-", "_")
SHOTS, MOST = 64, 20
ASKED = "qgw:simulator=deny"
TABLES = {
    "size": [{"when": {"program": ["sampler"]}, "shots": MOST}],
    "disclosure": [
        {
            "when": {"kind": ["hardware"], "dialect": ["ibm"]},
            "strip": ["metadata", "names", "tags"],
            "relabel_registers": True,
            "private": True,
            "add_tags": ["cost-center=42"],
        },
        {"when": {"backend": [EMULATED]}, "relabel_registers": True, "strip": ["names"]},
        {"when": {"dialect": ["ionq"]}, "strip": ["metadata", "names"], "add_tags": ["cost-center=42"]},
    ],
    "run": [
        {"when": {"backend": [EAGLE]}, "regions": ["the-moon"]},
        {"when": {"backend": ["qpu.aria-1"]}, "execution_seconds": 5},
    ],
}


@pytest.fixture(scope="module")
def obliged(tmp_path_factory):
    """IBM and IonQ, and an operator whose policies oblige the gateway to a lot."""
    pace = ("--queue-seconds", "0.1", "--run-seconds", "0.1")
    with abroad(tmp_path_factory.mktemp("obliged"), ["ibm", "ionq"], *pace, policies={"obligations": TABLES}) as made:
        yield made


def telling(backend=FIVE, tags=(ASKED, SECRET)):
    """Submit a circuit that says in every possible place what it is for: `SECRET` reads 1 in every shot."""
    circuit = QuantumCircuit(QuantumRegister(5, "q"), ClassicalRegister(1, REGISTER), name=SECRET)
    circuit.metadata = {"experiment": SECRET}
    circuit.x(3)
    circuit.rz(Parameter(f"{SECRET}_b"), 3)
    circuit.rz(Parameter(f"{SECRET}_a"), 3)
    circuit.measure(3, 0)
    pub = [bodies.packed(circuit), ndarray(np.array([0.5, 0.25])), SHOTS]
    return bodies.sampler(pub, backend=backend, tags=list(tags))


def submit(obliged, body):
    reply = obliged.ibm("POST", "jobs", body)
    assert reply.status == 200, reply.body
    return reply, reply.json()["id"]


def sent(obliged, job):
    """Open what was run instead of what came."""
    internal = report(obliged.gateway, job).job.id
    return within(obliged.gateway, lambda house: house.vault.open(object_id=internal, kind=SENT))


def inside(body):
    """Unpack the circuits of a body, so that a name has nowhere to hide."""
    packs = [pub[0]["__value__"] for pub in json.loads(body)["params"]["pubs"]]
    return body + b"".join(zlib.decompress(base64.b64decode(each)) for each in packs)


def registers(body, submitted):
    """Read what each register reads in every shot."""
    (item,) = decode(json.dumps(submitted).encode(), {"result": body}).items
    return {name: (set(register.samples.data), item.shots) for name, register in item.registers.items()}


def test_nothing_that_names_the_work_leaves_and_results_come_back_under_their_own_names(obliged):
    body = telling()
    reply, job = submit(obliged, body)
    shown = obliged.ibm_ended(job)
    result = obliged.ibm("GET", f"jobs/{job}/results")

    assert shown["status"] == "Completed", shown
    assert SECRET.encode() not in inside(sent(obliged, job))
    assert registers(result.body, body) == {REGISTER: ({1}, MOST)}
    assert "no circuit runs more than 20 times" in reply.headers["qgw-changed"]
    assert json.loads(result.body)["__value__"]["metadata"]["qgw"]["changes"] == shown["qgw"]["changes"]
    assert shown["tags"][:3] == [ASKED, SECRET, "cost-center=42"]


def test_what_was_obliged_and_done_is_recorded_with_both_digests(obliged):
    _, job = submit(obliged, telling())
    obliged.ibm_ended(job)

    permitted = entry_of(obliged.gateway, "job.permitted", job)
    changes, taken = permitted["changes"], obliged.taken("ibm")[-1]

    kinds = ["add-tags", "cap-shots", "force-private", "relabel-registers", "strip"]
    assert sorted(each["kind"] for each in permitted["obligations"]) == kinds
    assert sorted({each["kind"] for each in changes["made"]}) == kinds
    assert changes["before"] == permitted["payload"]["digest"]
    assert changes["after"] == sha256(sent(obliged, job)).hexdigest()
    assert permitted["outgoing"]["digest"] == taken["body_sha256"]
    assert permitted["outgoing"]["edits"][0]["why"] == "obliged"
    assert permitted["circuits"]["shots"] == MOST
    assert SECRET not in json.dumps(permitted)
    assert "cost-center=42" in taken["tags"]
    assert SECRET not in taken["tags"]


def test_a_simulator_is_given_other_names_and_answers_in_the_clients(obliged):
    body = telling(EMULATED, tags=[])
    _, job = submit(obliged, body)
    obliged.ibm_ended(job)

    result = obliged.ibm("GET", f"jobs/{job}/results").body

    assert registers(result, body) == {REGISTER: ({1}, MOST)}
    label = json.loads(result)["__value__"]["metadata"]["qgw"]
    assert any("registers" in words for words in label["changes"])
    assert "private" not in json.dumps(label["changes"])


def test_a_job_that_is_within_its_duties_goes_as_it_came(obliged):
    body = bodies.sampler(bodies.pub(shots=MOST), backend="sim_heavyhex_27")
    reply, job = submit(obliged, body)

    permitted = entry_of(obliged.gateway, "job.permitted", job)

    assert (permitted["obligations"], permitted["changes"]) == ([], None)
    assert "qgw-changed" not in reply.headers


def test_a_region_that_nobody_is_in_denies(obliged):
    reply = obliged.ibm("POST", "jobs", telling(EAGLE))

    message = refusals.check(reply, 403, "policy-denied")
    assert "engine/obligation" in message
    assert "only in the-moon" in message


def test_why_something_could_not_be_done_is_kept_and_counted(obliged):
    """Policy let it go, and the job was denied: that is what it counts as."""
    assert obliged.ibm("POST", "jobs", telling(EAGLE)).status == 403
    denied = obliged.gateway.entries("job.denied")[-1]
    shown = {"explain": ("policy", "explain", str(denied["seq"])), "list": ("audit", "show", "--type", "job.denied")}
    told = {name: obliged.gateway.cli(*words) for name, words in shown.items()}
    counted = [line for line in obliged.gateway.metrics().splitlines() if line.startswith("gateway_decisions_total")]

    assert "the job may run only in the-moon" in denied["body"]["unkept"]
    assert SECRET not in json.dumps(denied["body"])
    assert [name for name, words in told.items() if "only in the-moon" not in words] == []
    assert [line for line in counted if 'rule="engine/obligation"' in line and 'outcome="deny"' in line]


def test_what_ionq_cannot_do_denies_with_words(obliged):
    reply = obliged.ionq("POST", "jobs", bell(backend="qpu.aria-1"))

    assert reply.status == 403
    assert "cannot be told how long" in json.dumps(reply.json())


def test_ionq_is_told_no_names_and_its_client_is_warned(obliged):
    reply = obliged.ionq("POST", "jobs", bell(name=SECRET, metadata={"note": SECRET}))
    assert reply.status == 201, reply.body
    job = reply.json()["id"]
    shown = obliged.ionq_ended(job)
    taken = obliged.taken("ionq")[-1]

    assert SECRET not in json.dumps(taken)
    assert taken["metadata"]["cost-center"] == "42"
    assert (shown["name"], shown["metadata"]) == (SECRET, {"note": SECRET})
    assert any("policy had this job changed" in words for words in shown["warning"]["messages"])


def test_what_never_arrived_is_sent_once_more_and_changed_as_it_was(obliged):
    """The changed body is sealed with its permit: nothing is made anew that might come out otherwise."""
    before = len(obliged.taken("ibm"))
    obliged.fakes["ibm"].ask("faults", {"rules": [{"match": "POST /jobs$", "kind": "cut_before_read", "times": 1}]})
    _, job = submit(obliged, telling())

    shown = obliged.ibm_ended(job)

    permitted, again = (entry_of(obliged.gateway, kind, job) for kind in ("job.permitted", "attempt.repeated"))
    assert shown["status"] == "Completed", shown
    assert len(obliged.taken("ibm")) == before + 1
    assert again["outgoing"]["edits"][0] == permitted["outgoing"]["edits"][0]
