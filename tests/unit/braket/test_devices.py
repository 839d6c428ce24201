"""Devices: honest about what computes, in the vendor's schemas."""

import json
from dataclasses import replace

import pytest

from adapters.braket import BraketDialect, BraketSettings, arns
from adapters.braket.openqasm import GATES
from adapters.braket.reader.gates import GATES as READ
from gateway.domain.backend import BackendStatus, ExecutionKind
from gateway.domain.errors import RefusedError
from gateway.ports import answers as answered
from gateway.ports.answers import BackendView
from tests.fakes import values
from tests.unit.braket import made

DIALECT = BraketDialect(BraketSettings(poll_milliseconds=250))
GARNET = "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet"
EMULATED = replace(values.VIEW, calibration=values.CALIBRATION)


def hardware(name=GARNET, **status):
    backend = replace(values.HARDWARE, name=name, vendor="IQM", region="eu-north-1")
    state = BackendStatus(**{"online": True, "queue_length": 7, "message": "", **status})
    return BackendView(backend=backend, status=state, calibration=values.CALIBRATION)


def described(view):
    arn = arns.device(view.backend.name, view.backend.kind)
    operation = DIALECT.operation(made.request("GET", f"/device/{made.encoded(arn)}"))
    assert operation.backend == view.backend.name
    told = json.loads(DIALECT.answer(operation, view).body)
    return told, json.loads(told["deviceCapabilities"])


def found(views, region="us-east-1", **body):
    operation = DIALECT.operation(made.request("POST", "/devices", body, region=region))
    told = json.loads(DIALECT.answer(operation, answered.BackendList(backends=tuple(views))).body)
    return [device["deviceArn"] for device in told["devices"]]


def test_an_emulated_device_is_a_simulator_of_the_gateway():
    told, able = described(EMULATED)

    assert told["deviceArn"] == made.DEVICE
    assert (told["deviceName"], told["providerName"], told["deviceType"]) == ("sim_line_5", "gateway", "SIMULATOR")
    assert able["braketSchemaHeader"]["name"].endswith("simulators.gate_model_simulator_device_capabilities")
    assert able["qgw"]["execution_kind"] == "simulator"
    assert "simulator" in able["service"]["deviceDocumentation"]["summary"]


def test_a_real_device_keeps_its_own_arn_and_its_maker_s_schema():
    told, able = described(hardware())

    assert (told["deviceArn"], told["deviceName"], told["deviceType"]) == (GARNET, "Garnet", "QPU")
    assert able["braketSchemaHeader"] == {"name": "braket.device_schema.iqm.iqm_device_capabilities", "version": "1"}
    assert able["paradigm"]["connectivity"]["connectivityGraph"]["1"] == ["0", "2"]


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("arn:aws:braket:us-east-1::device/qpu/ionq/Aria-1", "ionq.ionq_device_capabilities"),
        ("arn:aws:braket:us-west-1::device/qpu/rigetti/Ankaa-3", "rigetti.rigetti_device_capabilities"),
        ("arn:aws:braket:eu-north-1::device/qpu/aqt/Ibex-Q1", "iqm.iqm_device_capabilities"),
        ("ibm_torino", "iqm.iqm_device_capabilities"),
    ],
)
def test_every_device_has_a_schema_that_the_sdk_can_read(name, schema):
    _, able = described(hardware(name))

    assert able["braketSchemaHeader"]["name"] == f"braket.device_schema.{schema}"


def test_a_device_of_braket_s_is_described_as_braket_describes_it_but_leads_nowhere_else():
    """The SDK would follow the reference to pulse calibrations by itself, past the gateway."""
    pulse = {"nativeGateCalibrationsRef": "https://s3.example/calibrations", "ports": {}}
    theirs = {"service": {"deviceCost": {"price": 0.1}}, "paradigm": {"qubitCount": 20}, "pulse": pulse}
    backend = replace(hardware().backend, vendor="braket", told=json.dumps(theirs).encode())

    _, able = described(replace(hardware(), backend=backend))

    assert able.pop("qgw")["execution_kind"] == "hardware"
    assert able["service"].pop("getTaskPollIntervalMillis") > 0
    assert able == {**theirs, "pulse": {**pulse, "nativeGateCalibrationsRef": None}}


def test_another_vendor_s_hardware_is_not_called_amazon_s():
    assert arns.device("ibm_torino", ExecutionKind.HARDWARE) == "arn:aws:braket:::device/qpu/gateway/ibm_torino"
    assert arns.backend("arn:aws:braket:::device/qpu/gateway/ibm_torino") == "ibm_torino"


def test_the_calibration_is_standardized():
    _, able = described(EMULATED)

    first = able["standardized"]["oneQubitProperties"]["0"]
    assert first["T1"] == {"value": 200e-6, "standardError": None, "unit": "S"}
    fidelities = {each["fidelityType"]["name"]: each["fidelity"] for each in first["oneQubitFidelity"]}
    assert fidelities == {"RANDOMIZED_BENCHMARKING": 1 - 2e-4, "READOUT": 0.99}
    pair = able["standardized"]["twoQubitProperties"]["0-1"]["twoQubitGateFidelity"]
    assert {gate["gateName"]: gate["fidelity"] for gate in pair} == {"CZ": 0.997, "RZZ": 0.997}
    assert able["service"]["updatedAt"] == "2026-03-01T06:00:00.000000Z"


def test_a_device_without_calibration_says_nothing_of_it():
    _, able = described(values.VIEW)

    assert "standardized" not in able
    assert able["qgw"]["calibration_digest"] is None


def test_a_place_without_a_qubit_is_left_out():
    """Some devices number their qubits with gaps."""
    gap = replace(values.CALIBRATION.qubits[0], readout_error=1.0)
    qubits = (*values.CALIBRATION.qubits[:2], gap, *values.CALIBRATION.qubits[3:])
    snapshot = replace(values.CALIBRATION, qubits=qubits)

    _, able = described(replace(hardware(), calibration=snapshot))

    assert sorted(able["standardized"]["oneQubitProperties"]) == ["0", "1", "3", "4"]


def test_ionq_s_version_has_one_value_for_the_device():
    _, able = described(hardware("arn:aws:braket:us-east-1::device/qpu/ionq/Aria-1"))

    assert able["standardized"]["braketSchemaHeader"]["version"] == "3"
    assert able["standardized"]["twoQubitGateFidelity"][0]["fidelity"] == 0.997


def test_the_sdk_is_told_how_often_to_ask_and_how_much_it_may():
    _, able = described(EMULATED)

    assert able["service"]["getTaskPollIntervalMillis"] == 250
    assert able["service"]["shotsRange"] == [1, 100_000]
    results = able["action"]["braket.ir.openqasm.program"]["supportedResultTypes"]
    assert {each["name"] for each in results} == {"Probability", "Expectation", "Variance", "Sample"}
    assert all(each["minShots"] == 1 for each in results)


def test_what_is_offered_is_what_is_read():
    """The serving process lists the gates, the worker makes them."""
    assert set(READ) == GATES


def test_a_queue_is_told_as_a_text():
    sizes = [
        described(hardware(queue_length=length))[0]["deviceQueueInfo"][0]["queueSize"] for length in (0, 4000, 4001)
    ]

    assert sizes == ["0", "4000", ">4000"]
    assert described(hardware(online=False))[0]["deviceStatus"] == "OFFLINE"


def test_a_region_shows_its_own_devices_and_those_of_everywhere():
    views = [EMULATED, hardware()]

    assert found(views, "us-east-1") == [made.DEVICE]
    assert found(views, "eu-north-1") == [made.DEVICE, GARNET]
    only = [{"name": "deviceArn", "values": [GARNET]}]
    assert found(views, "eu-north-1", filters=only) == [GARNET]


@pytest.mark.parametrize("body", [{"filters": [{"name": "colour", "values": ["red"]}]}, {"sorting": "name"}])
def test_a_search_that_would_be_ignored_is_refused(body):
    with pytest.raises(RefusedError):
        DIALECT.operation(made.request("POST", "/devices", body))


def test_an_account_has_twelve_digits_and_tells_nothing():
    assert arns.account("project-1").isdecimal()
    assert len(arns.account("project-1")) == 12
    assert arns.account("project-1") != arns.account("project-2")
