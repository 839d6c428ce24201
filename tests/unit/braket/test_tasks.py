"""How tasks are shown, cancelled, tagged and found."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.braket import BraketDialect, BraketSettings, arns, tasks
from gateway.domain.backend import ExecutionKind
from gateway.domain.errors import RefusedError
from gateway.domain.job import JobStatus
from gateway.ports import answers as answered
from tests.fakes import values
from tests.unit.braket import made

DIALECT = BraketDialect(BraketSettings(page_limit=50))
ARN = made.task_arn(arns.account(made.JOB.project_id))
TASK = f"/quantum-task/{made.encoded(ARN)}"
TAGS = f"/tags/{made.encoded(ARN)}"
QUEUE = [("additionalAttributeNames", "QueueInfo")]


def shown(job=made.JOB, *, position=None, envelope=None, query=()):
    view = answered.JobView(job=job, body=None, queue_position=position, envelope=envelope)
    wire = DIALECT.answer(DIALECT.operation(made.request("GET", TASK, query=query)), view)
    return json.loads(wire.body), wire.headers


def test_a_task_shows_what_the_client_chose():
    told, headers = shown()

    assert told["quantumTaskArn"] == ARN
    assert told["deviceArn"] == made.DEVICE
    assert (told["outputS3Bucket"], told["outputS3Directory"]) == (made.BUCKET, f"tasks/{made.TASK_ID}")
    assert told["tags"] == {"qgw:execution": "simulator"}
    assert told["actionMetadata"] == {"actionType": "braket.ir.openqasm.program"}
    assert headers["qgw-execution-kind"] == "simulator"
    assert "queueInfo" not in told
    assert "endedAt" not in told


@pytest.mark.parametrize("status", list(JobStatus))
def test_every_status_is_one_that_the_sdk_understands(status):
    told, _ = shown(replace(made.JOB, status=status), query=QUEUE)

    final = {"COMPLETED", "FAILED", "CANCELLED"}
    assert told["status"] in {"CREATED", "QUEUED", "RUNNING"} | final
    assert (told["status"] in final) is status.final
    assert told["queueInfo"]["position"] == "None"


def test_the_place_in_the_queue_is_told_to_who_asks():
    told, _ = shown(position=3, query=QUEUE)

    assert told["queueInfo"] == {"queue": "QUANTUM_TASKS_QUEUE", "queuePriority": "Normal", "position": "3"}


def test_a_late_refusal_is_a_failure_reason():
    told, _ = shown(replace(made.JOB, status=JobStatus.CANCELLED, reason="the project was stopped"))

    assert told["failureReason"] == "the project was stopped"


def test_a_fallback_says_where_it_ran_and_why():
    job = replace(made.JOB, asked_backend="arn:aws:braket:us-east-1::device/qpu/ionq/Aria-1", fallback_reason="offline")

    told, headers = shown(job)

    assert told["deviceArn"] == made.DEVICE
    assert told["qgw"]["asked_backend"] == "arn:aws:braket:us-east-1::device/qpu/ionq/Aria-1"
    assert headers["qgw-fallback-reason"] == "offline"


def test_the_vendor_s_own_description_keeps_everything_but_its_ids():
    device = "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet"
    envelope = {
        "quantumTaskArn": "arn:aws:braket:eu-north-1:999999999999:quantum-task/vendor",
        "status": "COMPLETED",
        "outputS3Bucket": "gateway-bucket",
        "outputS3Directory": "gateway/vendor",
        "tags": {"qgw-mark": "qgw-0"},
        "failureReason": "stale",
        "jobArn": "arn:aws:braket:eu-north-1:999999999999:job/x",
        "experimentalCapabilities": {"enabled": "NONE"},
    }
    job = replace(made.JOB, backend=device, kind=ExecutionKind.HARDWARE, status=JobStatus.RUNNING)

    told, _ = shown(job, envelope=json.dumps(envelope).encode())

    assert told["experimentalCapabilities"] == {"enabled": "NONE"}
    assert (told["status"], told["deviceArn"]) == ("RUNNING", device)
    assert "999999999999" not in json.dumps(told)
    assert "gateway-bucket" not in json.dumps(told)
    assert told["tags"] == {"qgw:execution": "hardware"}
    assert "failureReason" not in told


def test_cancelling_answers_with_the_arn():
    operation = DIALECT.operation(made.request("PUT", f"{TASK}/cancel", {"clientToken": "c"}))
    assert isinstance(operation, tasks.CancelTask)

    def status(job):
        return json.loads(DIALECT.answer(operation, answered.Done(job=job)).body)

    assert status(None) == {"quantumTaskArn": ARN, "cancellationStatus": "CANCELLING"}
    assert status(replace(made.JOB, status=JobStatus.CANCELLED))["cancellationStatus"] == "CANCELLED"


def test_tagging_leaves_the_other_tags():
    set_ = DIALECT.operation(made.request("POST", TAGS, {"tags": {"owner": "ada", "qgw:execution": "hardware"}}))
    drop = DIALECT.operation(made.request("DELETE", TAGS, query=[("tagKeys", "owner"), ("tagKeys", "qgw:execution")]))

    assert (set_.tags, set_.keep, set_.dropped) == (("owner=ada",), True, ("owner=",))
    assert (drop.tags, drop.keep, drop.dropped) == ((), True, ("owner=",))


def test_tags_are_shown_as_a_map():
    job = replace(made.JOB, tags=("owner=ada", "formula=a=b"))
    view = answered.JobView(job=job, body=None, queue_position=None)

    wire = DIALECT.answer(DIALECT.operation(made.request("GET", TAGS)), view)

    assert json.loads(wire.body)["tags"] == {"owner": "ada", "formula": "a=b", "qgw:execution": "simulator"}


@pytest.mark.parametrize("query", [[], [("tagKeys", "a=b")], [("other", "a")]])
def test_untagging_names_keys(query):
    with pytest.raises(RefusedError):
        DIALECT.operation(made.request("DELETE", TAGS, query=query))


def search(*filters, **more):
    body = {"filters": [dict(zip(("name", "operator", "values"), each, strict=True)) for each in filters], **more}
    return DIALECT.operation(made.request("POST", "/quantum-tasks", body))


def test_filters_narrow_one_another():
    moment = "2026-03-01T12:00:00Z"

    asked = search(
        ("deviceArn", "EQUAL", [made.DEVICE]),
        ("status", "EQUAL", ["QUEUED", "RUNNING"]),
        ("createdAt", "GTE", [moment]),
        maxResults=10,
        nextToken="20",
    )

    assert (asked.backend, asked.statuses) == ("sim_line_5", ("awaiting", "queued", "running", "unknown"))
    assert asked.created_after == datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    assert (asked.limit, asked.offset) == (10, 20)


def test_moments_are_meant_as_they_are_said():
    moment, instant = datetime(2026, 3, 1, 12, 0, tzinfo=UTC), timedelta(microseconds=1)
    text = "2026-03-01T12:00:00Z"

    assert search(("createdAt", "GT", [text])).created_after == moment + instant
    assert search(("createdAt", "LT", [text])).created_before == moment - instant
    assert search(("createdAt", "LTE", [text])).created_before == moment
    between = search(("createdAt", "BETWEEN", [text, text]))
    assert (between.created_after, between.created_before) == (moment, moment)


@pytest.mark.parametrize(
    "filter_",
    [
        ("status", "EQUAL", ["DONE"]),
        ("status", "GT", ["QUEUED"]),
        ("deviceArn", "EQUAL", [made.DEVICE, made.DEVICE]),
        ("createdAt", "EQUAL", ["2026-03-01T12:00:00Z"]),
        ("createdAt", "GT", ["yesterday"]),
        ("jobArn", "EQUAL", ["a"]),
    ],
)
def test_a_filter_that_would_be_ignored_is_refused(filter_):
    with pytest.raises(RefusedError):
        search(filter_)


def test_pages_follow_until_there_are_no_more():
    view = answered.JobView(job=made.JOB, body=None, queue_position=None)
    operation = search(maxResults=1)

    def page(count, offset=0):
        answer = answered.JobList(jobs=(view,), count=count, limit=1, offset=offset)
        return json.loads(DIALECT.answer(replace(operation, offset=offset), answer).body)

    assert page(2)["nextToken"] == "1"
    assert "nextToken" not in page(2, offset=1)
    assert page(1)["quantumTasks"][0]["quantumTaskArn"] == ARN
    assert search().limit == 50


def test_a_job_that_came_in_other_words_is_no_task():
    """A project may use several SDKs; what another one submitted has neither bucket nor results in these words."""
    view = answered.JobView(job=values.JOB, body=None, queue_position=None)

    with pytest.raises(RefusedError) as caught:
        DIALECT.answer(DIALECT.operation(made.request("GET", TASK)), view)
    page = DIALECT.answer(search(), answered.JobList(jobs=(view,), count=2, limit=1, offset=0))

    assert caught.value.code == "not-found"
    assert json.loads(page.body) == {"quantumTasks": [], "nextToken": "1"}


@pytest.mark.parametrize(
    "arn",
    [
        ARN.replace("quantum-task/", "job/"),
        ARN + "%00",
        ARN.upper(),
        ARN.replace(made.TASK_ID, "../x"),
        "x",
        values.JOB.id,
    ],
)
def test_what_is_no_task_s_arn_is_not_found(arn):
    with pytest.raises(RefusedError):
        DIALECT.operation(made.request("GET", f"/quantum-task/{made.encoded(arn)}"))
