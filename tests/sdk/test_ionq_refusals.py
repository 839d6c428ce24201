"""Refusals as a user of IonQ's SDK reads them, at once and in full."""

import pytest

TOO_MANY_SHOTS = 100_000_000


@pytest.fixture(scope="module")
def report(ionq_sdk, ionq):
    return ionq_sdk.run("ionq_refusals", str(TOO_MANY_SHOTS), env=ionq.env)


@pytest.mark.parametrize(
    ("case", "words"),
    [
        pytest.param("denied", "denied by policy: ", id="a rule in its own words"),
        pytest.param("denied", "this key may use at most", id="and what would be allowed"),
        pytest.param("unknown_backend", 'no upstream offers "qpu.aria-1"', id="no such backend"),
        pytest.param("unknown_job", "no job '5e551047-0000-4000-8000-000000000001'", id="no such job"),
        pytest.param("unknown_type", "ionq.circuit.v1, ionq.multi-circuit.v1, ionq.qasm3.v1", id="another type of job"),
        pytest.param("wrong_type", "/shots is text, allowed is an integer", id="text as shots"),
        pytest.param("unreadable", "must be a whole number from 0 to", id="a qubit that cannot be"),
        pytest.param("wrong_key", "is no gateway key", id="no key of this gateway"),
        pytest.param("label", "names no classification", id="a label that does not exist"),
    ],
)
def test_a_refusal_is_an_error_with_our_words(report, case, words):
    assert report[case]["type"] == "IonQAPIError"
    assert words in report[case]["message"]


def test_nothing_is_asked_twice(report):
    """The SDK says so when it retries; a refusal must not make it."""
    assert [warning for warning in report["warnings"] if warning.startswith("Retrying")] == []


def test_a_job_that_fell_back_warns_of_it(report):
    assert report["fallen_back"]
    assert any(
        warning.startswith("this job asked for qpu.aria-1 and ran on sim_") and "a simulator" in warning
        for warning in report["warnings"]
    )


def test_a_refusal_holds_its_code_and_the_request_id(report):
    on_the_wire = report["status"]

    assert (on_the_wire["status"], on_the_wire["statusCode"], on_the_wire["error"]) == (404, 404, "not-found")
    assert on_the_wire["request_id"]
