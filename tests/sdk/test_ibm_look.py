"""What a stock SDK sees before the first job, with nothing but environment variables."""

import pytest

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def report(sdk, gateway):
    return sdk.run("look", env=gateway.env)


def test_the_environment_alone_connects(report, gateway):
    (instance,) = report["instances"]

    assert instance["crn"] == gateway.env["QISKIT_IBM_INSTANCE"] == report["active_instance"]
    assert instance["pricing_type"] == "free"


def test_the_emulated_devices_are_there(report):
    assert {"sim_line_5", "sim_heavyhex_27", "sim_heavyhex_127"} <= set(report["backends"])
    assert report["backends"] == report["dynamic_backends"] == report["large_backends"]
    assert report["least_busy"] in report["backends"]
    assert report["unknown_backend"]["type"] == "QiskitBackendNotFoundError"


def test_a_device_says_what_it_is_wherever_the_sdk_lets_it(report):
    """`simulator` must be false, so everything beside it tells the truth."""
    configuration = report["configuration"]

    assert configuration["simulator"] is False
    assert configuration["qgw"]["execution_kind"] == "simulator"
    assert configuration["processor_type"]["family"] == "Simulator"
    assert configuration["backend_name"].startswith("sim_")
    assert "simulator" in report["status"]["status_msg"]
    assert report["status"]["operational"] is True


def test_circuits_compile_for_a_device(report):
    assert set(report["compiled"]) <= {*report["target"], "barrier"}
    assert report["compiled_dynamic"]["if_else"] == 1
    assert {"rx", "rzz"} <= set(report["fractional"])


def test_calibrations_are_physical(report):
    assert all(1e-6 < t1 < 1e-2 for t1 in report["t1"])
    assert 0 < report["readout_error"] < 0.5
    assert 0 < report["two_qubit_error"] < 0.1
    assert 1e-9 < report["two_qubit_length"] < 1e-5
    assert report["faulty"] == []
    assert report["refreshed"]
    assert report["before_any"]


def test_looking_warns_of_nothing(report):
    assert report["warnings"] == []
