"""Bodies that nobody's SDK writes end in a refusal that says what was found."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.ibm_reader.wire import bell, body, ndarray, packed, raw_qpy, refusal, sampler


def test_an_array_without_data_still_counts_its_parameter_sets():
    """A header alone can claim a billion sets of no parameters, in a hundred bytes."""
    assert refusal(sampler([packed(bell()), ndarray(np.empty((10**9, 0)))])).code == "too-large"


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        pytest.param(b"", "malformed", id="nothing"),
        pytest.param(b"[]", "malformed", id="a list"),
        pytest.param(b"{}", "malformed", id="an empty object"),
        pytest.param(body("sampler", None), "malformed", id="no params"),
        pytest.param(body("sampler", {}), "malformed", id="no pubs"),
        pytest.param(sampler(), "malformed", id="no pub"),
        pytest.param(sampler([]), "malformed", id="an empty pub"),
        pytest.param(sampler([packed(bell()), None, None, None]), "malformed", id="a pub that is too long"),
        pytest.param(sampler(7), "malformed", id="a pub that is no list"),
        pytest.param(sampler([7]), "malformed", id="a circuit that is a number"),
        pytest.param(sampler([{"__type__": "QuantumCircuit"}]), "malformed", id="a circuit without content"),
        pytest.param(sampler([{"__type__": "Result", "__value__": "x"}]), "malformed", id="another type"),
        pytest.param(sampler([{"__type__": "QuantumCircuit", "__value__": "!!"}]), "malformed", id="no Base64"),
        pytest.param(sampler([{"__type__": "QuantumCircuit", "__value__": "aGVsbG8="}]), "malformed", id="no zlib"),
        pytest.param(sampler([packed(b"hello")]), "malformed", id="no QPY"),
        pytest.param(sampler([packed(b"")]), "malformed", id="empty QPY"),
        pytest.param(sampler([packed(raw_qpy(bell())[:-40])]), "malformed", id="QPY cut short"),
        pytest.param(sampler([packed(bell()), 7]), "parameters", id="values that are a number for no parameter"),
        pytest.param(sampler([packed(bell()), ndarray(1)["__value__"]]), "parameters", id="values that are text"),
        pytest.param(body("sampler", {"pubs": [[packed(bell())]], "options": []}), "malformed", id="options as a list"),
        pytest.param(sampler(["OPENQASM 9.0;"]), "openqasm", id="OpenQASM of an unknown version"),
        pytest.param(sampler(["hello"]), "openqasm", id="no OpenQASM"),
        pytest.param(body("circuit-runner", {}), "program", id="an unknown program"),
        pytest.param(body("noise-learner", {}), "program", id="a program we do not read"),
    ],
)
def test_what_is_no_job_is_refused_with_its_code(payload, code):
    assert refusal(payload).code == code


def test_two_circuits_in_one_pub_are_refused():
    error = refusal(sampler([packed(raw_qpy(bell(), bell()))]))

    assert error.message == "params.pubs[0][0] holds 2 circuits, expected 1"


@given(st.binary(max_size=200))
def test_any_bytes_end_in_a_refusal(payload):
    assert refusal(payload).message


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["pubs", "options", "__type__", "__value__", "shots", "x"]), inner, max_size=4
            )
        ),
        max_leaves=12,
    )
)
@pytest.mark.parametrize("program", ["sampler", "estimator", "executor"])
def test_any_json_ends_in_a_refusal(program, params):
    assert refusal(body(program, params)).message
    assert refusal(body(program, {"pubs": params, "options": params})).message
