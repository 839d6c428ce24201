"""IonQ bodies: read as the circuit that was meant, refused in words otherwise."""

import json
import math
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator, SparsePauliOp, Statevector

from adapters.ionq.reader import IonqReader
from gateway.ports.reader import ReadLimits, UnreadableError
from tests.golden.ionq_circuits import CIRCUITS

REQUESTS = Path(__file__).parents[2] / "golden" / "ionq" / "requests"
LIMITS = ReadLimits(decompressed_bytes=2**16, circuits=3, bindings=10)
TURN = 2 * math.pi


def read(body):
    return IonqReader().read(body if isinstance(body, bytes) else json.dumps(body).encode(), LIMITS)


def golden(name):
    return read((REQUESTS / f"{name}.sdk-1.1.json").read_bytes())


def body(*gates, gateset="qis", qubits=None, **fields):
    sized = {} if qubits is None else {"qubits": qubits}
    given = {"gateset": gateset, "circuit": list(gates), **sized}
    return {"type": "ionq.circuit.v1", "backend": "simulator", "input": given, **fields}


def several(*circuits, **fields):
    return {"type": "ionq.multi-circuit.v1", "input": {"gateset": "qis", "circuits": list(circuits), **fields}}


def program(text, **fields):
    return {"type": "ionq.qasm3.v1", "input": {"data": text, **fields}}


def refusal(payload):
    with pytest.raises(UnreadableError) as refused:
        read(payload)
    return refused.value


def circuit(payload):
    (item,) = read(payload).items
    return item.circuit


def operator(found):
    # An evolution is taken as the product that qiskit defines it by; its terms commute.
    return Operator(found.remove_final_measurements(inplace=False).decompose("PauliEvolution"))


@pytest.mark.parametrize("name", [name for name in CIRCUITS if name != "dynamic"])
def test_what_the_sdk_writes_is_the_circuit_it_was_given(name):
    """Every gate of the SDK, controls and qubit order included."""
    (item,) = golden(f"circuit-{name}").items

    assert operator(CIRCUITS[name]).equiv(operator(item.circuit))
    assert (item.shots, item.shape, item.bind(0).values.shape) == (100, (), (0,))


def test_several_circuits_keep_their_order_and_share_what_they_do_not_say():
    program = golden("multi")

    assert program.payload_versions == ("ionq.multi-circuit.v1",)
    assert [item.shots for item in program.items] == [200, 200]
    assert [item.circuit.num_qubits for item in program.items] == [3, 3]
    bell, three = (Statevector(item.circuit.remove_final_measurements(inplace=False)) for item in program.items)
    assert bell.probabilities_dict(decimals=6) == {"000": 0.5, "011": 0.5}
    assert three.probabilities_dict(decimals=6) == {"100": 0.5, "101": 0.5}


def test_a_dynamic_program_keeps_its_registers():
    (item,) = golden("qasm3").items

    assert {register.name: register.size for register in item.circuit.cregs} == {"c": 1, "meas": 2}
    assert item.circuit.count_ops()["reset"] == 1
    assert golden("qasm3").payload_versions == ("openqasm-3",)


def test_every_qubit_is_measured_into_the_bit_of_its_number():
    found = circuit(body({"gate": "x", "target": 2}, qubits=4))

    assert [register.name for register in found.cregs] == ["meas"]
    measured = [each for each in found.data if each.name == "measure"]
    places = [(found.find_bit(each.qubits[0]).index, found.find_bit(each.clbits[0]).index) for each in measured]
    assert places == [(0, 0), (1, 1), (2, 2), (3, 3)]


def test_undeclared_qubits_are_those_that_are_touched():
    assert circuit(body({"gate": "h", "target": 4})).num_qubits == 5
    assert circuit(body()).num_qubits == 1


def gpi(phase):
    return np.array([[0, np.exp(-1j * TURN * phase)], [np.exp(1j * TURN * phase), 0]])


def gpi2(phase):
    return np.array([[1, -1j * np.exp(-1j * TURN * phase)], [-1j * np.exp(1j * TURN * phase), 1]]) / np.sqrt(2)


def ms(first, second, angle):
    """The vendor's matrix, its first qubit the most significant."""
    cos, sin = np.cos(math.pi * angle), -1j * np.sin(math.pi * angle)
    both, apart = np.exp(1j * TURN * (first + second)), np.exp(1j * TURN * (first - second))
    matrix = np.diag([cos] * 4).astype(complex)
    matrix[0, 3], matrix[1, 2], matrix[2, 1], matrix[3, 0] = sin / both, sin / apart, sin * apart, sin * both
    return matrix


@pytest.mark.parametrize("phase", [0, 0.1, 0.25, 0.5, 0.77, -0.3])
@pytest.mark.parametrize(("name", "matrix"), [("gpi", gpi), ("gpi2", gpi2)])
def test_native_gates_on_one_qubit_are_the_vendors_matrices(name, matrix, phase):
    found = circuit(body({"gate": name, "target": 0, "phase": phase}, gateset="native"))

    assert np.allclose(operator(found).data, matrix(phase))


@pytest.mark.parametrize("phases", [[0, 0], [0.1, 0.4], [-0.2, 0.9]])
@pytest.mark.parametrize("angle", [0.25, 0.1, None])
def test_the_native_entangler_of_aria_is_the_vendors_matrix(phases, angle):
    gate = {"gate": "ms", "targets": [1, 0], "phases": phases, **({} if angle is None else {"angle": angle})}

    found = operator(circuit(body(gate, gateset="native", qubits=2)))

    # Target 1 comes first, which is the most significant qubit here too.
    assert np.allclose(found.data, ms(*phases, 0.25 if angle is None else angle))


def test_the_native_entangler_of_forte_is_a_turn_of_zz():
    found = circuit(body({"gate": "zz", "targets": [0, 1], "angle": 0.2}, gateset="native"))

    expected = np.exp(-1j * math.pi * 0.2 * np.array([1, -1, -1, 1]))
    assert np.allclose(np.diag(operator(found).data), expected)


@pytest.mark.parametrize("family", ["aria", "forte"])
def test_what_the_sdk_writes_in_native_gates(family):
    (item,) = golden(f"native-{family}").items
    entangler = ms(0.1, 0.2, 0.15) if family == "aria" else np.diag(np.exp(-0.2j * math.pi * np.array([1, -1, -1, 1])))
    swapped = entangler.reshape(2, 2, 2, 2).transpose(1, 0, 3, 2).reshape(4, 4)

    expected = np.kron(gpi2(0.7), np.eye(2)) @ swapped @ np.kron(gpi(0.3), gpi2(0.1))
    assert np.allclose(operator(item.circuit).data, expected)


@given(
    terms=st.lists(st.text("IXYZ", min_size=3, max_size=3), min_size=1, max_size=4),
    time=st.floats(-2, 2, allow_nan=False),
)
def test_pauli_exponentials_are_exact_whether_or_not_they_commute(terms, time):
    coefficients = [0.5 + number for number in range(len(terms))]
    gate = {"gate": "pauliexp", "targets": [0, 1, 2], "terms": terms, "coefficients": coefficients, "time": time}

    found = operator(circuit(body(gate, qubits=3)))

    energies, states = np.linalg.eigh(SparsePauliOp(terms, coefficients).to_matrix())
    assert np.allclose(found.data, (states * np.exp(-1j * time * energies)) @ states.conj().T, atol=1e-7)


def test_a_wide_exponential_that_does_not_commute_is_refused():
    terms = ["X" * 7, "Z" + "I" * 6]
    gate = {"gate": "pauliexp", "targets": list(range(7)), "terms": terms, "coefficients": [1, 1], "time": 1}

    assert "do not commute on more than 6 qubits" in refusal(body(gate)).message
    gate["terms"][1] = "ZZ" + "I" * 5
    assert circuit(body(gate)).num_qubits == 7


def test_both_spellings_of_qubits_mean_the_same():
    one = circuit(body({"gate": "cnot", "target": 1, "control": 0}))
    other = circuit(body({"gate": "x", "targets": [1], "controls": [0]}))

    assert operator(one) == operator(other)


def test_options_are_those_that_policy_judges():
    noisy = body(noise={"model": "aria-1", "seed": 5}, settings={"error_mitigation": {"debiasing": True}}, dry_run=True)

    assert read(noisy).options == {
        "settings": {"error_mitigation": {"debiasing": True}},
        "noise": {"model": "aria-1"},
        "simulator": {"seed_simulator": 5},
        "dry_run": True,
    }
    assert golden("circuit-bell").options == {}


def test_shots_are_a_hundred_unless_said():
    assert read(body()).items[0].shots == 100
    assert read(body(shots=7)).items[0].shots == 7


def test_a_circuit_may_have_a_gateset_of_its_own():
    own = {"gateset": "native", "qubits": 1, "circuit": [{"gate": "gpi", "target": 0, "phase": 0}]}

    mixed = read(several({"circuit": [{"gate": "x", "target": 0}]}, own, qubits=2))

    assert [item.circuit.num_qubits for item in mixed.items] == [2, 1]
    assert [list(item.circuit.count_ops()) for item in mixed.items] == [["measure", "x"], ["r", "measure"]]


def test_a_program_without_bits_measures_everything():
    found = circuit(program('OPENQASM 3.0; include "stdgates.inc"; qubit[3] q; h q;', qubits=3))

    assert [(register.name, register.size) for register in found.cregs] == [("output_all", 3)]


def test_bits_without_a_register_get_one():
    found = circuit(program("OPENQASM 3.0; qubit[2] q; bit a; bit b; a = measure q[0]; b = measure q[1];"))

    assert sum(register.size for register in found.cregs) == 2


GATE = {"gate": "x", "target": 0}


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        pytest.param(b"{", "malformed", id="no JSON"),
        pytest.param(b'{"type": "ionq.circuit.v1", "type": "x"}', "malformed", id="a key twice"),
        pytest.param([], "malformed", id="no object"),
        pytest.param({"type": "quantum-function"}, "program", id="another type"),
        pytest.param({"type": "ionq.circuit.v1"}, "malformed", id="no input"),
        pytest.param(body(GATE, shots=0), "shots", id="no shots"),
        pytest.param(body(GATE, shots=True), "shots", id="true as shots"),
        pytest.param(body(GATE, gateset="qasm"), "malformed", id="another gateset"),
        pytest.param(body(GATE, qubits=0), "too-large", id="no qubits"),
        pytest.param(body(GATE, qubits=5000), "too-large", id="too many qubits"),
        pytest.param(body({"gate": "x", "target": 10**9}), "gate", id="a qubit far out"),
        pytest.param(body("x"), "malformed", id="a gate that is text"),
        pytest.param(body({"target": 0}), "malformed", id="a gate without a name"),
        pytest.param(body({"gate": "u3", "target": 0}), "gate", id="an unknown gate"),
        pytest.param(body({"gate": "gpi", "target": 0, "phase": 0}), "gate", id="a native gate among the others"),
        pytest.param(body({"gate": "h", "target": 0}, gateset="native"), "gate", id="another gate among the native"),
        pytest.param(body({"gate": "x", "target": 3}, qubits=2), "gate", id="a qubit that is not there"),
        pytest.param(body({"gate": "x", "target": -1}), "gate", id="a negative qubit"),
        pytest.param(body({"gate": "x", "target": 0.0}), "gate", id="half a qubit"),
        pytest.param(body({"gate": "x", "target": True}), "gate", id="true as a qubit"),
        pytest.param(body({"gate": "x"}), "gate", id="no target"),
        pytest.param(body({"gate": "x", "targets": [0, 1]}), "gate", id="two targets for one"),
        pytest.param(body({"gate": "x", "target": 0, "targets": [0]}), "gate", id="both spellings"),
        pytest.param(body({"gate": "swap", "targets": [0, 0]}), "gate", id="a qubit twice"),
        pytest.param(body({"gate": "x", "target": 0, "controls": [0]}), "gate", id="a qubit that controls itself"),
        pytest.param(body({"gate": "cnot", "target": 0}), "gate", id="a cnot without control"),
        pytest.param(body({"gate": "x", "target": 0, "controls": list(range(1, 19))}), "gate", id="too many controls"),
        pytest.param(body({"gate": "rx", "target": 0}), "gate", id="no rotation"),
        pytest.param(body({"gate": "rx", "target": 0, "rotation": "1"}), "gate", id="text as rotation"),
        pytest.param(body({"gate": "rx", "target": 0, "rotation": 10**400}), "gate", id="a rotation beyond floats"),
        pytest.param(body({"gate": "x", "target": 0, "rotation": 1}), "gate", id="a rotation that means nothing"),
        pytest.param(body({"gate": "x", "target": 0, "phase": 1}), "gate", id="a field that means nothing"),
        pytest.param(
            body({"gate": "gpi", "target": 0, "phase": 0, "control": 1}, gateset="native"), "gate", id="native control"
        ),
        pytest.param(
            body({"gate": "ms", "targets": [0, 1], "phases": [0]}, gateset="native"), "gate", id="one phase of two"
        ),
        pytest.param(
            body({"gate": "pauliexp", "targets": [0], "terms": ["A"], "coefficients": [1], "time": 1}),
            "gate",
            id="no Pauli",
        ),
        pytest.param(
            body({"gate": "pauliexp", "targets": [0], "terms": ["X", "Z"], "coefficients": [1], "time": 1}),
            "gate",
            id="a coefficient missing",
        ),
        pytest.param(
            body({"gate": "pauliexp", "targets": [0], "terms": [], "coefficients": [], "time": 1}), "gate", id="no term"
        ),
        pytest.param({"type": "ionq.circuit.v1", "input": {"circuit": [], "gateset": "qis", "lang": 1}}, "malformed",
                     id="an unknown field of the input"),
        pytest.param(several(), "malformed", id="no circuits"),
        pytest.param(several(*[{"circuit": []}] * 4), "too-large", id="too many circuits"),
        pytest.param(several({"circuit": [], "shots": 3}), "malformed", id="shots of one circuit"),
        pytest.param(several([]), "malformed", id="a circuit that is a list"),
        pytest.param(program("OPENQASM 2.0; qreg q[1];"), "openqasm", id="OpenQASM 2"),
        pytest.param(program("OPENQASM 3.0; qubit[2] q; h r;"), "openqasm", id="an unknown name"),
        pytest.param(program('include "/etc/passwd";'), "openqasm", id="a file of the server"),
        pytest.param(program("qubit[5000] q;"), "too-large", id="a program with too many qubits"),
        pytest.param(program("qubit[2] q;", qubits=1), "malformed", id="more qubits than declared"),
        pytest.param(program("/" * 2**17), "too-large", id="too long a program"),
        pytest.param({"type": "ionq.qasm3.v1", "input": {}}, "malformed", id="no program"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(payload, code):
    assert refusal(payload).code == code


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(body({"gate": "top-secret", "target": 0}), id="a gate"),
        pytest.param(program("top secret;"), id="a program"),
        pytest.param({"type": "top-secret"}, id="a type"),
        pytest.param(body(GATE, shots="top-secret"), id="shots"),
    ],
)
def test_a_refusal_quotes_nothing(payload):
    message = refusal(payload).message
    assert "secret" not in message
    assert message


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_fail_otherwise(payload):
    refusal(payload)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 5) | st.floats(allow_nan=False, allow_infinity=False) | st.text("xyz1"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["gate", "target", "targets", "control", "controls", "rotation", "phase", "phases", "angle", "terms", "time"]
    ), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(gates=st.lists(JSON, max_size=3), gateset=st.sampled_from(["qis", "native"]))
def test_no_gate_makes_the_reader_fail_otherwise(gates, gateset):
    with suppress(UnreadableError):
        assert isinstance(circuit(body(*gates, gateset=gateset)), QuantumCircuit)


def test_every_sample_is_read():
    for sample in IonqReader().samples():
        assert IonqReader().read(sample, LIMITS).items
