"""Devices that are not emulated, described so that the SDK's own schemas accept them."""

import json
from dataclasses import replace

import pytest

from adapters.braket import BraketDialect, BraketSettings, arns
from gateway.domain.backend import BackendStatus
from gateway.ports.answers import BackendView
from tests.fakes import values
from tests.unit.braket import made

CLASSES = {
    "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet": "IqmDeviceCapabilities",
    "arn:aws:braket:us-east-1::device/qpu/ionq/Aria-1": "IonqDeviceCapabilities",
    "arn:aws:braket:us-west-1::device/qpu/rigetti/Ankaa-3": "RigettiDeviceCapabilities",
    "arn:aws:braket:eu-west-2::device/qpu/oqc/Lucy": "OqcDeviceCapabilities",
    "arn:aws:braket:eu-north-1::device/qpu/aqt/Ibex-Q1": "IqmDeviceCapabilities",
    "ibm_torino": "IqmDeviceCapabilities",
}
STATUS = BackendStatus(online=True, queue_length=0, message="")


def capabilities(name, **changes):
    view = BackendView(
        backend=replace(values.HARDWARE, name=name, **changes), status=STATUS, calibration=values.CALIBRATION
    )
    dialect, arn = BraketDialect(BraketSettings()), arns.device(name, values.HARDWARE.kind)
    wire = dialect.answer(dialect.operation(made.request("GET", f"/device/{made.encoded(arn)}")), view)
    return json.loads(wire.body)["deviceCapabilities"]


@pytest.fixture(scope="module")
def report(braket_sdk):
    documents = {name: capabilities(name) for name in CLASSES}
    documents["everywhere"] = capabilities("ibm_torino", coupling_map=())
    return braket_sdk.run("braket_schemas", given=json.dumps(documents))


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_a_device_is_read_with_its_couplings_and_calibration(report, name):
    told = report[name]

    assert told["class"] == CLASSES[name]
    assert told["qubits"] == values.QUBITS
    assert told["connectivity"]["1"] == ["0", "2"]
    assert told["calibrated"] == ["0", "1", "2", "3", "4"]


def test_a_device_without_couplings_is_fully_connected(report):
    assert report["everywhere"]["connectivity"] == {}
