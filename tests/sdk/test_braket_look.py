"""Looking around with Amazon Braket's SDK: devices, searches, tags, cancelling, and the bucket of results."""

import pytest

from adapters.braket.openqasm import GATES

DEVICES = [
    f"arn:aws:braket:::device/quantum-simulator/gateway/{name}"
    for name in ("sim_heavyhex_127", "sim_heavyhex_27", "sim_line_5")
]


@pytest.fixture(scope="module")
def report(braket_sdk, braket):
    return braket_sdk.run("braket_look", env=braket.env)


def test_every_device_is_there_once_and_can_be_read(report):
    assert report["devices"] == DEVICES
    assert report["only"] == ["sim_line_5"]
    assert report["warnings"] == []


def test_a_device_tells_that_it_is_emulated(report):
    about = report["about"]

    assert (about["name"], about["type"], about["provider"]) == ("sim_line_5", "SIMULATOR", "gateway")
    assert about["class"] == "GateModelSimulatorDeviceCapabilities"
    assert "no quantum hardware" in about["summary"]
    assert (about["status"], about["available"], about["qubits"]) == ("ONLINE", True, 5)
    assert about["shots"] == [1, 100_000]
    assert about["queue"].keys() == {"Normal", "Priority"}
    assert set(about["gates"]) == GATES
    assert about["results"] == ["Probability", "Expectation", "Variance", "Sample"]


def test_the_account_names_a_bucket(report):
    assert len(report["identity"]) == 12
    assert report["default"] == f"amazon-braket-us-east-1-{report['identity']}"


def test_searches_find_what_they_should(report):
    assert report["searches"] == {"every": True, "twice": 0, "done": True, "failed": [], "before": []}


def test_tags_are_a_map_that_changes(report):
    label = {"qgw:execution": "simulator"}

    assert report["tags"] == [
        {"owner": "ada", **label},
        {"owner": "grace", "purpose": "test", **label},
        {"purpose": "test", **label},
    ]


def test_the_bucket_holds_results_and_nothing_else(report):
    bucket = report["bucket"]

    assert len(bucket["keys"]) == 1
    assert bucket["keys"][0].endswith("/results.json")
    assert (bucket["listed"], bucket["length"], bucket["part"], bucket["head"]) == (True, True, True, 200)
    assert bucket["elsewhere"]["type"] == "NoSuchKey"
    assert bucket["upload"]["type"] == "AccessDenied"
    assert "only read here" in bucket["upload"]["message"]


def test_cancelling_works_until_a_task_has_ended(report):
    assert report["too_late"]["type"] == "ConflictException"
    assert "already completed" in report["too_late"]["message"]
    early = report["cancelled"]
    if early["type"] is None:
        assert (early["state"], early["result"]) == ("CANCELLED", None)
        assert early["reason"]
    else:
        assert early["type"] == "ConflictException"
