"""Expectation values against exact ones, and standard errors against the errors really made."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp, Statevector

from adapters.aer.compact import compact
from adapters.aer.estimation import Estimate, Idle, estimate, shots_for
from adapters.aer.sampling import Engine
from tests.unit.aer.circuits import brickwork, ghz

PERFECT = Idle(misread={})


def run(circuit, observables, *, values=None, shots=4096, method="statevector", seed=1, idle=PERFECT) -> Estimate:
    array = np.empty(
        np.shape(observables) if isinstance(observables, np.ndarray) else (len(observables),), dtype=object
    )
    array[...] = observables
    values = np.zeros((*array.shape, 0)) if values is None else np.asarray(values, dtype=float)
    engine = Engine(method=method, memory_bytes=2**30, threads=1, noise=None, seed=seed)
    return estimate(engine, compact(circuit, method=method), values, array, shots=shots, idle=idle)


def exact(circuit, observable) -> float:
    return float(Statevector(circuit).expectation_value(SparsePauliOp.from_list(list(observable.items()))).real)


OBSERVABLES = [
    {"IIIZ": 1.0},
    {"XXII": 1.0, "IYYI": -0.5},
    {"ZZZZ": 2.0, "XIIX": 1.0, "IIII": 3.0},
    {"YYYY": 1.0},
    {"ZIIZ": 0.7, "IZZI": 0.7, "XXXX": -0.2, "YIIY": 0.3},
]


@pytest.mark.parametrize("method", ["statevector", "matrix_product_state", "density_matrix"])
def test_values_lie_within_four_standard_errors_of_the_truth(method):
    """Fixed seed; a correct estimator fails one such comparison in 16 000."""
    circuit = brickwork(4, 4, seed=2, measured=False)

    found = run(circuit, OBSERVABLES, method=method)

    truth = np.array([exact(circuit, observable) for observable in OBSERVABLES])
    assert (np.abs(found.values - truth) <= 4 * found.errors).all()
    assert (found.errors > 0).all()
    assert (found.errors < 6 / np.sqrt(4096)).all()


def test_standard_errors_are_as_large_as_the_errors_really_made():
    """Of 600 independent values the pulls must have mean 0 and spread 1.

    Their mean has a standard error of 1 / sqrt(600), their variance one of about sqrt(2 / 600); four of
    each are allowed, and the seed is fixed.
    """
    angle = Parameter("angle")
    circuit = QuantumCircuit(2)
    circuit.ry(angle, 0)
    circuit.cx(0, 1)
    angles = np.linspace(0.4, 2.7, 600)

    found = run(circuit, [{"IZ": 1.0, "XX": 0.5}] * 600, values=angles[:, None], shots=400)

    pulls = (found.values - (np.cos(angles) + 0.5 * np.sin(angles))) / found.errors
    assert abs(pulls.mean()) < 4 / np.sqrt(600)
    assert abs(pulls.var() - 1) < 4 * np.sqrt(2 / 600)


def test_precision_decides_the_shots_and_is_kept():
    angle, circuit = np.pi / 2, QuantumCircuit(1)
    circuit.rx(angle, 0)

    found = run(circuit, [{"Z": 1.0}], shots=shots_for(0.01))

    assert shots_for(0.01) == found.shots == 10_000
    assert shots_for(0.015625) == 4096
    assert shots_for(5.0) == 1
    assert all(shots_for(1 / np.sqrt(shots)) == shots for shots in (3, 4096, 1_000_003, 10**9 + 7))
    assert found.errors[0] == pytest.approx(0.01, rel=0.02)


def test_terms_measured_together_are_not_taken_for_independent():
    """ZI and IZ of a Bell state agree in every shot: their sum spreads twice as far as one of them."""
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)

    together = run(circuit, [{"ZI": 1.0, "IZ": 1.0}, {"ZI": 1.0, "IZ": -1.0}, {"ZI": 1.0}])

    assert together.errors[0] == pytest.approx(2 * together.errors[2], rel=0.01)
    assert together.values[1] == 0.0
    assert together.errors[1] < 0.1 * together.errors[2]


def test_agreement_of_all_shots_is_no_proof_of_certainty():
    """One in ten thousand shots would read the other way: the value is off, and its error must say so."""
    circuit = QuantumCircuit(1)
    circuit.rx(0.02, 0)

    found = run(circuit, [{"Z": 1.0}], shots=1000)

    assert found.values[0] == 1.0
    assert abs(found.values[0] - np.cos(0.02)) <= 4 * found.errors[0]
    assert found.errors[0] < 0.01


def test_an_identity_is_exact():
    found = run(brickwork(3, 2, seed=1, measured=False), [{"III": -2.5}])

    assert found.values[0] == -2.5
    assert found.errors[0] == 0.0


@pytest.mark.parametrize(
    ("prepare", "letter", "value"),
    [("", "0", 1), ("", "1", 0), ("x", "1", 1), ("h", "+", 1), ("h", "-", 0), ("xh", "-", 1), ("hs", "r", 1),
     ("hs", "l", 0), ("xhs", "l", 1), ("hs", "Y", 1), ("xhs", "Y", -1), ("xh", "X", -1), ("x", "Z", -1)],
)  # fmt: skip
def test_every_letter_of_an_observable_means_what_the_sdk_means(prepare, letter, value):
    circuit = QuantumCircuit(1)
    for gate in prepare:
        getattr(circuit, gate)(0)

    found = run(circuit, [{letter: 1.0}], shots=500)

    assert found.values[0] == value


def test_a_projector_times_a_pauli_may_take_either_sign():
    circuit = QuantumCircuit(2)
    circuit.h(1)
    circuit.rx(2.0, 0)

    found = run(circuit, [{"0Z": 1.0}], shots=10_000)

    assert abs(found.values[0] - 0.5 * np.cos(2.0)) <= 4 * found.errors[0]


def test_observables_and_parameters_broadcast():
    angle = Parameter("angle")
    circuit = QuantumCircuit(1)
    circuit.rx(angle, 0)
    observables = np.empty((2, 3), dtype=object)
    observables[0, :] = [{"Z": 1.0}] * 3
    observables[1, :] = [{"Y": 1.0}] * 3
    values = np.broadcast_to(np.array([0.5, 1.0, 1.5])[:, None], (2, 3, 1))

    found = run(circuit, observables, values=values, shots=10_000)

    truth = np.array([np.cos([0.5, 1.0, 1.5]), -np.sin([0.5, 1.0, 1.5])])
    assert found.values.shape == (2, 3)
    assert (np.abs(found.values - truth) <= 4 * found.errors).all()


def test_an_observable_may_speak_of_all_127_qubits_of_a_small_circuit():
    """Observables are padded to the device; idle qubits cost nothing and are in the ground state."""
    circuit = ghz([3, 5], declared=127).remove_final_measurements(inplace=False)
    everywhere = "".join("X" if qubit in {3, 5} else "Z" for qubit in reversed(range(127)))
    across = "I" * 26 + "Y" + "I" * 100

    found = run(circuit, [{everywhere: 1.0}, {across: 1.0}])

    assert found.values[0] == 1.0
    assert abs(found.values[1]) <= 4 * found.errors[1]
    assert found.errors[1] == pytest.approx(1 / 64, rel=0.05)


def test_idle_qubits_are_misread_as_calibrated():
    circuit = QuantumCircuit(2)
    circuit.x(0)

    found = run(circuit, [{"ZI": 1.0}], shots=40_000, idle=Idle(misread={1: (0.1, 0.3)}))

    assert abs(found.values[0] - 0.8) <= 4 * found.errors[0]


def test_a_circuit_that_measures_midway_can_be_estimated():
    circuit = QuantumCircuit(2, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.x(1)

    found = run(circuit, [{"ZZ": 1.0}, {"ZI": 1.0}], shots=2000)

    assert found.values[0] == 1.0
    assert abs(found.values[1]) <= 4 * found.errors[1]


def test_a_stabilizer_state_of_many_qubits_is_estimated():
    circuit = ghz(list(range(100)), declared=127).remove_final_measurements(inplace=False)
    parity = "".join("X" if qubit < 100 else "I" for qubit in reversed(range(127)))
    ends = "".join("Z" if qubit in {0, 99} else "I" for qubit in reversed(range(127)))

    found = run(circuit, [{parity: 1.0}, {ends: 1.0}], method="stabilizer", shots=500)

    assert found.values.tolist() == [1.0, 1.0]


def test_a_seed_decides_every_value():
    circuit = brickwork(3, 2, seed=4, measured=False)

    values = [run(circuit, [{"ZZZ": 1.0}], seed=seed).values[0] for seed in (8, 8, 9)]

    assert values[0] == values[1] != values[2]
