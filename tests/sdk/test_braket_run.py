"""Running with Amazon Braket's SDK: tasks, batches, and results of every kind that samples can give."""

import pytest

pytestmark = pytest.mark.long

DEVICE = "arn:aws:braket:::device/quantum-simulator/gateway/sim_line_5"


@pytest.fixture(scope="module")
def report(braket_sdk, braket):
    return braket_sdk.run("braket_run", env=braket.env)


def test_a_bell_pair_comes_back_as_one(report):
    assert sum(report["counts"].values()) == 400
    assert set(report["counts"]) <= {"00", "01", "10", "11"}
    assert report["counts"]["00"] + report["counts"]["11"] > 300
    assert report["measured"] == [0, 1]
    assert "cnot q[0], q[1];" in report["source"]


def test_a_task_tells_where_it_ran_and_what_was_chosen(report):
    told = report["metadata"]

    assert (told["status"], told["deviceArn"], told["quantumTaskArn"]) == ("COMPLETED", DEVICE, report["task"])
    assert told["tags"] == {"owner": "ada", "qgw:classification": "internal", "qgw:execution": "simulator"}
    assert told["outputS3Directory"].startswith("tasks/")
    assert told["numSuccessfulShots"] == 400
    assert report["position"] is None
    assert report["duration"] >= 0


def test_every_result_is_found_by_its_type(report):
    correlation, variance, probability, sample = report["values"]

    assert correlation > 0.7
    assert variance < 0.3
    assert probability[1] > 0.8
    assert sum(probability) == pytest.approx(1)
    assert len(sample) == 200
    assert set(sample) <= {1.0, -1.0}


def test_an_observable_without_targets_is_told_qubit_by_qubit(report):
    first, second = report["everywhere"]

    assert first < -0.8
    assert second > 0.8


def test_inputs_and_programs_of_one_s_own_are_run(report):
    assert report["free"].get("1", 0) > 15
    assert report["own"].get("01", 0) > 15
    # Inside a verbatim box the SDK measures qubits in the order in which they are used: 1, then 0.
    assert report["verbatim"].get("10", 0) > 15


def test_a_batch_is_answered_in_order(report):
    assert [max(counts, key=counts.get) for counts in report["batch"]] == ["10", "01", "11"]


def test_results_are_put_where_the_client_said(report):
    assert report["elsewhere"].startswith("some/where/")


def test_a_task_is_found_again_by_its_arn(report):
    assert report["again"] == {"state": "COMPLETED", "counts": report["counts"]}
    assert report["same"]


def test_a_task_survives_a_restart(braket_sdk, braket, report):
    braket.restart()

    assert braket_sdk.run("braket_again", report["task"], env=braket.env)["counts"] == report["counts"]


def test_no_warning_was_needed(report):
    assert report["warnings"] == []
