"""The fake IonQ's results are those of the circuit, in IonQ's order of bits and units of angle."""

import json
from math import pi

import pytest

from tests.fakes.vendors.ionq.circuits import compiled
from tests.fakes.vendors.ionq.measured import Measured, sharpened
from tests.fakes.vendors.ionq.preflight import Failure
from tests.fakes.vendors.ionq.simulate import Run, interpreted, simulated
from tests.fakes.vendors.ionq.wire import CircuitSubmission, submission

EXACT = Run(shots=1, seed=7, exact=True)
EVERYTHING = [
    {"gate": "h", "targets": [0]},
    {"gate": "x", "target": 1, "control": 0},
    {"gate": "z", "targets": [1], "rotation": 0.4},
    {"gate": "v", "target": 2, "controls": [0, 1]},
    {"gate": "xx", "targets": [0, 2], "rotation": 0.3},
    {"gate": "ry", "target": 2, "rotation": 1.1},
    {"gate": "pauliexp", "targets": [0, 1], "terms": ["XY"], "coefficients": [0.5], "time": 0.7},
    {"gate": "swap", "targets": [0, 2], "controls": [1]},
    {"gate": "ti", "target": 0},
    {"gate": "h", "target": 0},
]


def circuit(gates, gateset="qis", qubits=4):
    body = {"gateset": gateset, "qubits": qubits, "circuit": gates}
    asked = submission(json.dumps({"type": "ionq.circuit.v1", "backend": "simulator", "input": body}).encode())
    assert isinstance(asked, CircuitSubmission)
    return asked.input


def probabilities(gates, gateset="qis", qubits=4):
    measured = simulated(circuit(gates, gateset, qubits), EXACT)
    assert isinstance(measured, Measured)
    return measured.probabilities


@pytest.mark.parametrize(("qubit", "state"), [(0, 1), (2, 4), (28, 2**28)])
def test_bit_i_of_a_state_is_qubit_i_however_many_are_idle(qubit, state):
    assert probabilities([{"gate": "x", "target": qubit}], qubits=29) == {state: 1.0}


def test_rotations_of_abstract_gates_are_radians():
    assert probabilities([{"gate": "rx", "target": 0, "rotation": pi}]) == pytest.approx({1: 1.0})


def test_angles_of_native_gates_are_turns():
    assert probabilities(
        [{"gate": "gpi2", "target": 0, "phase": 0}, {"gate": "gpi2", "target": 0, "phase": 1}], "native"
    ) == {1: 1}
    entangled = probabilities([{"gate": "ms", "targets": [0, 1], "phases": [0, 0]}], "native")
    assert entangled == pytest.approx({0: 0.5, 3: 0.5})


def test_a_z_with_a_rotation_is_a_phase_gate_also_under_control():
    kicked = [{"gate": "h", "target": 0}, {"gate": "x", "target": 1}]
    kicked += [{"gate": "z", "target": 1, "control": 0, "rotation": pi}, {"gate": "h", "target": 0}]
    assert probabilities(kicked) == pytest.approx({3: 1.0})


@pytest.mark.parametrize("pair", ["ms", "zz"])
def test_a_compiled_circuit_does_what_the_circuit_does(pair):
    native = compiled(circuit(EVERYTHING), pair)

    assert {gate["gate"] for gate in native} == {"gpi", "gpi2", pair}
    assert probabilities(native, "native") == pytest.approx(probabilities(EVERYTHING), abs=1e-9)


def test_shots_follow_the_probabilities_and_the_seed_repeats_them():
    run = Run(shots=4000, seed=3, exact=False)
    first, second = simulated(circuit(EVERYTHING), run), simulated(circuit(EVERYTHING), run)

    assert isinstance(first, Measured)
    assert first == second
    assert first.probabilities == pytest.approx(
        {state: share for state, share in probabilities(EVERYTHING).items() if state in first.probabilities}, abs=0.04
    )


def test_noise_is_heard():
    flips = [{"gate": "x", "target": 0}] * 100
    noisy = simulated(circuit(flips), Run(shots=2000, seed=3, exact=False, noise="harmony"))

    assert isinstance(noisy, Measured)
    assert 0.6 < noisy.probabilities[0] < 0.999


def test_a_chain_too_wide_for_a_state_vector_still_gives_shots():
    chain = [{"gate": "h", "target": 0}] + [{"gate": "cnot", "target": q + 1, "control": q} for q in range(35)]
    measured = simulated(circuit(chain, qubits=36), Run(shots=20, seed=3, exact=False))

    assert isinstance(measured, Measured)
    assert set(measured.probabilities) == {0, 2**36 - 1}
    assert isinstance(simulated(circuit(chain, qubits=36), EXACT), Failure)


def test_a_program_measures_in_the_middle_and_keeps_its_registers_apart():
    program = """OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] first; bit[1] second;
    x q[1]; first[1] = measure q[1]; if (first[1]) { x q[0]; } second[0] = measure q[0];"""
    measured = interpreted(program, Run(shots=5, seed=1, exact=False), room=2)

    assert isinstance(measured, Measured)
    assert measured.registers == {"first": [0, 1], "second": [2]}
    assert measured.shots == [0b110] * 5


@pytest.mark.parametrize(
    ("program", "code"),
    [("OPENQASM 3.0; nonsense", "CompilationError"), ("OPENQASM 3.0; qubit[3] q;", "NotEnoughQubits")],
)
def test_a_program_that_cannot_run_is_a_failure(program, code):
    outcome = interpreted(program, EXACT, room=2)

    assert isinstance(outcome, Failure)
    assert outcome.code == code


def test_sharpening_keeps_what_most_variants_say():
    shots = [5, 5, 5, 0, 2] * 20
    assert sharpened(Measured(probabilities={}, shots=shots)) == {5: 1.0}
