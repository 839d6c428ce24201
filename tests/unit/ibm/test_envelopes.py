"""A job that ran at IBM is shown in IBM's words, with ids of ours."""

import json
from dataclasses import replace

import pytest

from adapters.ibm import IbmDialect, IbmSettings, jobs
from gateway.domain.backend import ExecutionKind
from gateway.domain.job import JobStatus
from gateway.ports import answers as answered
from gateway.ports import operations as ask
from tests.fakes.values import JOB
from tests.fakes.vendors.ibm.vendor import CRN
from tests.unit.ibm.vendor_calls import MARK

THEIRS = {
    "id": "d3rn7breq27i9gc5dge2",
    "backend": "ibm_fez",
    "state": {"status": "Completed", "reason_solution": "none needed"},
    "status": "Completed",
    "program": {"id": "sampler"},
    "created": "2026-03-01T12:00:00.123Z",
    "cost": 10800,
    "tags": ["mine", MARK],
    "user_id": "IBMid-123",
    "usage": {"status": "complete", "qpu_charge_time_seconds": 2},
    "estimated_running_time_seconds": 2.1,
    "calibration_id": "c-7",
    "something_new": {"job": "d3rn7breq27i9gc5dge2", "instance": CRN, "list": [CRN, 1]},
}
DONE = replace(
    JOB, kind=ExecutionKind.HARDWARE, upstream="ibm", backend="ibm_fez", tags=("mine",), status=JobStatus.COMPLETED
)


def view(job=DONE, envelope=THEIRS, body=None, metrics=None):
    told = None if envelope is None else json.dumps(envelope).encode()
    return answered.JobView(job=job, body=body, queue_position=None, envelope=told, metrics=metrics)


def test_only_ids_and_labels_differ_from_what_ibm_said():
    shown = jobs.job_view(view())

    changed = {name for name in {*shown, *THEIRS} if shown.get(name) != THEIRS.get(name)}
    assert changed == {"id", "tags", "user_id", "something_new", "qgw"}
    assert (shown["id"], shown["user_id"]) == (DONE.client_job_id, DONE.principal_id)
    assert shown["something_new"] == {"job": DONE.client_job_id, "list": [1]}
    assert shown["qgw"]["execution_kind"] == "hardware"


def test_nothing_of_our_account_or_mark_is_shown():
    text = json.dumps(jobs.job_view(view()))

    for secret in (THEIRS["id"], "IBMid", "crn:", MARK):
        assert secret not in text


def test_tags_are_those_of_our_record_with_the_label():
    """A client may have changed them here since."""
    assert jobs.job_view(view(replace(DONE, tags=("new",))))["tags"] == ["new", "qgw:execution=hardware"]


def test_a_session_is_the_one_that_the_client_opened():
    assert "session_id" not in jobs.job_view(view())
    assert jobs.job_view(view(replace(DONE, session_id="s-1")))["session_id"] == "s-1"


@pytest.mark.parametrize("status", list(JobStatus))
def test_the_status_is_the_recorded_one_whatever_ibm_said_last(status):
    shown = jobs.job_view(view(replace(DONE, status=status, reason="why", reason_code=1234)))

    assert shown["status"] == shown["state"]["status"] == jobs.STATUS[status]
    assert (shown["state"]["reason"], shown["state"]["reason_code"]) == ("why", 1234)
    assert ("reason_solution" in shown["state"]) is (status is JobStatus.COMPLETED)


def test_parameters_come_from_what_was_submitted():
    body = json.dumps({"params": {"pubs": [1]}}).encode()

    assert jobs.job_view(view(body=body))["params"] == {"pubs": [1]}
    assert "params" not in jobs.job_view(view(replace(DONE, private=True), body=body))


@pytest.mark.parametrize("envelope", [b"", b"[]", b"<html>"])
def test_an_envelope_that_cannot_be_read_is_as_none(envelope):
    unread = answered.JobView(job=DONE, body=None, queue_position=None, envelope=envelope)

    assert jobs.job_view(unread) == jobs.job_view(view(envelope=None))


def test_a_list_shows_the_same():
    page = jobs.job_list(answered.JobList(jobs=(view(), view(envelope=None)), count=2, limit=10, offset=0))

    assert page["jobs"] == [jobs.job_view(view()), jobs.job_view(view(envelope=None))]
    assert page["jobs"][0]["calibration_id"] == "c-7"


def test_metrics_are_ibms_with_the_label():
    told = {
        "timestamps": {"created": "x"},
        "usage": {"status": "complete", "quantum_seconds": 2},
        "bss": {"seconds": 2},
    }
    dialect = IbmDialect(IbmSettings())
    operation = ask.ShowMetrics(client_job_id=DONE.client_job_id)

    wire = dialect.answer(operation, view(metrics=json.dumps(told).encode()))

    assert json.loads(wire.body) == {**told, "qgw": jobs.metrics(view())["qgw"]}
    assert wire.headers["qgw-execution-kind"] == "hardware"
