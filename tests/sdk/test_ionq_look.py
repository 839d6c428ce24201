"""Looking around with IonQ's SDK: backends, calibrations, prices, sessions, lists and costs."""

import pytest


@pytest.fixture(scope="module")
def report(ionq_sdk, ionq):
    return ionq_sdk.run("ionq_look", env=ionq.env)


def test_qubits_are_counted_without_a_key(report):
    """The SDK asks before it has one, and transpiles for four qubits where it gets no answer."""
    assert report["qubits"] == {"ionq_simulator": 127, "ionq_qpu.sim_line_5": 5}
    assert report["missing"] == 4
    assert not any("Failed to get qubits" in warning for warning in report["warnings"])


def test_a_characterization_describes_the_device(report):
    calibration = report["calibration"]

    assert (calibration["qubits"], calibration["pairs"]) == (5, 4)
    assert 0.9 < calibration["spam"] < 1
    assert calibration["timing"]["2q"] > calibration["timing"]["1q"] > 0
    assert report["available"] == [True, True]


def test_an_estimate_has_a_price_and_a_time(report):
    estimate = report["estimate"]

    assert (estimate["cost"], estimate["unit"]) == (0.0, "usd")
    assert estimate["seconds"] > 0
    assert estimate["at"]


def test_a_session_holds_jobs_until_it_ends(report):
    sessions = report["sessions"]

    assert (sessions["open"], sessions["ended"]) == ("started", "ended")
    assert sessions["settings"] == {"duration_limit_min": 5}
    assert sessions["jobs"]
    assert "takes no more jobs" in sessions["late"]["message"]
    assert sessions["usage"] > 0


def test_a_limit_that_nobody_would_keep_is_refused(report):
    """A user who sets a limit on costs relies on it."""
    assert "/settings/cost_limit is not known here" in report["sessions"]["limited"]["message"]


def test_cancelling_works_until_a_job_has_ended(report):
    cancelled = report["cancelled"]

    if cancelled["status"] == "JobStatus.CANCELLED":
        assert cancelled["cancel"]["type"] is None
        assert cancelled["result"]["type"] == "IonQJobStateError"
    else:
        assert cancelled["status"] == "JobStatus.DONE"
    assert cancelled["late"]["type"] == "IonQAPIError"
    assert "only a waiting or running job can be cancelled" in cancelled["late"]["message"]


def test_what_the_sdk_has_no_words_for_is_there_too(report):
    raw = report["raw"]

    assert raw["whoami"] == ["key_id", "key_name", "project_id"]
    assert raw["backends"][:2] == ["simulator", "simulator.sim_line_5"]
    assert raw["cost"]["cost"] == {"value": 0.0, "unit": "usd"}
    assert raw["histogram"] == 10
    assert (raw["label"]["execution_kind"], raw["label"]["noise"]) == ("simulator", "ideal")
    assert raw["listed"] == [True, True]
    assert raw["completed"]
    assert raw["children"]
    assert raw["characterizations"] == 1


def test_a_deleted_job_is_gone(report):
    deleted, after = report["raw"]["deleted"]

    assert deleted["status"] == "deleted"
    assert "no job" in after["message"]
