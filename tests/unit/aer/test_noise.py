from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from qiskit.quantum_info import Operator, average_gate_fidelity
from qiskit_aer.noise import QuantumError

from adapters.aer import calibration, devices
from adapters.aer.compact import compact
from adapters.aer.noise import Snapshot, Snapshots, UncalibratedError, gate_error
from gateway.domain.backend import GateCalibration
from tests.unit.aer.circuits import ghz

MADE = calibration.snapshot(devices.device("sim_heavyhex_27"), seed=1, day=date(2025, 6, 1))


@pytest.mark.parametrize("gate", [gate for gate in MADE.gates if gate.qubits in {(0,), (4,), (0, 1), (1, 4)}])
def test_a_gate_errs_on_average_exactly_as_often_as_calibrated(gate):
    error = gate_error(gate, [MADE.qubits[qubit] for qubit in gate.qubits])

    assert _average_error(error, len(gate.qubits)) == pytest.approx(gate.error, rel=1e-6)


def test_a_gate_that_is_better_than_its_relaxation_still_errs_as_calibrated():
    """A calibration may contradict itself; the gate error is what experiments see."""
    gate = GateCalibration(gate="cz", qubits=(0, 1), error=1e-4, length_seconds=500e-9)

    error = gate_error(gate, MADE.qubits[:2])

    assert _average_error(error, 2) == pytest.approx(1e-4, rel=0.02)


def test_every_method_can_draw_the_errors():
    """Resets and phase flips, no general Kraus operators: a Clifford circuit stays one."""
    qubit = replace(MADE.qubits[0], t1_seconds=50e-6, t2_seconds=90e-6)
    gate = GateCalibration(gate="sx", qubits=(0,), error=1e-3, length_seconds=24e-9)

    error = gate_error(gate, [qubit])

    words = {instruction.operation.name for circuit in error.circuits for instruction in circuit.data}
    assert words <= {"id", "x", "y", "z", "reset", "pauli"}


def test_readout_errs_as_calibrated():
    qubit = MADE.qubits[3]

    assert Snapshot(MADE).readout(3).probabilities == pytest.approx(
        np.array(
            [
                [1 - qubit.prob_meas1_prep0, qubit.prob_meas1_prep0],
                [qubit.prob_meas0_prep1, 1 - qubit.prob_meas0_prep1],
            ]
        )
    )


def test_a_noise_model_speaks_only_of_the_qubits_and_gates_of_the_circuit():
    small = compact(ghz([22, 25, 24], declared=27), method="statevector")

    noise = Snapshot(MADE).noise(small)

    assert noise.model.noise_qubits == [0, 1, 2]
    assert set(noise.model.noise_instructions) == {"sx", "cz", "measure"}
    assert noise.uncovered == ()


def test_gates_in_places_that_nobody_calibrated_are_named():
    circuit = ghz([0, 26], declared=27)
    circuit.h(0)

    assert Snapshot(MADE).noise(compact(circuit, method="statevector")).uncovered == ("cz", "h")


def test_a_qubit_beyond_the_device_is_refused():
    with pytest.raises(UncalibratedError, match="uses qubit 40, the calibration knows 27 qubits"):
        Snapshot(MADE).noise(compact(ghz([3, 40], declared=60), method="statevector"))


def test_snapshots_are_kept_by_digest_and_not_for_ever():
    snapshots = Snapshots()
    first = snapshots.of(MADE)
    assert snapshots.of(replace(MADE)) is first

    others = [snapshots.of(replace(MADE, digest=str(number))) for number in range(20)]

    assert [other.digest for other in others] == [str(number) for number in range(20)]
    assert snapshots.of(MADE) is not first


def _average_error(error: QuantumError | None, qubits: int) -> float:
    return 0.0 if error is None else 1 - average_gate_fidelity(error.to_quantumchannel(), Operator(np.eye(2**qubits)))
