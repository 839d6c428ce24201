"""A circuit that was once restricted does not come back as public, under whatever names and from whatever project."""

from dataclasses import replace
from itertools import pairwise

import pytest
from qiskit import QuantumCircuit

from tests.integration import bodies, refusals
from tests.integration.abroad import abroad
from tests.integration.people import entries, entry_of
from tests.running import eventually

pytestmark = pytest.mark.long

FIVE, EMULATED = "ibm_test_five", "sim_line_5"
RESTRICTED = "qgw:classification=restricted"
HERE_ONLY = "qgw:simulator=deny"


@pytest.fixture(scope="module")
def deployment(tmp_path_factory):
    """IBM and IonQ, and a scientist of another project beside the first."""
    pace = ("--queue-seconds", "0.1", "--run-seconds", "0.1")
    with abroad(tmp_path_factory.mktemp("labels"), ["ibm", "ionq"], *pace) as made:
        made.gateway.cli("projects", "new", "others", "--team", "elsewhere")
        yield made


@pytest.fixture(scope="module")
def others(deployment):
    """The same deployment, for a scientist of the other project."""
    return replace(deployment, key=deployment.gateway.key(project="others"))


def work(*gates: str, wires=(0, 1, 2, 3), angle: float = 0.3, name: str = "secret") -> QuantumCircuit:
    """Entangle four qubits in rounds; the gates between them make each test's circuit its own."""
    circuit = QuantumCircuit(4, name=name)
    for gate in ("h", *gates, "h", "x"):
        getattr(circuit, gate)(wires[0])
        for one, other in pairwise(wires):
            circuit.rz(angle, wires[3])
            circuit.cx(one, other)
    circuit.measure_all()
    return circuit


def submit(client, circuit, *tags, backend=FIVE):
    asked = [*tags, HERE_ONLY] if backend == FIVE else list(tags)
    return client.ibm("POST", "jobs", bodies.sampler(bodies.pub(circuit), backend=backend, tags=asked))


def label(client, circuit) -> str:
    """Submit a circuit with the tag, which hardware does not take; gives the id of the decision."""
    assert "restricted data may not go" in refusals.check(submit(client, circuit, RESTRICTED), 403, "policy-denied")
    return entries(client.gateway, "job.denied")[-1].body["decision"]["id"]


def test_the_tag_is_left_out_and_the_label_stays(deployment):
    """What every scientist tries first."""
    label(deployment, work("s"))

    sentence = refusals.check(
        submit(deployment, work("s", wires=(2, 0, 3, 1), angle=1.1, name="harmless")), 403, "policy-denied"
    )

    assert "restricted data may not go" in sentence
    assert "one of its circuits was labelled so before" in sentence
    assert entries(deployment.gateway, "job.denied")[-1].body["classification"] == "restricted"


def test_another_project_does_not_get_it_out_either(deployment, others):
    label(deployment, work("s", "t"))

    assert "restricted data" in refusals.check(submit(others, work("s", "t", angle=2.0)), 403, "policy-denied")


def test_another_vendors_sdk_does_not_get_it_out_either(deployment):
    label(deployment, work("t", "t"))
    gates = []
    for gate in ("h", "t", "t", "h", "x"):
        gates.append({"gate": gate, "target": 0})
        for one in range(3):
            gates += [{"gate": "rz", "target": 3, "rotation": 0.9}, {"gate": "cnot", "control": one, "target": one + 1}]

    reply = deployment.ionq(
        "POST",
        "jobs",
        {
            "type": "ionq.circuit.v1",
            "backend": "qpu.forte-1",
            "shots": 64,
            "input": {"gateset": "qis", "qubits": 4, "circuit": gates},
        },
    )

    assert reply.status == 403
    assert "restricted data may not go" in reply.json()["message"]


def test_a_small_circuit_of_another_project_is_nobodys(deployment, others):
    """A pair is in every textbook: who labels it binds their own project alone."""
    small = QuantumCircuit(2)
    small.s(0)
    small.cx(0, 1)
    small.measure_all()
    label(deployment, small)

    assert submit(others, small).status == 200
    assert submit(deployment, small).status == 403


def test_a_job_that_runs_all_the_same_says_why_it_counts_as_more(deployment):
    label(deployment, work("sx"))

    reply = submit(deployment, work("sx"), backend=EMULATED)

    permitted = entry_of(deployment.gateway, "job.permitted", deployment.ibm_ended(reply.json()["id"])["id"])
    assert permitted["classification"] == "restricted"
    assert "data/remembered" in permitted["decision"]["warn"]


def test_a_label_spreads_to_nothing_that_only_ran_beside_it(deployment):
    label(deployment, work("y"))
    beside = bodies.sampler(bodies.pub(work("y")), bodies.pub(work("z")), backend=EMULATED)
    deployment.ibm_ended(deployment.ibm("POST", "jobs", beside).json()["id"])

    assert submit(deployment, work("z")).status == 200


def test_an_administrator_takes_a_label_back(deployment):
    gateway = deployment.gateway
    decision = label(deployment, work("sdg"))
    (shown,) = gateway.json("labels", "show", decision, "--json")
    assert (shown["label"], shown["fixed"]) == ("restricted", False)

    assert "lowered" in said(gateway, "labels", "lower", decision, "--to", "internal", "--reason", "tagged by mistake")

    lowered = entries(gateway, "label.lowered")[-1].body
    assert (lowered["before"], lowered["after"], lowered["reason"]) == ("restricted", "internal", "tagged by mistake")
    assert gateway.json("labels", "show", decision, "--json")[0]["label"] == "internal"
    assert taken(deployment, work("sdg"))


def test_what_is_in_the_textbooks_is_lowered_for_good(deployment):
    gateway = deployment.gateway
    decision = label(deployment, work("tdg"))
    said(gateway, "labels", "lower", decision, "--to", "public", "--reason", "a known ansatz", "--for-good")
    assert taken(deployment, work("tdg"))

    label(deployment, work("tdg"))

    assert taken(deployment, work("tdg"))


def test_nothing_is_ever_raised_by_lowering(deployment):
    decision = label(deployment, work("y", "y"))

    deployment.gateway.cli("labels", "lower", decision, "--to", "internal", "--reason", "a mistake")
    again = said(deployment.gateway, "labels", "lower", decision, "--to", "restricted", "--reason", "or not")

    assert "nothing changed" in again


def test_a_decision_that_nobody_made_has_no_circuits(deployment):
    done = deployment.gateway.run("labels", "show", "no-such-decision")

    assert done.returncode != 0
    assert "tells of no decision" in done.stderr


def said(gateway, *arguments) -> str:
    """Give what a command says to people."""
    done = gateway.run(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stderr + done.stdout


def taken(client, circuit) -> bool:
    """Submit until what the command line wrote has been taken in, at the latest after some seconds."""
    return eventually(lambda: submit(client, circuit).status == 200, seconds=20, pause=0.5)
