"""Living with jobs: lists and filters, finding, tags, cancelling, deleting, and a restart in between."""

import pytest

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def report(sdk, gateway):
    return sdk.run("jobs", env=gateway.env)


def test_every_filter_leaves_what_it_should(report):
    one, two, estimate = (report["expected"][name] for name in ("one", "two", "estimate"))
    newest_first = [estimate, two, one]

    assert report["lists"] == {
        "all": newest_first,
        "ascending": newest_first[::-1],
        "first": [estimate],
        "second": [two],
        "beyond": [],
        "one": [one],
        "estimators": [estimate],
        "on_device": newest_first,
        "elsewhere": [],
        "pending": [],
        "ended": newest_first,
        "after": newest_first,
        "before": [],
        "between": newest_first,
        "no_session": [],
    }


def test_a_job_is_found_whole(report):
    found = report["found"]

    assert found["id"] == report["expected"]["one"]
    assert (found["status"], found["program"], found["backend"]) == ("DONE", "sampler", "sim_line_5")
    assert found["inputs"]["circuit"] == "QuantumCircuit"
    assert found["pub"]["shots"] == {"meas": 32}


def test_tags_change_and_the_label_stays_one(report):
    assert "qgw:execution=simulator" in report["tags"]["before"]
    assert report["tags"]["after"] == sorted([*report["tags"]["before"], "later"])


def test_metrics_and_logs_tell_what_happened(report):
    metrics = report["metrics"]

    assert metrics["usage"]["status"] == "final"
    assert metrics["usage"]["quantum_seconds"] == 0
    assert metrics["timestamps"]["finished"] is not None
    assert metrics["executions"] == 32
    assert "sim_line_5" in report["logs"]
    assert report["usage_estimation"]["quantum_seconds"] >= 0
    assert report["properties"]


def test_a_deleted_job_is_gone(report):
    assert report["deleted"]["type"] == "RuntimeJobNotFound"


def test_cancelling_works_until_a_job_has_ended(report):
    """A small simulation may be over before it is cancelled; then the SDK says so in the gateway's words."""
    assert report["cancel_late"]["type"] == "RuntimeInvalidStateError"
    assert "already completed" in report["cancel_late"]["message"]
    early = report["cancelled"]
    if early["cancel"]["type"] is None:
        assert early["status"] == "CANCELLED"
        assert "was cancelled" in early["result"]["message"]
    else:
        assert early["cancel"]["type"] == "RuntimeInvalidStateError"


def test_a_private_job_keeps_its_inputs_to_itself(report):
    assert report["private"] == {"private": True, "inputs": {}, "shots": {"meas": 32}}


def test_a_job_and_its_results_survive_a_restart(sdk, gateway):
    begun = sdk.run("begin", env=gateway.env)
    gateway.restart()

    found = sdk.run("retrieve", begun["id"], env=gateway.env)

    assert (found["id"], found["status"]) == (begun["id"], "DONE")
    assert found["pub"] == begun["pub"]
