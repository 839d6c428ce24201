"""Executor bodies of every schema version: circuits, arguments, and samplexes drawn by seed."""

from copy import deepcopy

import numpy as np
import pytest
from ibm_quantum_schemas.common import CompressedTensorModel
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator

from adapters.ibm.reader import IbmReader
from gateway.ports.reader import ReadLimits
from tests.unit.ibm_reader.wire import BODIES, captured, read, refusal


def changed(name: str, *path: str | int, to: object) -> dict:
    document = deepcopy(captured(name))
    member = document["params"]
    for step in path[:-1]:
        member = member[step]
    member[path[-1]] = to
    return document


def test_circuit_items():
    program = read(captured("executor-sampler-v2.0"))

    bell, sweep = program.items
    assert program.kind == "executor"
    assert program.payload_versions == ("executor-v2.0", "qpy-18")
    assert program.options["meas_level"] == "classified"
    assert program.options["init_qubits"] is True
    assert (bell.shape, bell.shots, bell.samplex) == ((), 200, False)
    assert sweep.shape == (3, 2)
    np.testing.assert_allclose(sweep.bind(0).values, np.arange(12).reshape(3, 2, 2) / 7)


@pytest.mark.parametrize("name", sorted(path.stem for path in BODIES.glob("executor-*.json")))
def test_every_schema_version_is_read(name):
    version = name.rpartition("-")[2]

    program = read(captured(name))

    assert f"executor-{version}" in program.payload_versions
    for item in program.items:
        assert item.bind(7).values.shape == (*item.shape, item.circuit.num_parameters)


@pytest.mark.parametrize("version", ["v0.1", "v0.2", "v1.0", "v1.1", "v2.0"])
def test_a_samplex_is_drawn_by_seed_alone(version):
    (item, _) = read(captured(f"executor-twirled-{version}")).items

    one, again, other = item.bind(1), item.bind(1), item.bind(2)

    assert item.samplex
    assert item.shape == (4,)
    np.testing.assert_array_equal(one.values, again.values)
    np.testing.assert_array_equal(one.extras["measurement_flips.meas"], again.extras["measurement_flips.meas"])
    assert not np.array_equal(one.values, other.values)


def test_a_samplex_sweeps_along_its_arguments_and_draws_along_the_rest():
    """Along a swept axis the physics changes; along a drawn axis only its random dressing."""
    (_, item) = read(captured("executor-twirled-v2.0")).items

    drawn = item.bind(3)

    assert item.shape == (4, 3)
    assert drawn.extras["measurement_flips.meas"].shape == (4, 3, 1, 2)
    flips = drawn.extras["measurement_flips.meas"][..., 0, :]
    outcomes = np.array([[outcome(item.circuit, drawn.values[i, j], flips[i, j]) for j in range(3)] for i in range(4)])
    np.testing.assert_allclose(outcomes, np.broadcast_to(outcomes[0], outcomes.shape), atol=1e-6)
    assert not np.allclose(outcomes[0, 0], outcomes[0, 1])


def outcome(template: QuantumCircuit, values: np.ndarray, flips: np.ndarray) -> np.ndarray:
    """Probabilities of the two measured qubits with the twirled flips undone."""
    bound = template.assign_parameters(dict(zip(template.parameters, values, strict=True)))
    state = Operator(bound.remove_final_measurements(inplace=False)).data[:, 0]
    probabilities = np.abs(state) ** 2
    both = np.zeros(4)
    for index, probability in enumerate(probabilities):
        both[index & 3] += probability
    return both[np.arange(4) ^ (int(flips[0]) + 2 * int(flips[1]))]


@pytest.mark.parametrize("version", ["v0.0", "v2.1", "v3.0", "2.0", "", None, 2])
def test_an_unknown_schema_version_is_refused_with_the_supported_ones(version):
    error = refusal(changed("executor-sampler-v2.0", "schema_version", to=version))

    if isinstance(version, str):
        assert error.code == "schema-version"
        assert error.message.endswith("versions v0.1, v0.2, v1.0, v1.1, v2.0 can be read")


@pytest.mark.parametrize("ssv", [0, 5, 99, True, "4", None])
def test_an_unknown_samplex_version_is_refused_with_the_supported_ones(ssv):
    error = refusal(changed("executor-twirled-v2.0", "quantum_program", "items", 0, "samplex", "ssv", to=ssv))

    assert error.code == "samplex-version"
    assert error.message == "params.quantum_program.items[0].samplex.ssv is not supported; versions 1 to 4 can be read"


def test_a_samplex_that_is_newer_inside_than_it_says_is_refused():
    """The loader follows the inner number, our check must not follow the outer one alone."""
    document = captured("executor-twirled-v2.0")
    samplex = document["params"]["quantum_program"]["items"][0]["samplex"]
    samplex["ssv"] = 3

    assert refusal(document).code == "samplex-version"


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        pytest.param(["quantum_program"], None, "malformed", id="no program"),
        pytest.param(["quantum_program", "shots"], 0, "shots", id="no shots"),
        pytest.param(["quantum_program", "shots"], 1.5, "shots", id="half a shot"),
        pytest.param(["quantum_program", "items"], [], "malformed", id="no items"),
        pytest.param(["quantum_program", "items"], [7], "malformed", id="an item that is a number"),
        pytest.param(["quantum_program", "items", 0, "item_type"], "other", "malformed", id="an unknown item"),
        pytest.param(["quantum_program", "circuits", "num_programs"], 3, "malformed", id="another count of circuits"),
        pytest.param(["quantum_program", "circuits", "qpy_version"], 17, "malformed", id="another version than inside"),
        pytest.param(["quantum_program", "circuits", "b64_data"], "AAAA", "malformed", id="no zlib"),
        pytest.param(["quantum_program", "meas_level"], "all", "malformed", id="an unknown measurement level"),
        pytest.param(["quantum_program", "items", 1, "shape"], [0], "parameters", id="an empty shape"),
        pytest.param(["quantum_program", "items", 1, "shape"], [-1], "parameters", id="a negative shape"),
        pytest.param(["quantum_program", "items", 1, "shape"], [5, 2], "parameters", id="a shape that does not fit"),
        pytest.param(["quantum_program", "items", 1, "shape"], [10**9, 1, 1], "too-large", id="a giant shape"),
        pytest.param(
            ["quantum_program", "items", 0, "circuit_arguments"],
            CompressedTensorModel.from_numpy(np.zeros((2, 3))).model_dump(),
            "parameters",
            id="arguments for another circuit",
        ),
        pytest.param(
            ["quantum_program", "items", 1, "circuit_arguments"],
            CompressedTensorModel.from_numpy(np.full((3, 2), np.nan)).model_dump(),
            "parameters",
            id="arguments that are no numbers",
        ),
        pytest.param(["options"], None, "malformed", id="no options"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_code(path, value, code):
    assert refusal(changed("executor-sampler-v2.0", *path, to=value)).code == code


@pytest.mark.parametrize(
    ("member", "value"),
    [
        pytest.param("samplex_arguments", {"unknown": True}, id="an unknown argument"),
        pytest.param("samplex_arguments", {}, id="a missing argument"),
        pytest.param(
            "samplex_arguments",
            {"parameter_values": CompressedTensorModel.from_numpy(np.zeros((3, 9))).model_dump()},
            id="an argument of another width",
        ),
    ],
)
def test_arguments_a_samplex_does_not_take_are_refused(member, value):
    error = refusal(changed("executor-twirled-v2.0", "quantum_program", "items", 1, member, to=value))

    assert error.code == "samplex"


def test_items_may_repeat_their_arguments():
    program = read(changed("executor-sampler-v2.0", "quantum_program", "items", 1, "shape", to=[5, 3, 2]))

    item = program.items[1]
    assert item.shape == (5, 3, 2)
    assert item.bind(0).values.shape == (5, 3, 2, 2)


def test_openqasm_circuits_are_read():
    text = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; h q[0]; c = measure q;'
    document = changed("executor-sampler-v2.0", "quantum_program", "circuits", to={"data": [text]})
    document["params"]["quantum_program"]["items"] = document["params"]["quantum_program"]["items"][:1]

    program = read(document)

    assert program.payload_versions == ("executor-v2.0", "openqasm-3")
    assert program.items[0].circuit.num_clbits == 2


def test_samples_warm_up_every_program():
    reader = IbmReader()
    wide = ReadLimits(decompressed_bytes=2**24, circuits=100, bindings=1000)

    assert {reader.read(body, wide).kind for body in reader.samples()} == {"sampler", "estimator", "executor"}
