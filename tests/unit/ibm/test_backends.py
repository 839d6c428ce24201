"""Backends and calibrations in IBM's units and with the truth beside them."""

import json
from dataclasses import replace
from itertools import permutations

import pytest

from adapters.ibm import backends
from adapters.ibm.properties import properties
from gateway.ports.answers import BackendView, CalibrationView
from tests.fakes import values


def view(backend, queue, *, online=True, message="ok"):
    return BackendView(
        backend=backend, status=replace(values.STATUS, queue_length=queue, online=online, message=message)
    )


@pytest.mark.parametrize("views", list(permutations([view(values.BACKEND, 0), view(values.HARDWARE, 9)])))
def test_a_simulator_queues_behind_real_hardware(views):
    """`least_busy` sorts by queue, and a simulator's is always short."""
    listed = sorted(backends.devices(views), key=lambda device: device["queue_length"])

    assert [device["name"] for device in listed] == ["hw_line_5", "sim_line_5"]


def test_simulators_alone_keep_their_queues():
    assert [device["queue_length"] for device in backends.devices([view(values.BACKEND, 3)])] == [3]


@pytest.mark.parametrize(
    ("shown", "word"),
    [
        pytest.param(view(values.HARDWARE, 0), "active", id="hardware is active, and the SDK says nothing"),
        pytest.param(view(values.HARDWARE, 0, online=False, message="upkeep"), "upkeep", id="hardware says why not"),
        pytest.param(values.VIEW, values.STATUS.message, id="a simulator says what it is"),
        pytest.param(view(values.BACKEND, 0), "simulator: ok", id="also when its upstream forgets to"),
    ],
)
def test_the_status_is_a_banner_that_the_sdk_prints(shown, word):
    assert backends.status(shown)["status"] == word


def test_an_offline_backend_is_not_operational():
    shown = view(values.BACKEND, 0, online=False)

    assert backends.status(shown)["state"] is False
    assert backends.devices([shown])[0]["status"]["name"] == "offline"


def test_the_necessary_lie_stands_beside_the_truth():
    """The SDK takes `simulator: true` for "no calibration, no checks, no session"."""
    configuration = backends.configuration(values.BACKEND)

    assert configuration["simulator"] is False
    assert configuration["qgw"]["execution_kind"] == "simulator"
    assert configuration["processor_type"]["family"] == "Simulator"
    assert "simulator" in configuration["description"]


def test_times_have_the_units_of_the_wire():
    configuration = backends.configuration(values.BACKEND)

    assert configuration["dt"] == pytest.approx(4.0)
    assert configuration["rep_delay_range"] == pytest.approx([0.0, 500.0])
    assert configuration["default_rep_delay"] == pytest.approx(250.0)


def test_a_gate_without_places_has_no_coupling_map():
    """The SDK reads an empty one as "nowhere"."""
    everywhere = replace(values.BACKEND, gates=(replace(values.BACKEND.gates[0], qubits=()),))

    assert "coupling_map" not in backends.configuration(everywhere)["gates"][0]


def test_measured_values_have_the_units_of_the_wire():
    shown = properties(CalibrationView(backend=values.BACKEND, calibration=values.CALIBRATION))

    first = {entry["name"]: (entry["value"], entry["unit"]) for entry in shown["qubits"][0]}
    assert first["T1"] == (pytest.approx(200.0), "us")
    assert first["readout_length"] == (pytest.approx(1200.0), "ns")
    assert first["frequency"] == (pytest.approx(4.8), "GHz")
    assert shown["calibration_id"] == values.CALIBRATION.digest


def test_no_calibration_is_an_empty_object():
    assert properties(CalibrationView(backend=values.BACKEND, calibration=None)) == {}


def test_everything_is_plain_json():
    json.dumps(backends.configuration(values.BACKEND), allow_nan=False)
