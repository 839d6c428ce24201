"""Programs in Braket's OpenQASM: what is measured, in which basis, and what is refused in words."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit.quantum_info import Operator, Statevector

from adapters.braket.openqasm import measured_qubits
from adapters.braket.reader import BraketReader
from gateway.circuits.measure import measure
from gateway.ports.reader import ReadLimits, UnreadableError
from tests.unit.braket import made

LIMITS = ReadLimits(decompressed_bytes=100_000, circuits=10, bindings=10)
READER = BraketReader()


def read(source, inputs=None, **changes):
    text = source if source.startswith("OPENQASM") else f"OPENQASM 3.0;\n{source}"
    body = json.dumps(made.task(action=made.action(text, inputs), **changes)).encode()
    return READER.read(body, LIMITS)


def circuit(source, inputs=None):
    return read(source, inputs).items[0].circuit


def qubits(source):
    (register,) = circuit(source).cregs
    return measured_qubits(register.name)


def amplitudes(source, inputs=None):
    return Statevector(circuit(source, inputs).remove_final_measurements(inplace=False)).data


def refusal(source, inputs=None):
    with pytest.raises(UnreadableError) as caught:
        read(source, inputs)
    return caught.value


def test_a_task_is_one_sampled_circuit():
    program = read(made.BELL, shots=100)
    (item,) = program.items

    assert (program.kind, program.payload_versions) == ("sampler", ("braket-openqasm-3",))
    assert (item.shots, item.shape, item.bind(1).values.size) == (100, (), 0)
    assert program.options == {"deviceParameters": {"paradigmParameters": {"qubitCount": 2}}}
    assert np.allclose(np.abs(amplitudes(made.BELL)) ** 2, [0.5, 0, 0, 0.5])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("qubit[6] q; x q[3]; cnot q[3], q[5];", [3, 5], id="every used qubit"),
        pytest.param("qubit[2] q; qubit r; h r;", [2], id="of several registers"),
        pytest.param("x $3; cnot $3, $5;", [3, 5], id="physical ones"),
        pytest.param("bit[3] b; qubit[3] q; b[1] = measure q[2]; b[0] = measure q[1];", [1, 2], id="in order of bits"),
        pytest.param("bit[2] b; qubit[2] q; b = measure q;", [0, 1], id="a whole register"),
        pytest.param("qubit[2] q; h q; measure q;", [0, 1], id="without a bit"),
        pytest.param("qubit[2] q; h q; bit b = measure q[1];", [1], id="into a new bit"),
        pytest.param("bit b; h $0; b = measure $7;", [7], id="a physical one"),
        pytest.param("bit[2] b; qubit[2] q; measure q[0] -> b[1];", [0], id="the old way"),
        pytest.param(
            "qubit[3] q; x q[0];\n#pragma braket result expectation z(q[2])\n", [0, 2], id="what results name"
        ),
    ],
)
def test_what_is_measured(source, expected):
    assert qubits(source) == expected


def test_inputs_are_constants():
    source = "input float theta; input int n; qubit q; rx(2*theta + n - 1) q;"

    given_, plain = amplitudes(source, {"theta": 0.2, "n": 3, "unused": 1}), amplitudes("qubit q; rx(2.4) q;")

    assert np.allclose(given_, plain)


@pytest.mark.parametrize(
    ("written", "angle"),
    [
        ("pi/2", np.pi / 2),
        ("2**3", 8),
        ("2**-1", 0.5),
        ("1.0/2", 0.5),
        ("4/2", 2),
        ("-tau/4 + sin(pi/2)", 1 - np.pi / 2),
        ("sqrt(2) * (1 - 3)", -2 * np.sqrt(2)),
        ("half", 0.5),
    ],
)
def test_angles_are_computed(written, angle):
    made_ = amplitudes(f"const float half = 0.5; qubit q; rx({written}) q;")

    assert np.allclose(made_, amplitudes(f"qubit q; rx({float(angle)!r}) q;"))


def test_a_division_that_two_readers_do_differently_is_refused():
    """OpenQASM drops the remainder, most people do not expect it to."""
    assert "1.0/2" in refusal("qubit q; rx(1/2) q;").message


@pytest.mark.parametrize(
    ("source", "same"),
    [
        ("qubit[2] q; ctrl @ x q[0], q[1];", "qubit[2] q; cnot q[0], q[1];"),
        ("qubit[2] q; negctrl @ x q[0], q[1];", "qubit[2] q; x q[0]; cnot q[0], q[1]; x q[0];"),
        ("qubit q; pow(0.5) @ x q;", "qubit q; v q;"),
        ("qubit q; inv @ s q;", "qubit q; si q;"),
        ("gate own(a) p { rx(a/2) p; rx(a/2 + 1) p; } qubit q; own(0.4) q;", "qubit q; rx(1.4) q;"),
        ("qubit[2] q; let both = q[0:1]; x both;", "qubit[2] q; x q;"),
        (
            "qubit[2] q;\n#pragma braket unitary([[0, 1.0], [1.0, 0]]) q[1]\nh q[0];",
            "qubit[2] q; x q[1]; h q[0];",
        ),
        (
            "qubit[2] q; x q[0];\n#pragma braket unitary([[1,0,0,0],[0,1,0,0],[0,0,0,1],[0,0,1,0]]) q[0], q[1]\n",
            "qubit[2] q; x q[0]; cnot q[0], q[1];",
        ),
        ("qubit q;\n#pragma braket unitary([[0, -1im], [0+1im, 0]]) q\n", "qubit q; y q;"),
        ("\n#pragma braket verbatim\nbox{ h $0; cz $0, $1; }", "h $0; cz $0, $1;"),
        ("qubit[2] q; h q[0]; barrier q; delay[100ns] q[0]; reset q[1]; x q[1];", "qubit[2] q; h q[0]; x q[1];"),
    ],
)
def test_the_language_means_what_it_says(source, same):
    def operator(text):
        bare = circuit(text).remove_final_measurements(inplace=False)
        bare.data = [step for step in bare.data if step.operation.name not in {"barrier", "delay", "reset"}]
        return Operator(bare)

    assert operator(source).equiv(operator(same))


@pytest.mark.parametrize("letter", ["x", "y", "z", "h"])
def test_each_observable_is_measured_in_its_basis(letter):
    """Prepared in its eigenstate to 1, every sample reads 0."""
    prepared = {"x": "h q;", "y": "h q; s q;", "z": "i q;", "h": "ry(pi/4) q;"}[letter]
    probabilities = np.abs(amplitudes(f"qubit q; {prepared}\n#pragma braket result expectation {letter}(q)\n")) ** 2

    assert np.allclose(probabilities, [1, 0])


@pytest.mark.parametrize(
    ("source", "code", "words"),
    [
        ('include "stdgates.inc"; qubit q; h q;', "openqasm", "leave the include out"),
        ("qubit q; nosuch q;", "openqasm", "not OpenQASM 3"),
        ("qubit q; rx(0.1, 0.2) q;", "openqasm", "angles"),
        ("qubit q; x(0.1) q;", "openqasm", "angles"),
        ("qubit[2] q; cnot q[0], q[5];", "openqasm", "not OpenQASM 3"),
        ("qubit q; h q; x $0;", "openqasm", "not OpenQASM 3"),
        ("output float a; qubit q; h q;", "openqasm", "output"),
        ("input bit[2] a; qubit q; h q;", "openqasm", "input"),
        ("cal { } qubit q; h q;", "openqasm", "not OpenQASM 3"),
        ("def f(qubit a) { h a; } qubit q; f(q);", "openqasm", "not OpenQASM 3"),
        ("box { h $0; }", "openqasm", "verbatim"),
        ("\n#pragma braket verbatim\nh $0;", "openqasm", "not followed by a box"),
        ("qubit q; h q;\n#pragma braket noise bit_flip(0.1) q\n", "openqasm", "calibration"),
        ("qubit q; h q;\n#pragma other thing\n", "openqasm", "known are"),
        ("qubit q;\n#pragma braket unitary([[1, 1], [1, 1]]) q\n", "openqasm", "not unitary"),
        ("qubit q;\n#pragma braket unitary([[1, 0]]) q\n", "openqasm", "square"),
        ("qubit q;\n#pragma braket unitary([[1, a], [0, 1]]) q\n", "openqasm", "number"),
        ("qubit q;\n#pragma braket unitary 1 q\n", "openqasm", "malformed"),
        ("bit b; qubit q; b = measure q; h q;", "measurement", "at the end"),
        ("bit b; qubit[2] q; b = measure q[0]; b = measure q[1];", "measurement", "share a bit"),
        ("bit[2] b; qubit q; b[0] = measure q; b[1] = measure q;", "measurement", "at the end"),
        ("bit b; qubit[2] q; b = measure q[0]; if (b == 1) { x q[1]; }", "openqasm", "condition"),
        ("qubit q; for int i in [0:3] { x q; }", "openqasm", "write out"),
        ("bit b; qubit q;", "measurement", "no qubit"),
        ("qubit q; rx(1.0/0) q;", "openqasm", "not OpenQASM 3"),
        ("qubit q; rx(10.0**400) q;", "openqasm", "not OpenQASM 3"),
        ("qubit[100000] q; h q[0];", "too-large", "4096"),
        ("qubit[4000] q; qubit[97] r; h q[0];", "too-large", "4096"),
        ("qubit[0] q; h $1;", "too-large", "4096"),
        ("bit[100000000] b; qubit q; h q;", "too-large", "4096"),
        ("x $4096;", "too-large", "4095"),
        ("x $99999999999999999999;", "too-large", "4095"),
        ("qubit q; h q;\n#pragma braket result state_vector\n", "results", "exact state"),
        ("qubit q; h q;\n#pragma braket result expectation hermitian([[1,0],[0,1]]) q[0]\n", "results", "exact state"),
        ("qubit q; h q;\n#pragma braket result expectation q(q)\n", "results", "result 1"),
        (
            "bit b; qubit q; b = measure q;\n#pragma braket result probability all\n",
            "results",
            "leave the measurements",
        ),
        ("const int n = 2; qubit[n] q; h q;\n#pragma braket result expectation z(q[0])\n", "results", "plain number"),
        ("qubit[n] q; h q;\n#pragma braket result probability\n", "openqasm", "not OpenQASM 3"),
        ("qubit[20] q; h q;\n#pragma braket result probability all\n", "results", "16"),
    ],
)
def test_what_is_not_run_is_refused_in_words(source, code, words):
    error = refusal(source)

    assert error.code == code
    assert words in error.message


@pytest.mark.parametrize("inputs", [{}, {"theta": "0.1"}, {"theta": True}, {"theta": None}, {"theta": [0.1]}])
def test_an_input_without_a_number_is_refused(inputs):
    assert refusal("input float theta; qubit q; rx(theta) q;", inputs).code == "parameters"


def test_a_whole_number_is_asked_for_where_one_is_declared():
    assert refusal("input int n; qubit q; rx(n) q;", {"n": 1.5}).code == "parameters"


def test_refusals_quote_nothing():
    for source in ("qubit q; topsecret q;", "topsecret", "qubit q;\n#pragma topsecret\n", "input float topsecret;"):
        assert "topsecret" not in refusal(source).message


def test_a_long_program_is_not_even_parsed():
    assert refusal("qubit q; " + "h q; " * 30_000).code == "too-large"


def test_results_in_a_comment_are_not_asked_for():
    source = "qubit q; h q; /*\n#pragma braket result probability\n*/ // #pragma braket result state_vector\n"

    assert qubits(source) == [0]


@pytest.mark.parametrize("sample", READER.samples())
def test_samples_can_be_read_and_measured(sample):
    assert measure(READER.read(sample, LIMITS)).total_shots == 10


@given(st.binary(max_size=80))
def test_foreign_bytes_are_refused(body):
    with pytest.raises(UnreadableError):
        READER.read(body, LIMITS)


FRAGMENTS = [
    "qubit[2] q;", "bit[2] b;", "h q[0];", "b = measure q;", "#pragma braket result probability\n", "box {", "}",
    "#pragma braket verbatim\n", "$0", "(", "[", "gate", "pow(", "@", "ctrl", "\\", '"', "/*", "//", "\n", "\0", "é",
    "input float x;", "1e999", "#pragma braket unitary([[", "]]) q[0]\n", "if (b == 1) {", "let a = q[0:9];", ";",
]  # fmt: skip


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=12))
def test_hostile_programs_are_read_or_refused(fragments):
    """Nothing else ever comes out of the reader."""
    try:
        program = read(" ".join(fragments))
    except UnreadableError:
        return
    measure(program)
