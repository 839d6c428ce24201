"""Sessions and batches through a stock SDK."""

import pytest

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def report(sdk, gateway):
    return sdk.run("sessions", env=gateway.env)


def test_a_job_runs_inside_a_session(report):
    details = report["inside"]["details"]

    assert details["mode"] == "dedicated"
    assert details["max_time"] == 3600
    assert details["accepting_jobs"] is True
    assert report["inside"]["session"] in {"Pending", "In progress, accepting new jobs"}
    assert report["inside"]["pub"]["shots"] == {"meas": 50}
    assert report["job_session"]


def test_a_session_is_found_again_and_lists_its_jobs(report):
    assert report["found"]
    assert report["listed"]
    assert report["unknown"]["type"] == "IBMInputValueError"


def test_a_closed_session_takes_no_more_jobs(report):
    assert report["closed"] == report["cancelled"] == "Closed"
    assert report["after_close"]["type"] == "IBMRuntimeError"
    assert report["usage"] >= 0


def test_a_batch_holds_jobs_together(report):
    assert report["batch"] == [{"meas": 20}, {"meas": 20}]
    assert report["batch_details"]["mode"] == "batch"
