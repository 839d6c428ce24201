"""Jobs that really go to a vendor: its bytes come back as they were, and no client waits longer than its bound."""

import json
import time
import urllib.request

import pytest
from qiskit import QuantumCircuit

from gateway.enforcement.submit import ANSWER_SECONDS
from tests.integration import bodies, refusals
from tests.integration.abroad import abroad, bell
from tests.integration.people import entries, entry_of
from tests.running import eventually

pytestmark = pytest.mark.long

FIVE = "ibm_test_five"
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    pace = ("--queue-seconds", "0.1", "--run-seconds", "0.1")
    with abroad(tmp_path_factory.mktemp("outside"), ["ionq", "ibm"], *pace) as made:
        yield made


@pytest.fixture
def faults(outside):
    """Let a vendor fail during one test."""

    def fail(vendor, **rule):
        outside.fakes[vendor].ask("faults", {"rules": [rule]})

    yield fail
    for fake in outside.fakes.values():
        fake.ask("faults", {"rules": []})


def submit(outside, **changes):
    reply = outside.ionq("POST", "jobs", bell(**changes))
    assert reply.status < 300, reply.body
    return reply.json()["id"]


def own(outside, path):
    """Ask IonQ itself."""
    request = urllib.request.Request(  # noqa: S310  # our own fake
        f"{outside.fakes['ionq'].url}/v0.4/{path}", headers={"authorization": "apiKey fake-ionq-key"}
    )
    with DIRECT.open(request, timeout=10) as answer:
        return answer.read()


def vendors_id(outside, name):
    (job,) = outside.named(name)
    return job["id"]


def test_results_are_the_vendors_byte_for_byte_and_ids_are_ours(outside):
    job = submit(outside, name="bytes")
    shown = outside.ionq_ended(job)
    theirs = vendors_id(outside, "bytes")

    for kind in ("probabilities", "histogram", "shots"):
        answer = outside.ionq("GET", f"jobs/{job}/results/{kind}")
        assert answer.status == 200, answer.body
        assert answer.body == own(outside, f"jobs/{theirs}/results/{kind}")
    assert shown["status"] == "completed"
    assert theirs not in json.dumps(shown)
    completed = entry_of(outside.gateway, "job.completed", job)
    assert completed["vendor"]["job"] == theirs
    assert len(completed["documents"]) >= 4


def test_an_ibm_job_runs_at_ibm(outside):
    flip = QuantumCircuit(5, 1)
    flip.x(3)
    flip.measure(3, 0)
    body = bodies.sampler(bodies.pub(flip), backend=FIVE, tags=["qgw:simulator=deny"])
    reply = outside.ibm("POST", "jobs", body)
    assert reply.status == 200, reply.body
    job = reply.json()["id"]

    shown = outside.ibm_ended(job)

    assert (shown["status"], shown["backend"]) == ("Completed", FIVE)
    assert reply.headers["qgw-execution-kind"] == "hardware"
    assert "qgw-fallback-reason" not in reply.headers
    assert entry_of(outside.gateway, "job.forwarded", job)["upstream"] == "ibm"


def test_a_vendors_refusal_is_the_clients_with_its_words_and_no_reason_to_repeat(outside, faults):
    faults("ibm", match="POST /jobs$", kind="status", status=400)
    before = len(outside.taken("ibm"))

    reply = outside.ibm("POST", "jobs", bodies.golden(backend=FIVE, tags=["qgw:simulator=deny", "refused"]))

    message = refusals.check(reply, reply.status, "vendor-refused")
    assert 400 <= reply.status < 500
    assert reply.status not in {409, 429}
    assert "ibm refused (400)" in message
    assert len(outside.taken("ibm")) == before
    assert any("ibm refused (400)" in entry.body["reason"] for entry in entries(outside.gateway, "job.failed"))


@pytest.mark.parametrize("kind", ["accept_then_cut", "accept_then_status", "half_answer", "garbage"])
def test_a_lost_answer_is_no_error_and_the_job_is_found(outside, faults, kind):
    """Never a 5xx after forwarding: the SDK would submit the paid job a second time."""
    name = f"lost-{kind}"
    faults("ionq", match="POST /jobs$", kind=kind, status=503, times=1)

    job = submit(outside, name=name)

    assert outside.ionq_ended(job)["status"] == "completed"
    assert len(outside.named(name)) == 1
    assert entry_of(outside.gateway, "attempt.lost", job)
    assert entry_of(outside.gateway, "job.forwarded", job)["found"] is True


def test_a_submission_that_never_arrived_is_sent_once_more(outside, faults):
    faults("ionq", match="POST /jobs$", kind="cut_before_read", times=1)

    job = submit(outside, name="never-arrived")

    assert outside.ionq_ended(job)["status"] == "completed"
    assert len(outside.named("never-arrived")) == 1
    assert entry_of(outside.gateway, "attempt.repeated", job)["attempt"] == 2


def test_a_vendor_that_hangs_keeps_no_client_waiting_past_the_bound(outside, faults):
    """The client is told its job, which goes on without it."""
    faults("ionq", match="POST /jobs$", kind="accept_then_delay", seconds=ANSWER_SECONDS + 6, times=1)
    began = time.monotonic()

    job = submit(outside, name="slow")

    assert ANSWER_SECONDS - 1 < time.monotonic() - began < ANSWER_SECONDS + 4
    assert outside.ionq("GET", f"jobs/{job}").status == 200
    assert eventually(lambda: outside.ionq_ended(job)["status"] == "completed", seconds=90)
    assert len(outside.named("slow")) == 1
