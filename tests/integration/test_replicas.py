"""Several gateways on one PostgreSQL database: either answers for both, and one that dies leaves nothing behind."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.abroad import bell
from tests.integration.people import entries
from tests.integration.replicas import LEASE_SECONDS, frozen, pair, send_and_hang_up, serving
from tests.running import API, eventually

pytestmark = [pytest.mark.long, pytest.mark.tool("postgresql")]
FRESH_SECONDS = 3.0
"""What one gateway says is at most a second older than what the other one knows; the rest is for a busy machine."""
SIMULATOR = "sim_line_5"


@pytest.fixture(scope="module")
def two(tmp_path_factory, postgresql):
    pace = ("--instant", "--queue-seconds", "0.3", "--run-seconds", "2")
    with pair(tmp_path_factory.mktemp("replicas"), postgresql, *pace) as made:
        yield made


@pytest.fixture
def replicas(two):
    """Both gateways, whatever the test before did to them, and a vendor that fails nowhere."""
    two.up()
    yield two
    two.here.fakes["ionq"].ask("faults", {"rules": []})


def submit(asked, name, **changes):
    reply = asked.ionq("POST", "jobs", bell(name=name, **changes))
    assert reply.status < 300, reply.body
    return reply.json()["id"]


def status(asked, job):
    return asked.ionq("GET", f"jobs/{job}").json()["status"]


def soon(true):
    """Wait no longer than a replica may lag behind."""
    return eventually(true, seconds=FRESH_SECONDS, pause=0.02)


def test_a_job_is_seen_at_the_other_gateway_as_it_goes_on(replicas):
    job = submit(replicas.here, "seen")
    soon(lambda: replicas.there.ionq("GET", f"jobs/{job}").status == 200)

    for word in ("started", "completed"):
        eventually(lambda word=word: status(replicas.here, job) == word, seconds=30)
        soon(lambda word=word: status(replicas.there, job) == word)
    assert replicas.there.ionq("GET", f"jobs/{job}/results/probabilities").status == 200


def test_a_cancel_at_the_other_gateway_reaches_the_vendor(replicas):
    """Only the gateway that follows the job talks to the vendor about it; it must hear of the wish."""
    job = submit(replicas.here, "cancelled")

    assert replicas.there.ionq("PUT", f"jobs/{job}/status/cancel").status == 200

    assert replicas.there.ionq_ended(job)["status"] == "canceled"
    soon(lambda: status(replicas.here, job) == "canceled")
    assert [each["status"] for each in replicas.here.named("cancelled")] == ["canceled"]


def test_work_that_was_cancelled_at_one_gateway_is_not_created_again_at_the_other(replicas):
    job = submit(replicas.here, "sticky")
    replicas.here.ionq("PUT", f"jobs/{job}/status/cancel")

    refused = soon(
        lambda: found if (found := replicas.there.ionq("POST", "jobs", bell(name="sticky"))).status >= 400 else None
    )

    assert (refused.status, b"was cancelled a moment ago" in refused.body) == (403, True)


def test_a_revoked_key_ends_at_both_within_a_second(replicas):
    key = replicas.here.gateway.key()
    (key_id,) = [each["id"] for each in replicas.here.gateway.json("keys", "list") if each["id"] in key]
    for each in replicas.both:
        assert each.request("GET", f"{API}/backends", key=key).status == 200

    replicas.here.gateway.cli("keys", "revoke", key_id)

    for each in replicas.both:
        soon(lambda each=each: each.request("GET", f"{API}/backends", key=key).status == 401)


def test_the_kill_switch_stops_both(replicas):
    """It is pulled while work comes in at one gateway; what came last is stopped, and the other takes nothing more."""
    jobs = []
    with ThreadPoolExecutor(1) as operator:
        pulled = operator.submit(replicas.here.gateway.json, *("halt", "set", "--vendor", "ionq", "--reason", "a test"))
        while (reply := replicas.here.ionq("POST", "jobs", bell(name=f"halted {len(jobs)}"))).status < 300:
            jobs.append(reply.json()["id"])
            time.sleep(0.1)
    (made,) = pulled.result()
    try:
        soon(lambda: replicas.there.ionq("POST", "jobs", bell(name="too late")).status == 403)
        assert reply.status == 403
        assert replicas.there.ionq_ended(jobs[-1])["status"] == "canceled"
    finally:
        replicas.here.gateway.cli("halt", "lift", made["id"])
    for each in (replicas.here, replicas.there):
        soon(lambda each=each: each.ionq("POST", "jobs", bell(name="lifted")).status < 300)


def test_a_session_opened_at_one_gateway_is_used_and_closed_at_the_other(replicas):
    key, (here, there) = replicas.here.key, replicas.both
    session = here.request("POST", f"{API}/sessions", key=key, body={"backend": SIMULATOR}).json()["id"]

    assert there.request("GET", f"{API}/sessions/{session}", key=key).json()["accepting_jobs"]
    assert there.request("DELETE", f"{API}/sessions/{session}/close", key=key).status == 204
    assert not here.request("GET", f"{API}/sessions/{session}", key=key).json()["accepting_jobs"]


def test_one_token_is_one_job_at_whichever_gateway(replicas):
    headers = {"authorization": f"apiKey {replicas.here.key}", "idempotency-key": "one-token"}
    answers = [
        each.request("POST", "/ionq/v0.4/jobs", body=bell(name="token"), headers=headers) for each in replicas.both
    ]

    assert [each.status for each in answers] == [201, 201]
    assert len({each.json()["id"] for each in answers}) == 1
    eventually(lambda: len(replicas.here.named("token")) == 1)


def test_a_retry_that_reaches_the_other_gateway_gets_the_job_of_the_lost_answer(replicas):
    """A load balancer sends an SDK's retry wherever it likes."""
    replicas.here.fakes["ionq"].ask("faults", {"rules": [{"match": "POST /jobs$", "kind": "delay", "seconds": 1.5}]})
    send_and_hang_up(replicas.here, bell(name="retried")).close()
    time.sleep(0.3)

    again = submit(replicas.there, "retried")

    replicas.here.fakes["ionq"].ask("faults", {"rules": []})
    assert replicas.there.ionq_ended(again)["status"] == "completed"
    assert len(replicas.here.named("retried")) == 1


def test_the_same_work_is_run_twice_when_its_first_answer_arrived(replicas):
    jobs = {submit(replicas.here, "meant"), submit(replicas.there, "meant")}

    assert len(jobs) == 2
    eventually(lambda: len(replicas.here.named("meant")) == 2)


def test_what_a_killed_gateway_left_is_finished_by_the_other(replicas):
    jobs = [submit(replicas.here, f"left {number}") for number in range(4)]
    replicas.here.gateway.kill()

    assert {replicas.there.ionq_ended(job)["status"] for job in jobs} == {"completed"}
    assert [len(replicas.there.named(f"left {number}")) for number in range(4)] == [1] * 4


def test_a_gateway_that_slept_past_its_lease_is_fenced_and_nothing_is_double(replicas):
    """It wakes up in the middle of what it did, and believes that no time has passed."""
    here, there = replicas.both
    jobs = [submit(replicas.here, f"frozen {number}") for number in range(4)]
    before = serving(here)
    with frozen([before]):
        ended = [replicas.there.ionq_ended(job)["status"] for job in jobs]
        time.sleep(LEASE_SECONDS)

    eventually(lambda: not before.alive, seconds=15)
    eventually(here.ready, seconds=60)
    assert set(ended) == {"completed"}
    assert "took its work over" in here.log()
    assert [len(replicas.here.named(f"frozen {number}")) for number in range(4)] == [1] * 4
    assert len([entry for entry in entries(there, "job.completed") if entry.body["job_id"]]) == len(
        {entry.body["job_id"] for entry in entries(there, "job.completed")}
    )
    assert there.run("audit", "verify").returncode == 0


def test_both_come_back_when_the_database_restarts(replicas):
    """Connections break in the middle of everything; nobody is taken for dead because all were away."""
    jobs = [submit(asked, f"restart {number}") for number, asked in enumerate((replicas.here, replicas.there))]
    before = [serving(each) for each in replicas.both]

    replicas.server.restart()

    for each in replicas.both:
        eventually(each.ready, seconds=20)
    assert {replicas.here.ionq_ended(job)["status"] for job in jobs} == {"completed"}
    assert all(each.alive for each in before)
    assert [len(replicas.here.named(f"restart {number}")) for number in range(2)] == [1, 1]
