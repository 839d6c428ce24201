"""Jobs that a second person must approve, as unmodified SDKs see them: queued, then run, refused or cancelled."""

import json

import pytest

from tests.running import Gateway
from tests.sdk.stand import exports

pytestmark = pytest.mark.long

SDKS = {"ibm": "ibm_sdk", "ionq": "ionq_sdk", "braket": "braket_sdk"}
QUEUED = {"ibm": {"QUEUED"}, "ionq": {"INITIALIZING", "QUEUED"}, "braket": {"QUEUED"}}
WHY = "the machine is booked"


@pytest.fixture(scope="module")
def careful(tmp_path_factory):
    """A gateway whose policy wants a second person for more than a hundred shots, and that person's key."""
    tables = tmp_path_factory.mktemp("tables")
    (tables / "org" / "approvals").mkdir(parents=True)
    row = {"reason": "many shots", "permission": "job.approve", "hours": 2, "if": {"shots_over": 100}}
    (tables / "org" / "approvals" / "data.json").write_text(json.dumps({"rows": [row]}), "utf-8")
    gateway = Gateway(
        state_dir=tmp_path_factory.mktemp("careful"), settings={"GATEWAY_POLICY__OVERRIDES": str(tables)}
    ).init()
    gateway.cli("principals", "new", "grace")
    try:
        yield gateway.start(), gateway.key(principal="grace", role="lead")
    finally:
        gateway.stop()


@pytest.fixture(scope="module", params=sorted(SDKS))
def told(request, careful):
    """What the SDK saw of a job that was approved, of one that was rejected, and of one that it cancelled."""
    gateway, second = careful
    sdk = request.getfixturevalue(SDKS[request.param])
    env = exports(gateway.cli("env", request.param, "--key", gateway.key()))
    first = sdk.run(f"{request.param}_waiting", env=env)
    yes, no, _ = (each.rpartition("/")[2] for each in first["ids"])
    for verdict, job, reason in (("approve", yes, "checked"), ("reject", no, WHY)):
        done = gateway.run("approvals", verdict, job, "--reason", reason, "--key-file", "-", given=second.encode())
        assert done.returncode == 0, done.stderr
    return request.param, gateway, first, sdk.run(f"{request.param}_waiting", *first["ids"][:2], env=env)


def test_what_waits_looks_queued(told):
    name, _, first, _ = told

    assert set(first["waiting"]) <= QUEUED[name]


def test_what_was_approved_runs_as_it_was_submitted(told):
    _, gateway, first, then = told
    permitted = [each["body"] for each in gateway.entries("job.permitted")]
    (mine,) = [each for each in permitted if each["client_job_id"] == first["ids"][0].rpartition("/")[2]]

    assert then["results"][0]["type"] is None, then
    assert sum(json.loads(then["results"][0]["message"].replace("'", '"')).values()) == 101
    assert mine["approval"]["by"] not in {mine["principal"], None}


def test_what_was_rejected_says_why(told):
    _, _, _, then = told

    assert then["results"][1]["type"] is not None or then.get("reasons"), then
    assert WHY in json.dumps(then), then


def test_what_was_cancelled_never_runs(told):
    _, gateway, first, _ = told
    job = first["ids"][2].rpartition("/")[2]

    assert "CANCEL" in first["cancelled"].upper()
    assert job not in {each["body"]["client_job_id"] for each in gateway.entries("job.permitted")}
    assert job not in {each["job"] for each in gateway.json("approvals", "list")}
