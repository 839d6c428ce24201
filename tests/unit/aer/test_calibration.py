from datetime import UTC, date, datetime, timedelta
from statistics import median

import pytest

from adapters.aer import calibration, devices

DAY = date(2025, 6, 1)
LARGE = devices.device("sim_heavyhex_127")


def test_a_snapshot_is_a_function_of_device_seed_and_day():
    """History needs no storage: yesterday's snapshot can be made again at any time, digest and all."""
    once = calibration.snapshot(LARGE, seed=1, day=DAY)

    assert calibration.snapshot(LARGE, seed=1, day=DAY) == once
    assert once.taken_at == datetime(2025, 6, 1, tzinfo=UTC)
    assert once.provenance == {"seed": 1, "generator": calibration.GENERATOR, "day": "2025-06-01"}
    others = [
        calibration.snapshot(LARGE, seed=2, day=DAY),
        calibration.snapshot(LARGE, seed=1, day=DAY + timedelta(days=1)),
        calibration.snapshot(devices.device("sim_line_5"), seed=1, day=DAY),
    ]
    assert len({once.digest, *(other.digest for other in others)}) == 4


def test_the_generator_still_gives_the_numbers_it_always_gave():
    """A recorded seed must lead to the recorded snapshot for ever; a change needs a new generator name."""
    made = calibration.snapshot(devices.device("sim_line_5"), seed=20250101, day=DAY)

    assert made.digest == "c1882bf79236d32723e4066a141bddcba0bde75df1d5ae8671e406bfb9985b8f"


def test_the_days_differ_a_little_and_the_qubits_a_lot():
    today, tomorrow = (calibration.snapshot(LARGE, seed=1, day=DAY + timedelta(days=days)) for days in (0, 1))

    changes = [abs(b.t1_seconds / a.t1_seconds - 1) for a, b in zip(today.qubits, tomorrow.qubits, strict=True)]
    assert 0 < median(changes) < 0.2
    assert max(qubit.t1_seconds for qubit in today.qubits) > 2 * min(qubit.t1_seconds for qubit in today.qubits)


@pytest.mark.parametrize("name", devices.NAMES)
def test_every_gate_of_a_device_is_calibrated_with_possible_numbers(name):
    device = devices.device(name)
    made = calibration.snapshot(device, seed=1, day=DAY)

    calibrated = {(gate.gate, gate.qubits) for gate in made.gates}
    assert {(spec.name, qubits) for spec in device.gates for qubits in spec.qubits} <= calibrated
    assert {("reset", (qubit,)) for qubit in range(device.qubits)} <= calibrated
    assert all(0 <= gate.error <= 0.15 and 0 <= gate.length_seconds < 1e-5 for gate in made.gates)
    for qubit in made.qubits:
        assert 0 < qubit.t2_seconds <= 2 * qubit.t1_seconds
        assert 0 < qubit.readout_error < 0.2
        assert qubit.readout_error == pytest.approx((qubit.prob_meas0_prep1 + qubit.prob_meas1_prep0) / 2, rel=1e-4)


def test_the_medians_are_those_of_a_current_device():
    made = calibration.snapshot(LARGE, seed=1, day=DAY)

    assert 120e-6 < median(qubit.t1_seconds for qubit in made.qubits) < 230e-6
    assert 0.002 < median(gate.error for gate in made.gates if gate.gate == "cz") < 0.006
    assert 1e-4 < median(gate.error for gate in made.gates if gate.gate == "sx") < 5e-4
    assert {gate.error for gate in made.gates if gate.gate == "rz"} == {0.0}


def test_a_coupling_is_as_good_one_way_as_the_other():
    made = calibration.snapshot(LARGE, seed=1, day=DAY)

    errors = {(gate.gate, gate.qubits): gate.error for gate in made.gates}
    assert all(errors["cz", (a, b)] == errors["cz", (b, a)] for a, b in LARGE.coupling_map)
