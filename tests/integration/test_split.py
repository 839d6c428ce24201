"""Circuits that policy has sent in parts are one job from permit to result, whatever happens on the way."""

import json
from hashlib import sha256

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from adapters.ibm.vendor_results import decode
from gateway.enforcement.outgoing import SENT
from tests.integration import bodies, refusals
from tests.integration.abroad import abroad, bell
from tests.integration.people import entry_of, report, within
from tests.running import eventually
from tests.unit.ibm_reader.wire import ndarray

pytestmark = pytest.mark.long

FIVE, EMULATED, EAGLE = "ibm_test_five", "sim_line_5", "ibm_test_eagle"
ASKED = "qgw:simulator=deny"
SHOTS, MOST = 50, 20
PARTS = [20, 20, 10]
TABLES = {
    "size": [
        {"when": {"backend": [FIVE, EMULATED], "dialect": ["ibm"]}, "split_shots": MOST},
        {"when": {"backend": [EAGLE]}, "split_shots": 1},
        {"when": {"dialect": ["ionq"]}, "split_shots": MOST},
    ],
    "disclosure": [{"when": {"program": ["sampler"], "dialect": ["ibm"]}, "relabel_registers": True}],
    "run": [],
}


@pytest.fixture(scope="module")
def obliged(tmp_path_factory):
    """IBM and IonQ, and an operator who lets no circuit run often at once."""
    pace = ("--queue-seconds", "0.5", "--run-seconds", "0.5")
    with abroad(tmp_path_factory.mktemp("split"), ["ibm", "ionq"], *pace, policies={"obligations": TABLES}) as made:
        yield made


def turned(backend=FIVE, shots=SHOTS):
    """Submit a circuit whose first parameter set always reads 0, and whose second one 1."""
    circuit = QuantumCircuit(1)
    circuit.sx(0)
    circuit.rz(Parameter("angle"), 0)
    circuit.sx(0)
    circuit.measure_all()
    pub = [bodies.packed(circuit), ndarray(np.array([[np.pi], [0.0]])), shots]
    return bodies.sampler(pub, backend=backend, tags=[] if backend == EMULATED else [ASKED])


def submit(obliged, body):
    reply = obliged.ibm("POST", "jobs", body)
    assert reply.status == 200, reply.body
    return reply.json()["id"]


def samples(obliged, job, body):
    """Fetch a result; gives its shape, its shots and what every parameter set reads."""
    result = obliged.ibm("GET", f"jobs/{job}/results").body
    (item,) = decode(json.dumps(body).encode(), {"result": result}).items
    rows = item.registers["meas"].samples.data
    return item.shape, item.shots, [set(rows[:SHOTS]), set(rows[SHOTS:])]


WHOLE = ((2,), SHOTS, [{0}, {1}])


@pytest.mark.parametrize("backend", [FIVE, EMULATED])
def test_a_job_in_parts_comes_back_whole(obliged, backend):
    body = turned(backend)
    job = submit(obliged, body)

    assert obliged.ibm_ended(job)["status"] == "Completed"
    assert samples(obliged, job, body) == WHOLE


def test_what_was_done_is_recorded_and_the_work_is_the_same(obliged):
    job = submit(obliged, body := turned())
    obliged.ibm_ended(job)

    permitted, record = entry_of(obliged.gateway, "job.permitted", job), report(obliged.gateway, job).job
    sent = within(obliged.gateway, lambda house: house.vault.open(object_id=record.id, kind=SENT))
    whole = submit(obliged, {**body, "params": {**body["params"], "pubs": [[*body["params"]["pubs"][0][:2], MOST]]}})

    (own,), parts = body["params"]["pubs"], json.loads(sent)["params"]["pubs"]
    assert [(part[1], part[2]) for part in parts] == [(own[1], shots) for shots in PARTS]
    assert len({json.dumps(part[0]) for part in parts}) == 1
    assert {"kind": "split-shots", "parameters": {"shots": MOST}} in permitted["obligations"]
    assert "split-shots" in {each["kind"] for each in permitted["changes"]["made"]}
    assert permitted["changes"]["after"] == sha256(sent).hexdigest()
    assert (permitted["circuits"]["count"], permitted["circuits"]["shots"]) == (len(PARTS), 2 * SHOTS)
    # In parts or not, it is the same work: whoever looks for it finds both.
    assert permitted["circuits"]["digest"] == report(obliged.gateway, whole).job.program_digest


def test_a_gateway_that_was_killed_while_it_ran_gives_the_whole_result(obliged):
    body = turned()
    job = submit(obliged, body)

    obliged.gateway.kill()
    obliged.gateway.start()

    assert obliged.ibm_ended(job)["status"] == "Completed"
    assert samples(obliged, job, body) == WHOLE


def test_what_never_arrived_is_sent_once_more_in_the_same_parts(obliged):
    before = len(obliged.taken("ibm"))
    obliged.fakes["ibm"].ask("faults", {"rules": [{"match": "POST /jobs$", "kind": "cut_before_read", "times": 1}]})
    body = turned()
    job = submit(obliged, body)

    assert obliged.ibm_ended(job)["status"] == "Completed"
    assert len(obliged.taken("ibm")) == before + 1
    assert samples(obliged, job, body) == WHOLE


def test_a_job_in_parts_is_cancelled_once(obliged):
    job = submit(obliged, turned())

    assert obliged.ibm("POST", f"jobs/{job}/cancel").status == 204

    assert obliged.ibm_ended(job)["status"] == "Cancelled"
    assert eventually(lambda: obliged.taken("ibm")[-1]["status"].startswith("Cancelled"))


def test_a_simulation_in_parts_is_replayed_shot_for_shot(obliged):
    job = submit(obliged, turned(EMULATED))
    obliged.ibm_ended(job)

    replayed = json.loads(obliged.gateway.cli("replay", job, "--json"))

    assert (replayed["circuits_hold"], replayed["payload_holds"], replayed["identical"]) == (True, True, True)


@pytest.mark.parametrize("shots", [300, 301])
def test_a_job_that_would_be_too_many_circuits_is_denied_with_words(obliged, shots):
    body = bodies.sampler(bodies.pub(bodies.line(1), shots=shots), backend=EAGLE, tags=[ASKED])

    reply = obliged.ibm("POST", "jobs", body)

    if shots == 300:
        assert reply.status == 200, reply.body
    else:
        message = refusals.check(reply, 403, "policy-denied")
        assert "engine/obligation" in message
        assert "it is 301 circuits, and a job has 300 at most" in message


def test_ionq_runs_no_parts_and_says_so(obliged):
    reply = obliged.ionq("POST", "jobs", bell(shots=SHOTS))

    assert reply.status == 403
    assert "cannot run its circuits in parts" in json.dumps(reply.json())
