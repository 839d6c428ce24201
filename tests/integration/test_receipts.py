"""Receipts and packs of a running gateway: every answer says where, and only who may see a job gets them."""

import json
import subprocess
import sys
import zipfile
from urllib.parse import quote

import pytest

from gateway.domain import labels
from gateway.http.admin import MOUNT
from gateway.http.receipts import PACK
from gateway.verifier import NAME, qgw_verify, source
from tests.integration import bodies, planting
from tests.running import eventually

pytestmark = pytest.mark.long

SUBMISSIONS = {
    "ibm": ("/jobs", bodies.golden, "id"),
    "ionq": ("/jobs", lambda: planting.ionq("simulator", settings={}), "id"),
    "braket": ("/quantum-task", planting.braket, "quantumTaskArn"),
}
ENDED = {"completed", "failed", "canceled", "cancelled"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    yield from planting.deployed(tmp_path_factory.mktemp("receipts"), {})


@pytest.fixture(scope="module")
def jobs(made):
    """A job of each dialect that has ended: the answers to its submission and to a poll, by dialect."""
    return {dialect: ran(made, dialect) for dialect in SUBMISSIONS}


def ran(made, dialect):
    path, body, id_ = SUBMISSIONS[dialect]
    submitted = made.send(dialect, "POST", path, body())
    assert submitted.status in {200, 201}, submitted.body
    shown = f"{path}/{quote(submitted.json()[id_], safe='')}"

    def ended():
        polled = made.send(dialect, "GET", shown)
        return polled if polled.json()["status"].lower() in ENDED else None

    return submitted, eventually(ended)


def receipt_of(made, path, key=None):
    """Ask for a receipt until a checkpoint has all of it, as the answer says one should."""

    def asked():
        reply = made.gateway.request("GET", path, token=key or made.key)
        assert reply.status == 200 or (reply.status, reply.headers["retry-after"]) == (503, "2"), reply.body
        return reply if reply.status == 200 and not reply.json()["pending"] else None

    return eventually(asked, seconds=40, pause=0.5)


@pytest.mark.parametrize("dialect", SUBMISSIONS)
def test_every_answer_about_a_job_says_where_its_receipt_is(made, jobs, dialect):
    submitted, polled = jobs[dialect]
    path = submitted.headers[labels.RECEIPT]

    assert path.startswith(f"{MOUNT}/receipts/")
    assert polled.headers[labels.RECEIPT] == path
    if dialect != "ionq":
        assert f'"receipt":"{path}"' in polled.body.decode().replace('": "', '":"')
    receipt = receipt_of(made, path).json()
    told = [json.loads(each["leaf"])["event"]["type"] for each in receipt["entries"]]
    assert told == ["ledger.key_created", "job.permitted", "job.forwarded", "job.completed"]


def test_a_list_of_jobs_names_the_receipt_of_each(made, jobs):
    listed = made.send("ibm", "GET", "/jobs?limit=10").json()["jobs"]

    assert [each["qgw"]["receipt"] for each in listed] == [jobs["ibm"][0].headers[labels.RECEIPT]]


def test_a_refusal_has_a_receipt_too(made, jobs):
    """That somebody was told no, and by which rules, is worth as much as a yes."""
    refused = made.send("ibm", "POST", "/jobs", bodies.golden(tags=["qgw:nonsense=1"]))
    path = refused.headers[labels.RECEIPT]

    receipt = receipt_of(made, path).json()

    assert refused.status == 403
    assert path.endswith(refused.headers["qgw-decision-id"])
    assert json.loads(receipt["entries"][-1]["leaf"])["event"]["type"] == "job.denied"
    assert receipt["client_job_id"] is None


def test_what_is_proven_is_proven_to_anybody(made, jobs, tmp_path):
    """The receipts of three dialects and the packs of their jobs, beside the whole ledger, by the carried program."""
    auditor = made.gateway.key(role="auditor")
    for dialect, (submitted, _) in jobs.items():
        path = submitted.headers[labels.RECEIPT]
        (tmp_path / f"{dialect}.json").write_bytes(receipt_of(made, path).body)
        pack = made.gateway.request("GET", path.replace("/receipts/", "/evidence/"), token=auditor)
        assert (pack.status, pack.headers["content-type"]) == (200, PACK)
        (tmp_path / f"{dialect}.zip").write_bytes(pack.body)
    checkpoints = str(tmp_path / "checkpoints.jsonl")
    made.gateway.cli("audit", "export", "--output", str(tmp_path / "ledger.jsonl"), "--checkpoints", checkpoints)
    policy, program = tmp_path.parent / "policy", tmp_path.parent / NAME
    policy.write_text(made.gateway.cli("audit", "policy"))
    program.write_bytes(source())

    done = subprocess.run(
        [sys.executable, "-I", program, tmp_path, "--policy", policy, "--canonical"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.count("job.completed on") == 2 * len(jobs)


def test_the_command_writes_the_same_pack(made, jobs, tmp_path):
    job = jobs["ibm"][0].json()["id"]
    path = tmp_path / "evidence.zip"

    made.gateway.cli("evidence", job, "--output", str(path))
    proven, told = qgw_verify.pack(path.read_bytes())

    assert [entry["event"]["type"] for entry in told] == ["job.permitted", "job.forwarded", "job.completed"]
    assert qgw_verify.story(told)["client_job_id"] == job
    assert proven.checkpoint.origin == "localhost/quantum-gateway"


def test_what_was_erased_is_not_in_the_pack_and_the_rest_holds(made, tmp_path):
    """A person's facts may be gone for good; that the decision was made, and by which policy, stays proven."""
    job = ran(made, "ibm")[0].json()["id"]
    made.gateway.cli("evidence", job, "--output", str(tmp_path / "before.zip"))
    removed = made.send("ibm", "DELETE", f"/jobs/{job}")
    assert removed.status in {200, 204}, removed.body

    done = made.gateway.run("evidence", job, "--output", str(tmp_path / "after.zip"))
    assert done.returncode == 0, done.stderr
    (tmp_path / "policy").write_text(made.gateway.cli("audit", "policy"))
    audit = qgw_verify.Audit(qgw_verify.Policy.parse((tmp_path / "policy").read_text()))
    qgw_verify.run(audit, [tmp_path / "before.zip", tmp_path / "after.zip"], checkpoints=[], known=[])

    assert audit.report.findings == []
    manifest = json.loads(members(tmp_path / "after.zip")["manifest.json"])
    assert set(manifest["missing"]) <= {"provenance.json", "facts.json"}
    assert manifest["missing"].keys() - manifest["files"].keys() == manifest["missing"].keys()


def members(path):
    with zipfile.ZipFile(path) as opened:
        return {each.filename: opened.read(each) for each in opened.infolist()}


def test_a_receipt_is_for_who_may_see_the_job(made, jobs):
    path = jobs["ibm"][0].headers[labels.RECEIPT]
    made.gateway.cli("projects", "new", "elsewhere", "--team", "others")
    stranger = made.gateway.key(project="elsewhere")
    auditor = made.gateway.key(role="auditor", project="elsewhere")

    assert made.gateway.request("GET", path).status == 401
    assert made.gateway.request("GET", path, token=stranger).status == 404
    assert receipt_of(made, path, auditor).status == 200


def test_a_refusal_is_for_who_was_refused(made):
    path = made.send("ibm", "POST", "/jobs", bodies.golden(tags=["qgw:nonsense=1"])).headers[labels.RECEIPT]
    made.gateway.cli("principals", "new", "colleague")
    colleague = made.gateway.key(principal="colleague")

    assert receipt_of(made, path).status == 200
    assert made.gateway.request("GET", path, token=colleague).status == 404


def test_packs_are_for_who_may_export_the_ledger(made, jobs):
    """They hold names of people, and all that policy was told."""
    path = jobs["ibm"][0].headers[labels.RECEIPT].replace("/receipts/", "/evidence/")

    assert made.gateway.request("GET", path, token=made.key).status == 403


@pytest.mark.parametrize("name", ["nothing", "01a205d0-e52b-7001-ac21-2298dab947d2", "0" * 200])
def test_what_is_not_there_is_not_found(made, name):
    assert made.gateway.request("GET", f"{MOUNT}/receipts/{name}", token=made.key).status == 404
    assert "there is no job" in made.gateway.run("evidence", name).stderr
