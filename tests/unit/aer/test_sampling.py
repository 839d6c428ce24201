"""Sampled distributions against exact ones. The bounds state how often they would reject a correct simulator."""

from math import log, pi, sqrt

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.quantum_info import Statevector
from qiskit_aer import AerSimulator

from adapters.aer import sampling
from adapters.aer.compact import compact
from adapters.aer.sampling import Engine, SimulationFailedError, by_register, packed
from tests.unit.aer.circuits import brickwork, busy, ghz, teleportation

FALSE_ALARM = 1e-6
NO_VALUES = np.zeros((1, 0))
ALL = ("statevector", "matrix_product_state", "density_matrix")


def engine(method="statevector", *, seed=1, memory_bytes=2**30, noise=None) -> Engine:
    return Engine(method=method, memory_bytes=memory_bytes, threads=1, noise=noise, seed=seed)


def sample(circuit: QuantumCircuit, shots: int, method="statevector", values=NO_VALUES, seed=1):
    return engine(method, seed=seed).sample(compact(circuit, method=method).circuit, values, shots)


def histogram(bits) -> np.ndarray:
    """Count shots by the integer their bits spell."""
    width = bits.shape[-1]
    return np.bincount(bits.reshape(-1, width) @ (1 << np.arange(width)), minlength=2**width)


def distance(counts, probabilities) -> float:
    """Give the total variation distance between counted shots and a distribution."""
    return 0.5 * float(np.abs(counts / counts.sum() - probabilities).sum())


def bound(outcomes: int, shots: int) -> float:
    """Give what the distance of a correct sample exceeds with a probability of `FALSE_ALARM` at most.

    Its mean is at most `sqrt(outcomes / shots) / 2` (Jensen), and one shot moves it by `1 / shots` at most,
    so it exceeds its mean by t with a probability of at most `exp(-2 shots t**2)` (McDiarmid).
    """
    return 0.5 * sqrt(outcomes / shots) + sqrt(log(1 / FALSE_ALARM) / (2 * shots))


@pytest.mark.parametrize("method", ALL)
def test_counts_follow_the_exact_distribution(method):
    circuit = brickwork(5, 6, seed=7)

    counts = histogram(sample(circuit, 20_000, method))

    exact = Statevector(circuit.remove_final_measurements(inplace=False)).probabilities()
    assert distance(counts, exact) < bound(32, 20_000)


def test_counts_follow_aer_run_directly():
    circuit = brickwork(6, 5, seed=11)
    direct = AerSimulator().run(circuit, shots=50_000, seed_simulator=99).result().get_counts()

    counts = histogram(sample(circuit, 50_000))

    probabilities = np.array([direct.get(format(outcome, "06b"), 0) / 50_000 for outcome in range(64)])
    assert distance(counts, probabilities) < 2 * bound(64, 50_000)


def test_the_bound_would_notice_a_wrong_angle():
    """A test that cannot fail proves nothing: two hundredths of a radian in each gate are seen."""
    circuit, wrong = QuantumCircuit(1), QuantumCircuit(1)
    circuit.rx(1.0, 0)
    wrong.rx(1.04, 0)
    wrong.measure_all()

    assert distance(histogram(sample(wrong, 100_000)), Statevector(circuit).probabilities()) > bound(2, 100_000)


@pytest.mark.parametrize("method", ["stabilizer", *ALL[:2]])
def test_a_ghz_state_of_a_large_device_reads_all_zeros_or_all_ones(method):
    places = list(range(20)) if method != "statevector" else list(range(10))

    bits = sample(ghz(places, declared=127), 4000, method)[0]

    ones = bits.sum(axis=1)
    assert set(ones) == {0, len(places)}
    assert abs((ones == 0).mean() - 0.5) < bound(2, 4000)


def test_a_chain_of_all_127_qubits_runs():
    bits = sample(ghz(list(range(127)), declared=127), 100, "stabilizer")[0]

    assert bits.shape == (100, 127)
    assert set(bits.sum(axis=1)) == {0, 127}


@pytest.mark.parametrize("method", ["statevector", "matrix_product_state"])
@pytest.mark.parametrize("angle", [0.0, 0.7, 2.0])
def test_teleportation_delivers_the_state(method, angle):
    """Mid-circuit measurement, feed-forward and two registers at once."""
    circuit = teleportation(angle)
    registers = by_register(circuit, sample(circuit, 10_000, method))

    arrived, sent = registers["arrived"][1], registers["sent"][1]
    one = np.sin(angle / 2) ** 2
    assert distance(histogram(arrived), np.array([1 - one, one])) < bound(2, 10_000)
    assert distance(histogram(sent), np.full(4, 0.25)) < bound(4, 10_000)


def test_the_extended_stabilizer_is_not_fooled_by_entanglement():
    """Four T gates make a Z: all qubits read one. Aer's default sampling would read zeros half of the time."""
    circuit = QuantumCircuit(4)
    circuit.h(0)
    for _ in range(4):
        circuit.rz(pi / 4, 0)
    circuit.h(0)
    for qubit in range(3):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()

    assert sample(circuit, 10, "extended_stabilizer").all()


def test_loops_and_branches_run():
    """Flip a coin until it shows one, at most six times: fails with probability 2**-6."""
    circuit = QuantumCircuit(QuantumRegister(40), ClassicalRegister(1))
    with circuit.for_loop(range(6)):
        circuit.reset(31)
        circuit.h(31)
        circuit.measure(31, 0)
        with circuit.if_test((circuit.clbits[0], 1)):
            circuit.break_loop()

    counts = histogram(sample(circuit, 20_000))

    assert distance(counts, np.array([1 / 64, 63 / 64])) < bound(2, 20_000)


@pytest.mark.parametrize("flow", [False, True], ids=["Aer binds", "qiskit binds"])
def test_every_parameter_set_gives_its_own_distribution(flow):
    """Parameters are ordered as `circuit.parameters`, not as they appear."""
    late, early = Parameter("z"), Parameter("a")
    circuit = QuantumCircuit(50, 2)
    circuit.rx(late, 40)
    circuit.ry(early, 7)
    circuit.measure([40, 7], [0, 1])
    if flow:
        with circuit.if_test((circuit.clbits[0], 1)):
            circuit.rx(early - early, 40)
    values = np.array([[0.3, 1.2], [2.0, 0.0], [0.0, 3.0]])

    bits = sample(circuit, 5_000, values=values)

    for (early_angle, late_angle), shots in zip(values, bits, strict=True):
        first, second = np.sin(late_angle / 2) ** 2, np.sin(early_angle / 2) ** 2
        exact = np.outer([1 - second, second], [1 - first, first]).ravel()
        assert distance(histogram(shots), exact) < bound(4, 5_000)


def test_portions_change_nothing_but_memory(monkeypatch):
    """Long jobs are cut; the pieces must be different draws, complete, and in place."""
    monkeypatch.setattr(sampling, "_SHOTS_AT_ONCE", 700)
    circuit = QuantumCircuit(8, 8)
    circuit.h(range(8))
    circuit.measure(range(8), range(8))

    bits = sample(circuit, 2_000)[0]

    assert bits.shape == (2_000, 8)
    assert abs(bits.mean() - 0.5) < bound(2, 16_000)
    assert not np.array_equal(bits[:600], bits[700:1300])
    many = sample(circuit, 100, values=np.zeros((30, 0)))
    assert len({shots.tobytes() for shots in many}) == 30


def test_a_seed_decides_every_shot():
    circuit = brickwork(4, 3, seed=5)

    assert np.array_equal(sample(circuit, 100, seed=3), sample(circuit, 100, seed=3))
    assert not np.array_equal(sample(circuit, 100, seed=3), sample(circuit, 100, seed=4))


def test_registers_are_packed_as_big_endian_integers():
    circuit = QuantumCircuit(QuantumRegister(11), ClassicalRegister(2, "low"), ClassicalRegister(9, "high"))
    circuit.x([1, 2, 10])
    circuit.measure(range(11), range(11))

    registers = by_register(circuit, sample(circuit, 3))

    assert packed(registers["low"][1]).tolist() == [[[0b10]] * 3]
    assert packed(registers["high"][1]).tolist() == [[[0b1, 0b1]] * 3]


def test_bits_that_nothing_is_measured_into_read_zero():
    assert not sample(QuantumCircuit(3, 4), 5).any()
    assert sample(QuantumCircuit(3), 5).shape == (1, 5, 0)


def test_a_state_that_does_not_fit_is_told_and_not_tried():
    circuit = QuantumCircuit(28)
    circuit.h(range(28))
    circuit.measure_all()

    with pytest.raises(SimulationFailedError, match="Insufficient memory") as failure:
        engine(memory_bytes=2**20).sample(circuit, NO_VALUES, 10)
    assert failure.value.memory


def test_what_a_method_cannot_do_is_told():
    with pytest.raises(SimulationFailedError) as failure:
        engine("stabilizer").sample(brickwork(2, 1, seed=1), NO_VALUES, 10)
    assert not failure.value.memory


def test_the_busy_circuit_is_one_that_every_shot_evolves_again():
    """Guards the tests that cancel: what they cancel must not be quick."""
    assert busy().count_ops()["measure"] == 21
