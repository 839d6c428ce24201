"""Braket's OpenQASM as the fake reads and runs it: the physics must be right, and nothing may be guessed."""

import math

import numpy as np
import pytest

from tests.fakes.vendors.aws import simulation
from tests.fakes.vendors.aws.admission import Executable, admit
from tests.fakes.vendors.aws.calls import ANKAA, FORTE, GARNET, SV1
from tests.fakes.vendors.aws.devices import devices
from tests.fakes.vendors.aws.gates import GATES, power
from tests.fakes.vendors.aws.outcome import invented
from tests.fakes.vendors.aws.program import ProgramError
from tests.fakes.vendors.aws.qasm import read

DEVICES = devices()
ANGLES = (0.3, 0.7, 1.1)


def run(source, shots=0, **inputs):
    return simulation.run(admit(Executable(source, inputs, shots), DEVICES[SV1]), shots)


def state(source, **inputs):
    pairs = run(f"{source}\n#pragma braket result state_vector\n", **inputs).values[0]["value"]
    return np.array([complex(*pair) for pair in pairs])


@pytest.mark.parametrize("name", GATES)
def test_every_gate_is_unitary_and_has_the_size_it_says(name):
    gate = GATES[name]
    matrix = gate.matrix(*ANGLES[: gate.angles])

    assert matrix.shape == (2**gate.qubits, 2**gate.qubits)
    assert np.allclose(matrix @ matrix.conj().T, np.eye(2**gate.qubits))


@pytest.mark.parametrize("name", GATES)
def test_a_root_of_a_gate_applied_again_is_the_gate(name):
    gate = GATES[name]
    matrix = gate.matrix(*ANGLES[: gate.angles])

    assert np.allclose(power(matrix, 0.5) @ power(matrix, 0.5), matrix)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("qubit[2] q; x q[0];", [0, 0, 1, 0], id="the first qubit is the most significant"),
        pytest.param("qubit[2] q; x q[0]; cnot q[0], q[1];", [0, 0, 0, 1], id="control first"),
        pytest.param("qubit[2] q; x q;", [0, 0, 0, 1], id="a whole register"),
        pytest.param("qubit[1] a; qubit[1] b; x b[0];", [0, 1, 0, 0], id="registers in the order of declaration"),
        pytest.param("qubit[3] q; x q[0:1]; ccnot q[0], q[1], q[2];", [0] * 7 + [1], id="a range of qubits"),
        pytest.param("qubit[2] q; negctrl @ x q[0], q[1];", [0, 1, 0, 0], id="a negative control"),
        pytest.param("qubit[2] q; x q[0]; ctrl @ pow(2) @ v q[0], q[1];", [0, 0, 0, 1], id="a controlled power"),
        pytest.param("qubit[1] q; s q; inv @ s q; x q;", [0, 1], id="an inverse"),
        pytest.param("qubit[1] q; for int i in [0:2] { x q[0]; }", [0, 1], id="a loop, its end included"),
        pytest.param("gate twice(a) r { rx(a) r; rx(a) r; } qubit[1] q; twice(pi / 2) q;", [0, -1j], id="a gate"),
        pytest.param("const float a = pi; qubit[1] q; rx(a) q;", [0, -1j], id="a constant"),
        pytest.param("qubit[1] q;\n#pragma braket unitary([[0, -1im], [1im, 0]]) q[0]", [0, 1j], id="a unitary"),
    ],
)
def test_programs_do_what_they_say(source, expected):
    assert np.allclose(state(f"OPENQASM 3.0;\n{source}"), expected)


def test_inputs_are_taken_from_beside_the_source():
    source = "OPENQASM 3.0; input float a; qubit[1] q; rx(2 * a + pi / 2) q[0];"

    assert np.allclose(state(source, a=math.pi / 4), [0, -1j])


def test_measured_qubits_come_in_the_order_of_their_bits():
    outcome = run("bit[2] b; qubit[3] q; x q[2]; b[1] = measure q[0]; b[0] = measure q[2];", 3)

    assert (list(outcome.measured), outcome.samples) == ([2, 0], [[1, 0]] * 3)


def test_without_a_measurement_all_qubits_are_measured_used_or_not():
    outcome = run("qubit[3] q; x q[1];", 2)

    assert (list(outcome.measured), outcome.samples) == ([0, 1, 2], [[0, 1, 0]] * 2)


RESULTS = {
    "expectation x(q[0]) @ x(q[1])": 1.0,
    "expectation y(q[0]) @ y(q[1])": -1.0,
    "expectation z(q[2])": math.cos(0.3),
    "variance z(q[2])": 1 - math.cos(0.3) ** 2,
    "variance z(q[0])": 1.0,
    "expectation h(q[2])": (math.cos(0.3) + math.sin(0.3)) / math.sqrt(2),
    "expectation hermitian([[2, 0], [0, 4]]) q[2]": 3 - math.cos(0.3),
    "expectation i(q[0])": 1.0,
    "expectation z all": [0.0, 0.0, math.cos(0.3)],
    "probability q[2], q[0]": [math.cos(0.15) ** 2 / 2] * 2 + [math.sin(0.15) ** 2 / 2] * 2,
}
PREPARED = "OPENQASM 3.0; qubit[3] q; h q[0]; cnot q[0], q[1]; ry(0.3) q[2];\n#pragma braket result "


@pytest.mark.parametrize(("wanted", "value"), RESULTS.items(), ids=RESULTS)
def test_results_are_exact_without_shots_and_close_with_many(wanted, value):
    exact = run(PREPARED + wanted + "\n").values[0]["value"]
    sampled = run(PREPARED + wanted + "\n", 20_000).values[0]["value"]

    assert np.allclose(exact, value)
    assert np.allclose(sampled, value, atol=0.05)


def test_a_sample_gives_one_eigenvalue_per_shot():
    outcome = run("OPENQASM 3.0; qubit[1] q; h q;\n#pragma braket result sample x(q[0])\n", 5)

    assert outcome.values == [
        {"type": {"type": "sample", "observable": ["x"], "targets": [0]}, "value": [1.0] * 5},
    ]


def test_amplitudes_and_density_matrices_are_complex_pairs():
    values = run(PREPARED + 'amplitude "110"\n#pragma braket result density_matrix q[0]\n').values

    assert np.allclose(values[0]["value"]["110"], [math.cos(0.15) / math.sqrt(2), 0])
    assert np.allclose(values[1]["value"], [[[0.5, 0], [0, 0]], [[0, 0], [0.5, 0]]])


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        pytest.param('include "stdgates.inc"; qubit q;', "include is not supported", id="include"),
        pytest.param("qubit q; cx q;", "gate cx", id="a gate of another dialect"),
        pytest.param("qubit[2] q; rx q[0];", "takes 1 angles, not 0", id="a missing angle"),
        pytest.param("qubit[2] q; cnot q[0];", "another number of qubits", id="a missing qubit"),
        pytest.param("qubit[2] q; cnot q[0], q[0];", "names a qubit twice", id="a qubit twice"),
        pytest.param("qubit[2] q; x q[2];", "q has 2 qubits", id="a qubit too far"),
        pytest.param("qubit q; x r;", "r is not a declared qubit", id="an undeclared qubit"),
        pytest.param("qubit q; qubit q;", "declared twice", id="a name twice"),
        pytest.param("x $0; qubit q; x q;", "cannot be mixed", id="two kinds of qubits"),
        pytest.param("bit b; qubit q; b = measure q; x q;", "measured qubit 0", id="a gate after measuring"),
        pytest.param("bit[2] b; qubit q; b[0] = measure q; b[1] = measure q;", "measured twice", id="measured twice"),
        pytest.param("bit[2] b; qubit[3] q; b = measure q;", "3 qubits are measured into 2 bits", id="bits too few"),
        pytest.param("bit b; qubit q; b = measure q; if (b == 1) { x q; }", "BranchingStatement", id="a branch"),
        pytest.param("input float a; qubit q; rx(a) q;", "input a has no value", id="an input without a value"),
        pytest.param("qubit q; rx(1 / 0) q;", "has no value", id="no number"),
        pytest.param("qubit q;\n#pragma braket verbatim\nx q;", "must be followed by a box", id="verbatim, no box"),
        pytest.param("qubit q;\n#pragma braket noise bit_flip(0.1) q", "noise is not supported", id="noise"),
        pytest.param("qubit q;\n#pragma braket unitary([[1, 1], [0, 1]]) q", "not unitary", id="no unitary"),
        pytest.param("qubit q;\n#pragma other", "pragma other", id="somebody else's pragma"),
        pytest.param("bit b;", "no qubits", id="no qubits"),
    ],
)
def test_what_braket_does_not_run_is_refused_by_name(source, reason):
    with pytest.raises(ProgramError, match=reason):
        read(source, {})


def test_an_input_that_nobody_declared_is_refused():
    with pytest.raises(ProgramError, match="does not declare: b"):
        read("OPENQASM 3.0; qubit q; x q;", {"b": 1.0})


@pytest.mark.parametrize(
    ("source", "shots", "reason"),
    [
        pytest.param("qubit[2] q;\n#pragma braket result state_vector\n", 1, "needs shots to be 0", id="exact"),
        pytest.param("qubit q;\n#pragma braket result sample z(q)\n", 0, "exact result types", id="no shots"),
        pytest.param(
            "qubit[2] q;\n#pragma braket result expectation x(q[0])\n#pragma braket result expectation z(q[0])\n",
            1,
            "different observables",
            id="two bases for one qubit",
        ),
        pytest.param(
            "bit b; qubit q; b = measure q;\n#pragma braket result expectation z(q)\n", 1, "not both", id="both"
        ),
        pytest.param('qubit[2] q;\n#pragma braket result amplitude "0"\n', 0, "one bit per qubit", id="a short state"),
        pytest.param("qubit[35] q; x q;", 1, "35 qubits, SV1 has 34", id="too many qubits"),
        pytest.param("x $0;", 1, "no physical qubits", id="physical qubits"),
    ],
)
def test_results_that_cannot_be_had_are_refused(source, shots, reason):
    with pytest.raises(ProgramError, match=reason):
        run(source, shots)


BOX = "#pragma braket verbatim\nbox{{\n{}\n}}"


@pytest.mark.parametrize(
    ("device", "body"),
    [(GARNET, "prx(0.1, 0.2) $1; cz $1, $2;"), (FORTE, "gpi(0.1) $3; zz(0.3) $3, $35;"), (ANKAA, "iswap $0, $12;")],
)
def test_native_gates_on_coupled_qubits_run_as_they_stand(device, body):
    program = admit(Executable(BOX.format(body), {}, 10), DEVICES[device])

    assert all(step.verbatim for step in program.steps)


@pytest.mark.parametrize(
    ("device", "source", "reason"),
    [
        pytest.param(GARNET, BOX.format("h $1;"), "h is not native to Garnet", id="another gate"),
        pytest.param(GARNET, BOX.format("cz $1, $20;"), "1 and 20 of Garnet are not coupled", id="uncoupled"),
        pytest.param(GARNET, BOX.format("prx(1, 1) $0;"), "Garnet has no qubit 0", id="no such qubit"),
        pytest.param(GARNET, "qubit[21] q; x q;", "Garnet has 20", id="too many qubits"),
        pytest.param(GARNET, "qubit[2] q; ctrl @ x q[0], q[1];", "modifiers are not supported", id="modifiers"),
        pytest.param(FORTE, "qubit q; prx(1, 1) q;", "prx is not supported by Forte 1", id="a neighbour's gate"),
    ],
)
def test_hardware_refuses_what_it_cannot_do(device, source, reason):
    with pytest.raises(ProgramError, match=reason):
        admit(Executable(source, {}, 10), DEVICES[device])


@pytest.mark.parametrize(
    ("source", "measured"),
    [
        ("bit[2] b;\nqubit[3] q;\nb[0] = measure q[2];\nb[1] = measure q[0];", [2, 0]),
        ("qubit[3] q;\nh q;", [0, 1, 2]),
        ("bit[1] b;\ncz $4, $7;\nb[0] = measure $7;", [7]),
        ("cz $4, $7;", [4, 7]),
    ],
)
def test_invented_results_have_the_shape_of_real_ones(source, measured):
    outcome = invented(source, 5)

    assert outcome.measured == measured
    assert [len(shot) for shot in outcome.samples] == [len(measured)] * 5
