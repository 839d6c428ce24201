from datetime import date

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp, Statevector

from adapters.aer import calibration, devices, simulate
from adapters.aer.noise import Snapshot
from adapters.aer.simulate import Conditions
from gateway.domain.result import ProgramResult, Tensor
from gateway.ports.reader import Program
from tests.unit.aer.circuits import brickwork, ghz
from tests.unit.aer.plain_reader import circuit_item, item

MADE = calibration.snapshot(devices.device("sim_heavyhex_27"), seed=1, day=date(2025, 6, 1))


def run(*items, kind="sampler", methods=("statevector",) * 3, seed=1, options=None, calibrated=False) -> ProgramResult:
    program = Program(kind=kind, items=tuple(map(item, items)), options=options or {}, payload_versions=("plain",))
    snapshot = Snapshot(MADE) if calibrated else None
    return simulate.run(
        program, Conditions(methods=methods, seed=seed, memory_bytes=2**30, threads=1, snapshot=snapshot)
    )


def array(tensor: Tensor):
    return np.frombuffer(tensor.data, dtype={"uint8": "u1", "bool": "?", "float64": "<f8"}[tensor.dtype]).reshape(
        tensor.shape
    )


def test_a_result_says_that_a_simulator_made_it_and_how_to_make_it_again():
    result = run(
        circuit_item(ghz([0, 1], declared=5)),
        methods=("stabilizer",),
        seed=77,
        options={"dynamical_decoupling": {"enable": True}},
    )

    assert result.metadata == {
        "simulator": simulate.SIMULATOR,
        "execution_kind": "simulator",
        "method": "stabilizer",
        "seed": 77,
        "noise": "ideal",
        "options_not_applied": ["dynamical_decoupling.enable"],
    }
    assert simulate.SIMULATOR.startswith("qiskit-aer 0.")
    assert result.started_at < result.finished_at
    assert result.seconds > 0


def test_registers_have_the_shape_of_the_parameter_sets():
    angle = Parameter("angle")
    circuit = QuantumCircuit(QuantumRegister(4), ClassicalRegister(1, "a"), ClassicalRegister(10, "b"))
    circuit.rx(angle, 2)
    circuit.measure(2, 0)
    circuit.measure(2, 10)

    made = run(circuit_item(circuit, shape=[2, 3], values=[[0, np.pi, 0], [np.pi, 0, np.pi]], shots=7)).items[0]

    a, b = made.registers["a"], made.registers["b"]
    assert (a.bits, a.samples.shape) == (1, (2, 3, 7, 1))
    assert (b.bits, b.samples.shape) == (10, (2, 3, 7, 2))
    assert array(a.samples)[..., 0].all(axis=2).tolist() == [[False, True, False], [True, False, True]]
    assert set(array(b.samples).reshape(-1, 2).T.tolist()[0]) == {0, 0b10}
    assert (made.shape, made.shots) == ((2, 3), 7)


def test_shots_come_in_the_order_in_which_they_ran():
    """Two registers measured in one shot stay beside each other."""
    circuit = QuantumCircuit(QuantumRegister(1), ClassicalRegister(1, "first"), ClassicalRegister(1, "second"))
    circuit.h(0)
    circuit.measure(0, 0)
    circuit.measure(0, 1)

    registers = run(circuit_item(circuit)).items[0].registers

    first, second = (array(registers[name].samples).ravel() for name in ("first", "second"))
    assert np.array_equal(first, second)
    assert (first[1:] != first[:-1]).sum() > 0


def test_what_the_payload_draws_comes_back_beside_the_registers():
    """Twirled programs flip measurements; the client undoes it with these tensors."""
    flips = [[[True, False]]]

    made = run(
        circuit_item(ghz([0, 1], declared=2), extras={"measurement_flips.c": flips, "angles": [1, 2]}), kind="executor"
    )

    tensors = made.items[0].tensors
    assert (tensors["measurement_flips.c"].dtype, tensors["measurement_flips.c"].shape) == ("bool", (1, 1, 2))
    assert array(tensors["measurement_flips.c"]).tolist() == flips
    assert array(tensors["angles"]).tolist() == [1.0, 2.0]
    assert made.items[0].registers["c"].samples.shape == (1000, 1)


def test_an_estimate_has_values_and_errors_and_says_how_many_shots_they_took():
    circuit = brickwork(3, 2, seed=1, measured=False)
    observables = [{"ZII": 1.0}, {"IZI": 1.0}]

    made = run(
        circuit_item(circuit, shape=[2], values=[], shots=None, precision=0.02, observables=observables),
        kind="estimator",
    ).items[0]

    exact = [Statevector(circuit).expectation_value(_z(place)).real for place in (2, 1)]
    assert np.abs(array(made.tensors["evs"]) - exact).max() < 4 * 0.02
    assert array(made.tensors["stds"]).max() < 0.021
    assert made.tensors["ensemble_standard_error"] == made.tensors["stds"]
    assert made.metadata["shots"] == made.shots == 2500
    assert made.metadata["target_precision"] == 0.02
    assert made.registers == {}


def test_a_summary_counts_outcomes_in_whole_numbers():
    certain, fair = QuantumCircuit(2, 2), QuantumCircuit(2, 2)
    certain.x(0)
    fair.h([0, 1])
    for circuit in (certain, fair):
        circuit.measure([0, 1], [0, 1])

    one, four = (made.summary for made in run(circuit_item(certain), circuit_item(fair, shots=100_000)).items)

    assert (one.shots, one.distinct_outcomes, one.top_probability_ppm, one.entropy_microbits) == (1000, 1, 1_000_000, 0)
    assert (four.shots, four.distinct_outcomes) == (100_000, 4)
    assert abs(four.top_probability_ppm - 250_000) < 10_000
    assert abs(four.entropy_microbits - 2_000_000) < 1_000


def test_a_summary_of_estimates_tells_value_and_error():
    circuit = QuantumCircuit(1)
    circuit.x(0)

    summary = run(circuit_item(circuit, shots=10_000, observables=[{"Z": 1.0}]), kind="estimator").items[0].summary

    assert summary.value_ppm == -1_000_000
    assert 0 < summary.standard_error_ppm < 1_000


def test_an_item_is_the_same_whatever_else_is_in_the_job():
    """Each item draws from its own stream, so that a result can be made again alone."""
    first, second = circuit_item(brickwork(3, 2, seed=1)), circuit_item(brickwork(3, 2, seed=2))

    assert run(first, second).items[0] == run(first).items[0]
    assert run(first, first).items[0].registers != run(first, first).items[1].registers


def test_calibrated_noise_costs_the_fidelity_that_the_calibration_predicts():
    """Ten entangling gates and the readout of two qubits, against the product of their success probabilities.

    With 100 000 shots the standard error of a share near 0.93 is below 0.0009. Errors that do not show in
    the outcome (phase errors before the measurement) make the circuit do better than the product.
    """
    circuit = QuantumCircuit(27, 2)
    for _ in range(10):
        circuit.cz(0, 1)
    circuit.measure([0, 1], [0, 1])

    noisy = run(circuit_item(circuit, shots=100_000), methods=("density_matrix",), calibrated=True)

    gate = next(gate for gate in MADE.gates if (gate.gate, gate.qubits) == ("cz", (0, 1)))
    readout = np.prod([1 - MADE.qubits[qubit].prob_meas1_prep0 for qubit in (0, 1)])
    success = _zeros(noisy)
    assert success < readout - 4 * 0.0009
    assert success > (1 - gate.error) ** 10 * readout
    assert success < (1 - gate.error) ** 4 * readout
    assert _zeros(run(circuit_item(circuit))) == 1.0
    assert noisy.metadata["noise"] == "calibrated"
    assert noisy.metadata["calibration_digest"] == MADE.digest
    assert noisy.metadata["gates_without_noise"] == []


@pytest.mark.parametrize("method", ["statevector", "stabilizer", "matrix_product_state"])
def test_every_method_shows_the_same_noise(method):
    """Against the density matrix, which is exact; four standard errors of 4000 shots."""
    circuit = circuit_item(ghz([0, 1, 4, 7], declared=27), shots=4_000)

    exact, drawn = (_zeros(run(circuit, methods=(one,), calibrated=True)) for one in ("density_matrix", method))

    assert abs(exact - drawn) < 4 * np.sqrt(2 * 0.25 / 4_000)
    assert drawn < 0.49


def test_an_estimate_feels_noise_too():
    circuit = ghz([0, 1], declared=27).remove_final_measurements(inplace=False)
    plan = circuit_item(circuit, shots=50_000, observables=[{"I" * 25 + "XX": 1.0}])

    value = array(run(plan, kind="estimator", methods=("density_matrix",), calibrated=True).items[0].tensors["evs"])

    assert 0.85 < value < 0.99


def test_the_circuits_own_metadata_comes_back():
    circuit = ghz([0], declared=1)
    circuit.metadata = {"label": "mine"}

    assert run(circuit_item(circuit)).items[0].metadata["circuit_metadata"] == {"label": "mine"}


def test_metadata_that_is_no_json_is_left_out():
    circuit = ghz([0], declared=1)
    circuit.metadata = {"label": object()}

    assert run(circuit_item(circuit)).items[0].metadata["circuit_metadata"] == {}


def test_a_delay_with_a_parameter_takes_its_values_along_when_it_goes():
    pause, angle = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(1, 1)
    circuit.delay(pause, 0, unit="s")
    circuit.rx(angle, 0)
    circuit.measure(0, 0)

    made = run(circuit_item(circuit, values=[0.5, np.pi], shots=50)).items[0]

    assert array(made.registers["c"].samples).all()


def _zeros(result: ProgramResult) -> float:
    return float((array(result.items[0].registers["c"].samples) == 0).all(axis=-1).mean())


def _z(place: int):
    return SparsePauliOp.from_sparse_list([("Z", [place], 1.0)], num_qubits=3)
