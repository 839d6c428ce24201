"""Deciding on a job that waits: over HTTP, in the console, and across a kill of the whole gateway."""

import json

import pytest

from tests.integration import bodies
from tests.integration.test_console import Visitor
from tests.running import Gateway, eventually

pytestmark = pytest.mark.long

API = "/api/v1/approvals"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    """One that lets nothing go in the project alpha without a second person."""
    tables = tmp_path_factory.mktemp("tables")
    (tables / "org" / "approvals").mkdir(parents=True)
    row = {"reason": "alpha is watched", "permission": "job.approve", "hours": 2, "if": {"projects": ["alpha"]}}
    (tables / "org" / "approvals" / "data.json").write_text(json.dumps({"rows": [row]}), "utf-8")
    running = Gateway(tmp_path_factory.mktemp("state") / "state", settings={"GATEWAY_POLICY__OVERRIDES": str(tables)})
    running.init()
    for name in ("alpha", "beta"):
        running.cli("projects", "new", name)
    for name in ("alice", "grace", "lena"):
        running.cli("principals", "new", name)
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture(scope="module")
def keys(gateway):
    """Alice works and has a second key that may approve; grace may approve anything, lena what belongs to beta."""
    return {
        "alice": gateway.key(principal="alice", project="alpha"),
        "alice-lead": gateway.key(principal="alice", project="alpha", role="lead"),
        "grace": gateway.key(principal="grace", project="beta", role="security"),
        "lena": gateway.key(principal="lena", project="beta", role="lead"),
    }


@pytest.fixture
def job(gateway, keys):
    """One of alice's that waits."""
    return gateway.submit(keys["alice"], bodies.golden())


def decide(gateway, key, job, verdict="approve"):
    return gateway.request("POST", f"{API}/{job}/{verdict}", token=key, body={"reason": "looked at it"})


def test_a_second_person_lets_it_go_over_http(gateway, keys, job):
    assert gateway.job(keys["alice"], job)["status"] == "Queued"
    shown = gateway.request("GET", f"{API}/{job}", token=keys["grace"]).json()
    assert (shown["state"], shown["asker"], shown["project"]) == ("waiting", "alice", "alpha")
    assert shown["facts"]["approval"]["granted"] is False
    assert job in {each["job"] for each in gateway.request("GET", API, token=keys["grace"]).json()}

    assert decide(gateway, keys["grace"], job).json()["state"] == "approved"

    assert gateway.ended(keys["alice"], job)["status"] == "Completed"
    assert decide(gateway, keys["grace"], job, "reject").status == 409
    assert job not in {each["job"] for each in gateway.request("GET", API, token=keys["grace"]).json()}


@pytest.mark.parametrize(
    ("who", "status"),
    [
        pytest.param("alice", 403, id="its submitter"),
        pytest.param("alice-lead", 403, id="its submitter with another key that could"),
        pytest.param("lena", 404, id="a lead of another project"),
    ],
)
def test_nobody_else_decides(gateway, keys, job, who, status):
    assert decide(gateway, keys[who], job).status == status
    assert gateway.job(keys["alice"], job)["status"] == "Queued"


def test_what_is_no_verdict_is_refused(gateway, keys, job):
    assert gateway.request("POST", f"{API}/{job}/approve", token=keys["grace"], body={"reason": ""}).status == 400
    assert (
        gateway.request("POST", f"{API}/no-such-job/approve", token=keys["grace"], body={"reason": "x"}).status == 404
    )
    assert gateway.request("GET", f"{API}/{job}").status == 401


def test_the_console_is_an_inbox(gateway, keys, job):
    visitor = Visitor(gateway)
    visitor.sign_in(keys["grace"])
    inbox = visitor.get("/approvals").body.decode()
    assert job in inbox
    path = f"/approvals/{inbox.split(job)[0].rpartition('/console/approvals/')[2].partition(chr(34))[0]}"
    page = visitor.get(path).body.decode()
    assert "alpha is watched" in page
    assert "What policy judged it by" in page

    forged = visitor.post(f"{path}/verdict", {"reason": "mine", "verdict": "approve"})
    strange = visitor.post(f"{path}/verdict", {"csrf": visitor.csrf(), "reason": "mine", "verdict": "maybe"})
    assert (forged.status, strange.status) == (403, 403)
    done = visitor.post(f"{path}/verdict", {"csrf": visitor.csrf(), "reason": "not today", "verdict": "reject"})

    assert done.status == 303
    assert "rejected" in visitor.get(path).body.decode()
    assert gateway.ended(keys["alice"], job)["status"] == "Failed"
    assert "not today" in json.dumps(gateway.job(keys["alice"], job))


def test_its_submitter_finds_no_button_in_the_console(gateway, keys, job):
    visitor = Visitor(gateway)
    visitor.sign_in(keys["alice-lead"])
    page = visitor.get(f"/approvals/{job}").body.decode()

    assert "somebody else has to decide" in page
    assert 'name="verdict"' not in page


def test_a_kill_loses_neither_a_request_nor_a_verdict(gateway, keys, job):
    """Killed while one waits and another was just approved: each goes on, once."""
    other = gateway.submit(keys["alice"], bodies.golden(tags=["other"]))
    for each in (job, other):
        gateway.job(keys["alice"], each)
    eventually(lambda: len(gateway.json("approvals", "list")) >= 2)
    assert decide(gateway, keys["grace"], other).status == 200
    gateway.kill()
    gateway.start()

    assert gateway.ended(keys["alice"], other)["status"] == "Completed"
    assert gateway.job(keys["alice"], job)["status"] == "Queued"
    assert decide(gateway, keys["grace"], job).status == 200
    assert gateway.ended(keys["alice"], job)["status"] == "Completed"
    permitted = [each["body"]["client_job_id"] for each in gateway.entries("job.permitted")]
    assert (permitted.count(job), permitted.count(other)) == (1, 1)
    assert gateway.run("audit", "fsck").returncode == 0
