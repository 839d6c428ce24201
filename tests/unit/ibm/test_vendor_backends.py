"""IBM's backends and calibrations in our words, and how gently they are asked for."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.ibm.vendor_backends import Catalog
from adapters.ibm.vendor_calibrations import calibration
from gateway.domain.backend import ExecutionKind
from gateway.ports.vendor import AnswerLostError, VendorCredentialError, VendorRefusedError
from tests.fakes.vendors.ibm.devices import configuration, devices
from tests.unit.ibm.vendor_calls import FIVE, error_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EAGLE = "ibm_test_eagle"


async def reported(ibm):
    return {each.backend.name: each for each in await ibm.vendor.backends(ibm.call)}


# ── backends ─────────────────────────────────────────────────────────────────────────────────────
async def test_a_backend_is_described_whole(ibm):
    found = await reported(ibm)

    backend = found[FIVE].backend
    assert set(found) == {FIVE, EAGLE}
    assert (backend.vendor, backend.upstream, backend.region) == ("ibm", "ibm", "us-east")
    assert (backend.kind, backend.qubits, backend.max_shots) == (ExecutionKind.HARDWARE, 5, 100_000)
    assert backend.basis_gates == ("cx", "id", "rz", "sx", "x")
    assert backend.coupling_map == ((0, 1), (1, 0), (1, 2), (1, 3), (2, 1), (3, 1), (3, 4), (4, 3))
    assert {gate.name: gate.qubits for gate in backend.gates}["cx"] == backend.coupling_map
    assert {gate.name: gate.parameters for gate in backend.gates}["rz"] == ("theta",)
    assert backend.dynamic_circuits
    assert backend.rep_delay_seconds == (0.0, 250e-6, 500e-6)
    assert backend.dt_seconds == 0.5e-9
    assert (backend.processor_family, backend.processor_revision, backend.version) == ("Falcon", "5.11", "2.0.7")
    assert backend.online_since == datetime(2024, 2, 1, 5, tzinfo=UTC)


async def test_a_backend_tells_how_it_is(ibm):
    await ibm.control("backends", backend=FIVE, online=False, queue_length=7, message="maintenance until noon")

    status = (await reported(ibm))[FIVE].status
    assert (status.online, status.queue_length, status.message) == (False, 7, "maintenance until noon")


async def test_configurations_are_fetched_once_an_hour(ibm):
    async def asked():
        ibm.sent.clear()
        await reported(ibm)
        return ibm.paths

    first = await asked()
    assert first[0] == "GET /backends"
    assert sorted(first[1:]) == [f"GET /backends/{name}/configuration" for name in (EAGLE, FIVE)]
    assert await asked() == ["GET /backends"]
    ibm.now += timedelta(minutes=61)
    assert len(await asked()) == 3


async def test_a_configuration_is_fetched_again_when_the_backend_has_another_version(ibm):
    await reported(ibm)
    await ibm.vendor.calibration(ibm.call, FIVE)
    ibm.sent.clear()
    await reported(ibm)
    assert ibm.paths == ["GET /backends"]

    told = {**json.loads(await ibm.raw(f"/backends/{FIVE}/properties")), "backend_version": "2.0.8"}
    await ibm.fails("GET /properties", "garbage", body=json.dumps(told))
    await ibm.vendor.calibration(ibm.call, FIVE)
    ibm.sent.clear()
    await reported(ibm)
    assert ibm.paths == ["GET /backends", f"GET /backends/{FIVE}/configuration"]


async def catalogued(fetch, *listed):
    entries = [{"name": "a", "status": {"name": "online"}, **each} for each in listed]
    return await Catalog().reports({"devices": entries}, fetch, base="https://x", region="eu-de", now=NOW)


async def test_mock_devices_are_not_there(ibm):
    async def fetch(path):
        raise AssertionError(path)

    assert await catalogued(fetch, {"name": "mock_five", "class": "mock"}) == []


@pytest.mark.parametrize(
    "answer",
    [b"<html>", b"[]", b"{}", VendorRefusedError(vendor="ibm", status=403, words="no")],
    ids=["no JSON", "no object", "nothing in it", "refused"],
)
async def test_a_backend_that_cannot_be_described_is_left_out_and_the_others_stay(answer):
    async def fetch(path):
        if path != "/backends/a/configuration":
            return json.dumps(configuration(devices()[FIVE])).encode()
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert [each.backend.name for each in await catalogued(fetch, {}, {"name": FIVE})] == [FIVE]


@pytest.mark.parametrize("error", [AnswerLostError("x"), VendorCredentialError(vendor="ibm", status=401, words="x")])
async def test_trouble_of_the_vendor_is_no_trouble_of_one_backend(error):
    async def fetch(path):
        raise error

    assert await error_of(catalogued(fetch, {})) is error


async def test_what_ibm_may_leave_out_has_a_meaning():
    told = configuration(devices()[FIVE])
    for name in (
        "max_shots",
        "max_experiments",
        "processor_type",
        "rep_delay_range",
        "default_rep_delay",
        "description",
    ):
        del told[name]
    told["supported_instructions"] = ["cx", "measure"]

    async def fetch(path):
        return json.dumps(told).encode()

    (found,) = await catalogued(fetch, {"status": {"name": "paused"}, "is_simulator": True, "queue_length": None})

    assert (found.backend.max_shots, found.backend.max_circuits) == (100_000, 300)
    assert (found.backend.processor_family, found.backend.kind) == ("unknown", ExecutionKind.SIMULATOR)
    assert not found.backend.dynamic_circuits
    assert (found.status.online, found.status.message) == (False, "paused")


# ── calibrations ─────────────────────────────────────────────────────────────────────────────────
def value(name, unit, number):
    return {"date": "2026-03-01T12:00:00Z", "name": name, "unit": unit, "value": number}


QUBIT = [
    value("T1", "us", 200.0),
    value("T2", "ms", 0.1),
    value("frequency", "GHz", 4.8),
    value("anharmonicity", "MHz", -310.0),
    value("readout_error", "", 0.01),
    value("prob_meas0_prep1", "", 0.012),
    value("prob_meas1_prep0", "", 0.008),
    value("readout_length", "ns", 1300.0),
]


def properties(*qubits, gates=()):
    return {
        "backend_name": "a",
        "backend_version": "1.2.3",
        "last_update_date": "2026-03-01T11:00:00Z",
        "qubits": list(qubits),
        "gates": list(gates),
        "general": [],
    }


def gate(name, qubits, *parameters):
    return {"gate": name, "name": name, "qubits": qubits, "parameters": list(parameters)}


def test_every_value_has_our_unit():
    cz = gate("cz", [0, 1], value("gate_error", "", 0.004), value("gate_length", "ns", 68.0))
    snapshot = calibration("a", properties(QUBIT, gates=[cz]))

    (qubit,), (pair,) = snapshot.qubits, snapshot.gates
    assert qubit.t1_seconds == pytest.approx(200e-6)
    assert qubit.t2_seconds == pytest.approx(100e-6)
    assert qubit.frequency_hertz == pytest.approx(4.8e9)
    assert qubit.anharmonicity_hertz == pytest.approx(-0.31e9)
    assert (qubit.readout_error, qubit.prob_meas0_prep1, qubit.prob_meas1_prep0) == (0.01, 0.012, 0.008)
    assert qubit.readout_length_seconds == pytest.approx(1.3e-6)
    assert (pair.gate, pair.qubits, pair.error, pair.length_seconds) == ("cz", (0, 1), 0.004, pytest.approx(68e-9))
    assert snapshot.taken_at == datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert set(snapshot.provenance) == {"source", "backend_version", "sha256"}


def test_what_was_not_measured_reads_as_the_worst_and_is_named():
    nothing = [value("T1", "furlongs", 3.0), value("readout_error", "", float("nan"))]
    reset = gate("reset", [0], value("gate_length", "ns", 1000.0))
    snapshot = calibration("a", properties(QUBIT, nothing, QUBIT, gates=[reset, reset]))

    assert (snapshot.qubits[1].t1_seconds, snapshot.qubits[1].readout_error) == (0.0, 1.0)
    assert snapshot.qubits[1].prob_meas0_prep1 == 1.0
    assert snapshot.provenance["unmeasured_qubits"] == "1"
    assert snapshot.provenance["uncharacterised"] == "reset"


def test_no_properties_are_no_calibration_and_ibms_id_is_kept_where_it_gives_one():
    assert calibration("a", {}) is None
    assert calibration("a", {**properties(QUBIT), "calibration_id": "c-7"}).provenance["id"] == "c-7"


async def test_a_snapshot_of_the_fake_is_read_whole_and_a_new_one_is_another(ibm):
    first = await ibm.vendor.calibration(ibm.call, EAGLE)
    same = await ibm.vendor.calibration(ibm.call, EAGLE)
    await ibm.control("backends", backend=EAGLE, recalibrate=True)
    second = await ibm.vendor.calibration(ibm.call, EAGLE)

    assert len(first.qubits) == 127
    assert first == same
    assert first.digest != second.digest
    assert first.taken_at < second.taken_at
    assert "unmeasured_qubits" not in first.provenance
    assert replace(first, digest="") != replace(second, digest="")
