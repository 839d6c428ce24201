"""Results: every shot, and the values that were asked for, as the SDK reads them."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.braket import observed, pragmas, results
from adapters.braket.openqasm import measured_qubits, register_name
from adapters.braket.pragmas import PragmaError, ResultType
from tests.fakes import values
from tests.unit.braket import made

QUBITS = "qubit[2] q; qubit r;\n"
ROWS = [[0, 0], [1, 1], [1, 0], [0, 0]]


def encoded(result, source=made.BELL):
    body = json.dumps(made.task(action=made.action(source))).encode()
    return json.loads(results.encode(made.DONE, body, result))


def asked(*lines, declared=QUBITS):
    return pragmas.result_types(
        pragmas.outline(declared + "".join(f"#pragma braket result {line}\n" for line in lines))
    )


def test_shots_come_in_order_with_qubit_0_first():
    told = encoded(made.measured(ROWS, [0, 5]))

    assert (told["measurements"], told["measuredQubits"]) == (ROWS, [0, 5])
    assert told["taskMetadata"]["shots"] == 4
    assert told["taskMetadata"]["id"].endswith(made.TASK_ID)
    assert told["taskMetadata"]["deviceId"] == made.DEVICE
    assert told["additionalMetadata"]["action"]["source"] == made.BELL
    assert told["additionalMetadata"]["qgw"]["execution_kind"] == "simulator"
    assert told["additionalMetadata"]["simulatorMetadata"]["executionDuration"] == 2000
    assert "resultTypes" not in told


def test_moments_fit_into_the_vendor_s_schema():
    told = encoded(made.measured(ROWS, [0, 1]))["taskMetadata"]

    assert told["createdAt"] == "2026-03-01T12:00:01.000Z"
    assert len(told["endedAt"]) == 24


def test_hardware_is_not_called_a_simulator():
    ran = replace(made.measured(ROWS, [0, 1]), metadata={"execution_kind": "hardware"})

    assert "simulatorMetadata" not in encoded(ran)["additionalMetadata"]


def test_a_register_of_another_name_is_read_from_its_first_bit():
    ran = values.result(values.item(registers={"meas": values.register(3, [0b110, 0b001])}, shots=2))

    told = encoded(ran)

    assert (told["measurements"], told["measuredQubits"]) == ([[0, 1, 1], [1, 0, 0]], [0, 1, 2])


@pytest.mark.parametrize("registers", [{}, {"a": values.register(1, [0]), "b": values.register(1, [0])}])
def test_what_is_not_one_measured_register_is_no_result(registers):
    with pytest.raises(ValueError, match="register"):
        encoded(values.result(values.item(registers=registers)))


def test_values_are_computed_where_they_are_asked_for():
    source = f"OPENQASM 3.0;\n{QUBITS}h q;\n" + "".join(
        f"#pragma braket result {line}\n"
        for line in ("expectation z(q[0]) @ z(q[1])", "variance z(q[0])", "probability q[1]", "sample z all")
    )

    told = encoded(made.measured(ROWS, [0, 1]), source)["resultTypes"]

    assert told == [
        {"type": {"type": "expectation", "targets": [0, 1], "observable": ["z", "z"]}, "value": 0.5},
        {"type": {"type": "variance", "targets": [0], "observable": ["z"]}, "value": 1.0},
        {"type": {"type": "probability", "targets": [1]}, "value": [0.75, 0.25]},
        {"type": {"type": "sample", "observable": ["z"]}, "value": [[1, -1, -1, 1], [1, -1, 1, 1]]},
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("probability", ResultType(kind="probability")),
        ("probability all", ResultType(kind="probability")),
        ("probability q", ResultType(kind="probability", targets=(0, 1))),
        ("probability r, q[0]", ResultType(kind="probability", targets=(2, 0))),
        ("probability $7", ResultType(kind="probability", targets=(7,))),
        ("expectation x(q[0])", ResultType(kind="expectation", observables=("x",), targets=(0,))),
        ("sample  h( r ) @  y(q[1])", ResultType(kind="sample", observables=("h", "y"), targets=(2, 1))),
        ("variance i all", ResultType(kind="variance", observables=("i",))),
    ],
)
def test_result_types_are_read(line, expected):
    assert asked(line) == (expected,)


def test_a_whole_register_alone_is_every_qubit():
    assert asked("expectation z(q)", declared="qubit[2] q;\n")[0].targets is None


@pytest.mark.parametrize(
    "line",
    [
        "state_vector",
        'amplitude "00"',
        "density_matrix all",
        "adjoint_gradient expectation(x(q[0])) all",
        "expectation hermitian([[1, 0], [0, 1]]) q[0]",
        "expectation q[0]",
        "expectation x(q[0]) y(q[1])",
        "expectation x(q[0]) @",
        "expectation x(q[2])",
        "expectation x(nothere)",
        "expectation x(q)",
        "expectation x(q[0]) @ z(q[0])",
        "probability q[0], q[0]",
        "probability q[0] q[1]",
        "entropy q[0]",
        "",
    ],
)
def test_what_samples_cannot_give_is_refused(line):
    with pytest.raises(PragmaError):
        asked(line)


def test_too_many_results_are_refused():
    with pytest.raises(PragmaError, match="256"):
        asked(*["probability"] * 257)


@pytest.mark.parametrize(
    "lines",
    [
        ("expectation x(q[0])", "expectation z(q[0])"),
        ("expectation x(q[0])", "probability q[0]"),
        ("probability", "expectation y(q[1])"),
        ("expectation x all", "sample z(q[0])"),
    ],
)
def test_one_qubit_has_one_basis(lines):
    with pytest.raises(PragmaError, match="two"):
        pragmas.bases(asked(*lines), [0, 1, 2])


def test_the_identity_fits_into_any_basis():
    wanted = asked("expectation x(q[0])", "expectation i(q[0]) @ z(q[1])", "variance i all")

    assert pragmas.bases(wanted, [0, 1, 2]) == {0: "x", 1: "z"}


@given(st.lists(st.integers(0, 4095), min_size=1, max_size=200))
def test_a_register_s_name_gives_its_qubits_back(qubits):
    assert measured_qubits(register_name(qubits)) == qubits


@pytest.mark.parametrize("name", ["meas", "measured", "measured_", "measured_a", "measured_1_", "xmeasured_1"])
def test_other_registers_have_other_names(name):
    assert measured_qubits(name) is None


@given(st.lists(st.lists(st.integers(0, 1), min_size=3, max_size=3), min_size=1, max_size=30))
def test_values_agree_with_one_another(rows):
    """Probability, expectation, variance and sample describe one distribution."""
    probability = observed.value(asked("probability q[1]")[0], rows, [0, 1, 2])
    expectation = observed.value(asked("expectation z(q[1])")[0], rows, [0, 1, 2])
    variance = observed.value(asked("variance z(q[1])")[0], rows, [0, 1, 2])
    sample = observed.value(asked("sample z(q[1])")[0], rows, [0, 1, 2])

    assert sum(probability) == pytest.approx(1)
    assert expectation == pytest.approx(probability[0] - probability[1])
    assert expectation == pytest.approx(sum(sample) / len(sample))
    assert variance == pytest.approx(1 - expectation**2)
    assert observed.value(asked("expectation i(q[1])")[0], rows, [0, 1, 2]) == 1


@given(st.text(max_size=60))
def test_any_text_has_an_outline(text):
    told = pragmas.outline(text)

    assert isinstance(told.results, tuple)
