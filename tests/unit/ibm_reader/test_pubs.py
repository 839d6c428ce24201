"""Sampler and estimator bodies: read as qiskit's primitives would, refused in words otherwise."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub

from adapters.ibm.reader import IbmReader
from gateway.ports.reader import Item, ReadLimits, UnreadableError
from tests.unit.ibm_reader.wire import bell, captured, estimator, ndarray, packed, raw_qpy, read, refusal, sampler


def values(item: Item) -> np.ndarray:
    return item.bind(0).values


def ansatz(parameters: int) -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    for number in range(parameters):
        circuit.rx(Parameter(f"p{number}"), number % 2)
    return circuit


def test_what_the_sdk_sends_for_a_bell_circuit():
    program = read(captured("sampler-bell"))

    (item,) = program.items
    assert program.kind == "sampler"
    assert program.payload_versions == ("qpy-17",)
    assert program.options == {"default_shots": 77}
    assert (item.shape, item.shots, item.precision, item.observables) == ((), 77, None, None)
    assert values(item).shape == (0,)


def test_what_the_sdk_sends_for_a_sweep():
    sweep, plain = read(captured("sampler-sweep")).items

    assert (sweep.shape, sweep.shots) == ((3, 2), 500)
    assert (plain.shape, plain.shots) == ((), 10)
    np.testing.assert_allclose(values(sweep), np.arange(12).reshape(3, 2, 2) / 7)


def test_what_the_sdk_sends_for_observables_that_broadcast():
    (item,) = read(captured("estimator-broadcast")).items

    assert item.shape == item.observables.shape == (2, 4)
    assert (item.precision, item.shots) == (0.05, None)
    assert item.observables[0, 3] == {"IIIZZ": 1.0, "IIIXI": 0.5}
    assert item.observables[1, 0] == {"IIIZZ": 1.0}
    np.testing.assert_allclose(values(item)[1], np.arange(8).reshape(4, 2) / 5)


@pytest.mark.parametrize("version", [13, 14, 15, 16, 17, 18])
def test_every_supported_qpy_is_read(version):
    program = read(sampler([packed(bell(), version=version)]))

    assert program.payload_versions == (f"qpy-{version}",)
    assert program.items[0].circuit == bell()


@pytest.mark.parametrize("version", [0, 9, 10, 11, 12, 19, 255])
def test_another_qpy_is_refused_with_what_was_found_and_what_is_allowed(version):
    """Qiskit before QPY 13 evaluates text out of the file (CVE-2025-2000)."""
    raw = bytearray(raw_qpy(bell()))
    raw[6] = version

    error = refusal(sampler([packed(bytes(raw))]))

    assert error.code == "qpy-version"
    assert error.message.startswith(f"params.pubs[0][0] is QPY version {version}; versions 13 to 18 can be read")


@pytest.mark.parametrize(
    ("text", "version"),
    [
        pytest.param(
            'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; h q[0]; cx q[0], q[1];', "openqasm-3", id="3.0"
        ),
        pytest.param("OPENQASM 3; qubit[2] q; U(0,0,0) q[0];", "openqasm-3", id="3"),
        pytest.param("// hello\n/* OPENQASM 2.0; */\nOPENQASM 3.1;\nqubit[2] q;", "openqasm-3", id="after comments"),
        pytest.param("qubit[2] q;", "openqasm-3", id="without a version"),
        pytest.param(
            'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; sxdg q[0]; cu1(pi) q[0],q[1];', "openqasm-2", id="2.0"
        ),
    ],
)
def test_openqasm_is_read_where_the_circuit_is(text, version):
    program = read(sampler([text]))

    assert program.payload_versions == (version,)
    assert program.items[0].circuit.num_qubits == 2


def test_openqasm_says_where_and_never_what():
    error = refusal(sampler(["OPENQASM 3.0;\n secret_gate q;"]))

    assert error.code == "openqasm"
    assert error.message == "params.pubs[0][0] is not valid OpenQASM 3 as it can be read here, line 2 column 1"


@given(
    st.integers(0, 4),
    arrays.array_shapes(min_dims=0, max_dims=3, max_side=3),
    st.sampled_from(["packed", "listed"]),
)
def test_parameter_values_mean_what_they_mean_to_qiskit(parameters, shape, form):
    circuit = ansatz(parameters)
    given_values = np.random.default_rng(1).normal(size=(*shape, parameters))
    pub = SamplerPub.coerce((circuit, given_values))
    sent = ndarray(given_values) if form == "packed" else given_values.tolist()

    (item,) = read(sampler([packed(circuit), sent])).items

    assert item.shape == pub.shape
    np.testing.assert_array_equal(values(item), pub.parameter_values.as_array(circuit.parameters))


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param([0.1, 0.2, 0.3], id="a list that leaves out its axis"),
        pytest.param([[0.1], [0.2], [0.3]], id="a list with its axis"),
        pytest.param({"p0": [0.1, 0.2, 0.3]}, id="by name"),
        pytest.param({"__type__": "ndarray", "__value__": [0.1, 0.2, 0.3]}, id="a wrapped list"),
        pytest.param(ndarray(np.asfortranarray([[0.1], [0.2], [0.3]])), id="in Fortran's order"),
        pytest.param(ndarray(np.array([0.1, 0.2, 0.3], ">f8")), id="big-endian"),
    ],
)
def test_one_parameter_may_be_given_in_many_ways(sent):
    (item,) = read(sampler([packed(ansatz(1)), sent])).items

    assert item.shape == (3,)
    np.testing.assert_allclose(values(item), [[0.1], [0.2], [0.3]])


def test_whole_numbers_are_values_too():
    (item,) = read(sampler([packed(ansatz(2)), [1, 2]])).items

    assert values(item).dtype == np.float64


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(None, id="none at all"),
        pytest.param([0.1], id="too few"),
        pytest.param([0.1, 0.2, 0.3], id="too many"),
        pytest.param([[0.1, 0.2], [0.3]], id="ragged"),
        pytest.param([True, False], id="booleans"),
        pytest.param(["0.1", "0.2"], id="text"),
        pytest.param([None, 0.1], id="null"),
        pytest.param({"p0": 0.1}, id="one name missing"),
        pytest.param({"p0": 0.1, "p1": 0.1, "p2": 0.1}, id="one name unknown"),
        pytest.param(ndarray([0.1, math.nan]), id="not a number, packed"),
        pytest.param(ndarray([0.1, math.inf]), id="infinite, packed"),
        pytest.param(ndarray(np.empty((0, 2))), id="no parameter set"),
    ],
)
def test_values_that_do_not_fit_are_refused(sent):
    assert refusal(sampler([packed(ansatz(2)), sent])).code == "parameters"


@pytest.mark.parametrize(
    "array",
    [
        pytest.param(np.array([1 + 1j, 2]), id="complex"),
        pytest.param(np.array(["ab", "cd"]), id="text"),
        pytest.param(np.zeros(2, dtype=[("a", "f8")]), id="structured"),
    ],
)
def test_arrays_of_other_things_are_refused(array):
    assert refusal(sampler([packed(ansatz(2)), ndarray(array)])).code == "malformed"


@pytest.mark.parametrize("shots", [1, 1000, 10**9, 2**53 - 1])
def test_any_real_number_of_shots_is_passed_on_for_policy_to_judge(shots):
    assert read(sampler([packed(bell()), None, shots])).items[0].shots == shots
    assert read(sampler([packed(bell())], default_shots=shots)).items[0].shots == shots


@pytest.mark.parametrize("shots", [0, -1, True, 1.0, 1.5, "10", [1], 2**53])
def test_shots_that_are_none_are_refused(shots):
    assert refusal(sampler([packed(bell()), None, shots])).code == "shots"
    assert refusal(sampler([packed(bell())], default_shots=shots)).code == "shots"


def test_without_shots_the_vendors_default_holds():
    assert read(sampler([packed(bell())])).items[0].shots == 4096
    assert read(sampler([packed(bell())], default_shots=None)).items[0].shots == 4096


@pytest.mark.parametrize(
    ("options", "precision"),
    [
        pytest.param({}, 0.015625, id="the vendor's default"),
        pytest.param({"default_precision": 0.25}, 0.25, id="default_precision"),
        pytest.param({"default_shots": 400, "default_precision": 0.25}, 0.05, id="default_shots overrides it"),
    ],
)
def test_an_estimator_without_precision_takes_the_default(options, precision):
    assert read(estimator([packed(QuantumCircuit(1)), "Z"], **options)).items[0].precision == precision


@pytest.mark.parametrize("precision", [0, -0.1, True, "0.1", [0.1], 10**400])
def test_a_precision_that_is_none_is_refused(precision):
    assert refusal(estimator([packed(QuantumCircuit(1)), "Z", None, precision])).code == "precision"


@given(
    arrays.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3),
    st.integers(0, 3),
)
def test_observables_and_values_broadcast_as_in_qiskit(shapes, parameters):
    observables_shape, values_shape = shapes.input_shapes
    circuit = ansatz(parameters)
    observables = np.full(observables_shape, "ZX", dtype=object).tolist()
    given_values = np.random.default_rng(2).normal(size=(*values_shape, parameters))
    pub = EstimatorPub.coerce((circuit, observables, given_values))

    (item,) = read(estimator([packed(circuit), observables, ndarray(given_values)])).items

    assert item.shape == pub.shape == item.observables.shape
    expected = np.broadcast_to(pub.parameter_values.as_array(circuit.parameters), (*pub.shape, parameters))
    np.testing.assert_array_equal(values(item), expected)


@pytest.mark.parametrize(
    ("sent", "shape"),
    [
        pytest.param("ZZ", (), id="a Pauli string"),
        pytest.param({"ZZ": 1, "XI": -0.5}, (), id="a sum"),
        pytest.param(["ZZ", {"XX": 2}], (2,), id="a list"),
        pytest.param([["ZZ"], ["XX"]], (2, 1), id="nested lists"),
        pytest.param({"__type__": "ndarray", "__value__": ["ZZ", "XX"]}, (2,), id="a wrapped list"),
        pytest.param({"__type__": "ObservablesArray", "__value__": "ZZ"}, (), id="the SDK's own wrapper"),
        pytest.param(["01", "+-", "rl"], (3,), id="projectors"),
    ],
)
def test_observables_may_be_given_in_many_ways(sent, shape):
    (item,) = read(estimator([packed(QuantumCircuit(2)), sent])).items

    assert item.shape == shape
    assert all(isinstance(number, float) for one in item.observables.flat for number in one.values())


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param("Z", id="too short"),
        pytest.param("ZZZ", id="too long"),
        pytest.param("ZA", id="another letter"),
        pytest.param("zz", id="small letters"),
        pytest.param("Z\n", id="a line end"),
        pytest.param({"ZZ": "1"}, id="a coefficient that is text"),
        pytest.param({"ZZ": True}, id="a coefficient that is true"),
        pytest.param({"ZZ": None}, id="no coefficient"),
        pytest.param({"ZZ": 10**400}, id="a coefficient too large for a float"),
        pytest.param({"ZZ": 0.0}, id="zero"),
        pytest.param({}, id="empty"),
        pytest.param([], id="an empty list"),
        pytest.param([["ZZ"], ["ZZ", "XX"]], id="ragged"),
        pytest.param([["ZZ"], "ZZ"], id="of two depths, the other way"),
    ],
)
def test_observables_that_do_not_fit_are_refused(sent):
    assert refusal(estimator([packed(QuantumCircuit(2)), sent])).code == "observables"


@pytest.mark.parametrize("sent", [None, 7, True, [7], ["ZZ", ["ZZ"]]])
def test_observables_of_another_type_are_refused(sent):
    assert refusal(estimator([packed(QuantumCircuit(2)), sent])).code == "malformed"


def test_shapes_that_do_not_broadcast_are_refused():
    payload = estimator([packed(ansatz(1)), ["ZZ"] * 2, [[0.1], [0.2], [0.3]]])

    assert refusal(payload).code == "parameters"


@pytest.mark.parametrize(
    ("fits", "exceeds"),
    [
        pytest.param(sampler(*[[packed(bell())]] * 5), sampler(*[[packed(bell())]] * 6), id="circuits"),
        pytest.param(
            sampler([packed(ansatz(1)), ndarray(np.zeros((1000, 1)))]),
            sampler([packed(ansatz(1)), ndarray(np.zeros((1001, 1)))]),
            id="parameter sets of one pub",
        ),
        pytest.param(
            sampler(*[[packed(ansatz(1)), ndarray(np.zeros((500, 1)))]] * 2),
            sampler(*[[packed(ansatz(1)), ndarray(np.zeros((501, 1)))]] * 2),
            id="parameter sets in all",
        ),
        pytest.param(
            estimator([packed(QuantumCircuit(1)), ["Z"] * 1000]),
            estimator([packed(QuantumCircuit(1)), ["Z"] * 1001]),
            id="observables",
        ),
    ],
)
def test_both_sides_of_each_limit(fits, exceeds):
    assert read(fits).items
    assert refusal(exceeds).code == "too-large"


def test_a_circuit_that_stands_in_several_pubs_is_unpacked_once():
    """A job in parts holds each circuit many times; two circuits are two, however alike."""
    one, other = ansatz(1), ansatz(1)
    for circuit, angle in ((one, 1.0), (other, 2.0)):
        circuit.name = "same"
        for _ in range(200):
            circuit.rx(angle, 0)
    limits = ReadLimits(decompressed_bytes=len(raw_qpy(one)) * 3 // 2, circuits=5, bindings=1000)
    twice = sampler([packed(one), ndarray([[1.0]]), 3], [packed(one), ndarray([[2.0]]), 4])

    first, second = IbmReader().read(twice, limits).items

    assert (first.circuit, first.shots, second.shots) == (second.circuit, 3, 4)
    assert (values(first).tolist(), values(second).tolist()) == ([[1.0]], [[2.0]])
    with pytest.raises(UnreadableError, match="unpacks to more"):
        IbmReader().read(sampler([packed(one), ndarray([[1.0]])], [packed(other), ndarray([[1.0]])]), limits)
