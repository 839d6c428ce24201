"""A job whose hardware is away runs on another vendor's, is answered in its own words, and says so everywhere."""

import json

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter

from adapters.ibm.vendor_results import decode
from tests.integration import bodies, refusals
from tests.integration.abroad import abroad, bell
from tests.integration.people import entries, entry_of
from tests.unit.ibm_reader.wire import ndarray

pytestmark = pytest.mark.long

ORDER = {
    "order": ["requested", "alternative", "vendor", "simulator"],
    "simulator": {"vendor": "gateway", "region": "local"},
}
FIVE, EAGLE = "ibm_test_five", "ibm_test_eagle"
FORTE = "qpu.forte-1"
SHOTS = 64
NO_SIMULATOR = "qgw:simulator=deny"


@pytest.fixture(scope="module")
def away(tmp_path_factory):
    """IBM and IonQ, both there, and an operator who lets jobs go to either."""
    folder = tmp_path_factory.mktemp("elsewhere")
    pace = ("--queue-seconds", "0.1", "--run-seconds", "0.1")
    with abroad(folder, ["ibm", "ionq"], *pace, policies={"placement": ORDER}) as made:
        yield made


@pytest.fixture
def ibm_away(away):
    away.set_online("ibm", FIVE, EAGLE, online=False)
    yield away
    away.set_online("ibm", FIVE, EAGLE, online=True)


@pytest.fixture
def ionq_away(away):
    names = [each["backend"] for each in away.ionq("GET", "backends").json() if each["backend"].startswith("qpu.")]
    away.set_online("ionq", *names, online=False)
    yield away
    away.set_online("ionq", *names, online=True)


def scattered():
    """Use two qubits of five, and two registers, two bits of which nobody writes: low reads 1, high reads 2."""
    circuit = QuantumCircuit(QuantumRegister(5, "q"), ClassicalRegister(1, "low"), ClassicalRegister(3, "high"))
    circuit.x(3)
    circuit.cx(3, 1)
    circuit.measure(3, 0)
    circuit.measure(1, 2)
    return circuit


def asked(backend=FIVE, *, tags=(), circuit=None):
    """Submit the scattered circuit or another, and no simulator, please."""
    pub = bodies.pub(scattered() if circuit is None else circuit, SHOTS)
    return bodies.sampler(pub, backend=backend, tags=[NO_SIMULATOR, *tags])


def submit(away, body):
    reply = away.ibm("POST", "jobs", body)
    assert reply.status == 200, reply.body
    return reply, reply.json()["id"]


def registers(body, submitted):
    """Read what each register reads in every shot."""
    (item,) = decode(json.dumps(submitted).encode(), {"result": body}).items
    return {name: set(register.samples.data) for name, register in item.registers.items()}


def test_an_ibm_clients_job_goes_to_ionq_and_comes_back_in_its_registers(ibm_away):
    before = len(ibm_away.taken("ionq"))
    body = asked()

    reply, job = submit(ibm_away, body)
    shown = ibm_away.ibm_ended(job)
    results = ibm_away.ibm("GET", f"jobs/{job}/results")

    assert shown["status"] == "Completed", shown
    assert registers(results.body, body) == {"low": {1}, "high": {2}}
    (taken,) = ibm_away.taken("ionq")[before:]
    assert shown["backend"].startswith("qpu.")
    assert taken["id"] not in json.dumps(shown) + results.body.decode()

    # Labelled wherever a person or a program looks.
    for answer in (reply, results, ibm_away.ibm("GET", f"jobs/{job}"), ibm_away.ibm("GET", f"jobs/{job}/metrics")):
        assert answer.headers["qgw-execution-kind"] == "hardware"
        assert answer.headers["qgw-backend"] == shown["backend"]
        assert FIVE in answer.headers["qgw-fallback-reason"]
    assert shown["qgw"]["asked_backend"] == FIVE
    assert "backend/online" in shown["qgw"]["fallback_reason"]
    assert "qgw:execution=hardware" in shown["tags"]
    assert FIVE in json.loads(results.body)["__value__"]["metadata"]["qgw"]["fallback_reason"]
    assert "instead of" in ibm_away.ibm("GET", f"jobs/{job}/logs").body.decode()
    permitted = entry_of(ibm_away.gateway, "job.permitted", job)
    assert permitted["placement"]["fallback"] is True
    assert permitted["tried"] == [{"backend": FIVE, "rules": ["backend/online"]}]
    assert permitted["outgoing"]["edits"][0]["why"] == "translated"
    assert entry_of(ibm_away.gateway, "job.completed", job)["fallback"] is True


def test_an_ionq_clients_job_goes_to_ibm_and_comes_back_as_probabilities(ionq_away):
    before = len(ionq_away.taken("ibm"))

    reply = ionq_away.ionq("POST", "jobs", bell(backend=FORTE))
    assert reply.status < 300, reply.body
    job = reply.json()["id"]
    shown = ionq_away.ionq_ended(job)
    found = ionq_away.ionq("GET", f"jobs/{job}/results/probabilities")

    assert shown["status"] == "completed", shown
    told = found.json()
    assert set(told) <= {"0", "3"}
    assert sum(told.values()) == pytest.approx(1)
    (taken,) = ionq_away.taken("ibm")[before:]
    assert taken["id"] not in json.dumps(shown)
    assert shown["qgw"]["asked_backend"] == FORTE
    assert shown["qgw"]["backend"] in {FIVE, EAGLE}
    assert FORTE in shown["qgw"]["fallback_reason"]
    assert any(FORTE in warning for warning in shown["warnings"]) if "warnings" in shown else True
    assert reply.headers["qgw-backend"] == shown["qgw"]["backend"]
    assert FORTE in found.headers["qgw-fallback-reason"]
    assert FORTE in [each["backend"] for each in entry_of(ionq_away.gateway, "job.permitted", job)["tried"]]


def test_the_same_vendors_other_hardware_comes_first(away):
    """IBM's other computer takes it, transpiled for it; the answer is IBM's format, written from what was read."""
    away.set_online("ibm", FIVE, online=False)
    try:
        body = asked()
        _, job = submit(away, body)
        shown = away.ibm_ended(job)
        results = away.ibm("GET", f"jobs/{job}/results")
    finally:
        away.set_online("ibm", FIVE, online=True)

    assert (shown["status"], shown["backend"]) == ("Completed", EAGLE)
    assert {name: max(read) for name, read in registers(results.body, body).items()} == {"low": 1, "high": 2}
    assert shown["qgw"]["asked_backend"] == FIVE
    assert FIVE in json.loads(results.body)["__value__"]["metadata"]["qgw"]["fallback_reason"]


def test_a_backend_that_nobody_knows_is_replaced_too(away):
    reply, job = submit(away, asked("ibm_unheard_of"))

    assert "ibm_unheard_of" in reply.headers["qgw-fallback-reason"]
    assert away.ibm_ended(job)["backend"] in {FIVE, EAGLE}
    assert entry_of(away.gateway, "job.permitted", job)["tried"][0]["rules"] == ["backend/known"]


def test_a_job_that_was_moved_is_read_after_a_restart_with_what_was_sent(ibm_away):
    """The body that went to the other vendor says which qubit each bit reads; the received one does not."""
    body = asked()
    _, job = submit(ibm_away, body)
    ibm_away.gateway.kill()
    ibm_away.gateway.launch()
    ibm_away.gateway.wait_ready()

    assert ibm_away.ibm_ended(job)["status"] == "Completed"
    assert registers(ibm_away.ibm("GET", f"jobs/{job}/results").body, body) == {"low": {1}, "high": {2}}


# ── where it may not ─────────────────────────────────────────────────────────────────────────────
def test_a_job_stays_where_its_owner_wants_no_other(ibm_away):
    before = len(ibm_away.taken("ionq"))

    reply = ibm_away.ibm("POST", "jobs", asked(tags=["qgw:placement=requested"]))

    assert "backend/online" in refusals.check(reply, 403, "policy-denied")
    assert len(ibm_away.taken("ionq")) == before


def test_a_class_that_may_go_to_no_vendor_is_simulated_or_refused(ibm_away):
    """Each other place is judged whole, by all rules: consent to a simulator of our own is another thing.

    The circuit is no other test's: the label sticks to it.
    """
    before = len(ibm_away.taken("ionq"))
    restricted = "qgw:classification=restricted"
    body = asked(tags=[restricted], circuit=bodies.line(4))

    refused = ibm_away.ibm("POST", "jobs", body)
    simulated = ibm_away.ibm("POST", "jobs", {**body, "tags": [restricted, "qgw:simulator=allow"]})

    assert "backend/online" in refusals.check(refused, 403, "policy-denied")
    assert simulated.json()["qgw"]["execution_kind"] == "simulator"
    assert len(ibm_away.taken("ionq")) == before


def test_a_class_that_may_go_to_one_vendor_is_not_moved_to_another(tmp_path):
    """The other vendor is asked of policy, refused by it, and named in the entry of the denial."""
    residency = {
        "confidential": [
            {"kind": "hardware", "vendor": "ibm", "region": "*"},
            {"kind": "simulator", "vendor": "gateway", "region": "local"},
        ]
    }
    tables = json.loads((bodies.REQUESTS.parents[3] / "policies/org/residency/data.json").read_text())
    with abroad(
        tmp_path, ["ibm", "ionq"], "--instant", policies={"placement": ORDER, "residency": {**tables, **residency}}
    ) as made:
        made.set_online("ibm", FIVE, EAGLE, online=False)

        reply = made.ibm("POST", "jobs", asked(tags=["qgw:classification=confidential"]))

        assert "backend/online" in refusals.check(reply, 403, "policy-denied")
        assert made.taken("ionq") == []
        (denied,) = entries(made.gateway, "job.denied")
        tried = {each["backend"]: each["rules"] for each in denied.body["tried"]}
        assert any("data/residency" in rules for name, rules in tried.items() if name.startswith("qpu."))


@pytest.mark.parametrize("consent", ["allow", "deny"])
def test_a_dry_run_is_never_moved(ionq_away, consent):
    """It asks what one backend would do; a simulator may say that it would run."""
    before = len(ionq_away.taken("ibm"))

    reply = ionq_away.ionq("POST", "jobs", bell(backend=FORTE, dry_run=True, metadata={"qgw:simulator": consent}))

    assert reply.status == (201 if consent == "allow" else 403), reply.body
    assert len(ionq_away.taken("ibm")) == before


def test_several_parameter_sets_are_never_moved(ibm_away):
    """Their results have a shape that no other vendor's have; the refusal is the one about the backend."""
    circuit = QuantumCircuit(1, 1)
    circuit.ry(Parameter("angle"), 0)
    circuit.measure(0, 0)
    several = [bodies.pub(circuit)[0], ndarray(np.array([[0.1], [0.2]])), SHOTS]
    before = len(ibm_away.taken("ionq"))

    reply = ibm_away.ibm("POST", "jobs", bodies.sampler(several, backend=FIVE, tags=[NO_SIMULATOR]))

    assert "backend/online" in refusals.check(reply, 403, "policy-denied")
    assert len(ibm_away.taken("ionq")) == before
