"""Jobs as the SDK polls them."""

import json
from dataclasses import replace

import pytest

from adapters.ibm import IbmDialect, IbmSettings, jobs
from adapters.ibm.errors import ResultsGoneError
from gateway.domain.backend import ExecutionKind
from gateway.domain.job import JobStatus
from gateway.ports import answers as answered
from gateway.ports import operations as ask
from tests.fakes.values import JOB, NOW

DIALECT = IbmDialect(IbmSettings())
SDK_WORDS = {"QUEUED", "RUNNING", "COMPLETED", "FAILED", "CANCELLED"}


def view(body=None, position=None, **changes):
    return answered.JobView(job=replace(JOB, **changes), body=body, queue_position=position)


@pytest.mark.parametrize("status", list(JobStatus))
def test_every_status_is_a_word_the_sdk_knows(status):
    """It polls for ever on any other, and ends only on the three final ones."""
    word = jobs.job_view(view(status=status))["state"]["status"].upper()

    assert word in SDK_WORDS
    assert (word in {"COMPLETED", "FAILED", "CANCELLED"}) is status.final


def test_a_job_that_ran_too_long_says_so_by_code():
    state = jobs.job_view(view(status=JobStatus.CANCELLED, reason="ran too long", reason_code=1305))["state"]

    assert state == {"status": "Cancelled", "reason": "ran too long", "reason_code": 1305}


def test_a_job_shows_its_label_and_why_it_fell_back():
    shown = jobs.job_view(view(tags=("mine",), asked_backend="ibm_x", fallback_reason="not there"))

    assert shown["tags"] == ["mine", "qgw:execution=simulator"]
    assert shown["qgw"]["fallback_reason"] == "not there"
    assert shown["qgw"]["asked_backend"] == "ibm_x"


def test_parameters_are_shown_when_there_is_a_body():
    body = json.dumps({"program_id": "sampler", "params": {"pubs": []}}).encode()

    assert jobs.job_view(view(body))["params"] == {"pubs": []}
    assert "params" not in jobs.job_view(view())
    assert "params" not in jobs.job_view(view(body, private=True))


def test_an_empty_page_ends_the_sdks_paging():
    """The SDK stops when it has `count - skip` jobs, which a page beyond the end never gives it."""
    beyond = jobs.job_list(answered.JobList(jobs=(), count=3, limit=10, offset=50))
    within = jobs.job_list(answered.JobList(jobs=(view(),), count=3, limit=1, offset=1))

    assert (beyond["count"], within["count"]) == (50, 3)


@pytest.mark.parametrize(
    ("kind", "quantum"), [(ExecutionKind.SIMULATOR, 0), (ExecutionKind.HARDWARE, 2.5)], ids=["simulated", "real"]
)
def test_only_hardware_uses_quantum_seconds(kind, quantum):
    usage = jobs.metrics(view(kind=kind, usage_seconds=2.5, status=JobStatus.COMPLETED))["usage"]

    assert usage["quantum_seconds"] == quantum
    assert usage["qpu_charge_time_seconds"] == 2.5
    assert usage["status"] == "final"


def test_metrics_tell_the_place_in_the_queue_while_there_is_one():
    assert jobs.metrics(view(position=4))["position_in_queue"] == 4
    assert "position_in_queue" not in jobs.metrics(view())
    assert jobs.metrics(view(started_at=NOW))["timestamps"]["running"] == "2026-03-01T12:00:00.000000Z"


def results(body=None, **changes):
    asked = ask.ShowResults(client_job_id=JOB.client_job_id)
    return DIALECT.answer(asked, answered.ResultBody(job=replace(JOB, **changes), body=body))


def test_results_come_as_they_were_encoded():
    answer = results(b"{}", status=JobStatus.COMPLETED)

    assert (answer.status, answer.body) == (200, b"{}")
    assert answer.headers["qgw-execution-kind"] == "simulator"


def test_a_failed_job_answers_its_reason_as_text():
    """The SDK asks for results of a failed job too, and raises on anything but a success."""
    answer = results(status=JobStatus.FAILED, reason="out of memory")

    assert (answer.status, answer.body) == (200, b"out of memory")
    assert answer.content_type.startswith("text/plain")


def test_a_running_job_has_no_results_yet():
    assert results(status=JobStatus.RUNNING).status == 204


def test_erased_results_are_refused_and_not_read_as_none():
    with pytest.raises(ResultsGoneError):
        results(status=JobStatus.COMPLETED)
