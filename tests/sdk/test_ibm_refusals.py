"""Refusals as a user of a stock SDK reads them."""

import pytest

TOO_MANY_SHOTS = 100_000_000


@pytest.fixture(scope="module")
def report(sdk, gateway):
    return sdk.run("refusals", "--shots", str(TOO_MANY_SHOTS), env=gateway.env)


def test_a_denial_shows_the_rules_own_words(report):
    assert report["denied"]["type"] == "IBMRuntimeError"
    assert "403" in report["denied"]["message"]
    assert "denied by policy: " in report["denied"]["message"]
    assert "circuits/" in report["denied"]["message"]
    assert "Error code: policy-denied" in report["denied"]["message"]


def test_a_job_that_is_not_ones_own_does_not_exist(report):
    assert report["unknown_job"]["type"] == "RuntimeJobNotFound"


@pytest.mark.parametrize(
    ("case", "code", "words"),
    [
        pytest.param("unknown_program", "unknown-program", "sampler, estimator, executor", id="another program"),
        pytest.param("no_pubs", "invalid-value", "/params/pubs", id="no pubs"),
        pytest.param("wrong_type", "wrong-type", "/params/pubs is text, allowed is an array", id="text as pubs"),
        pytest.param("missing_version", "missing-field", "/params/version is missing", id="no version"),
        pytest.param("no_tag", "invalid-value", "none of them a control character", id="a NUL in a tag"),
    ],
)
def test_a_malformed_job_is_refused_by_place_and_allowance(report, case, code, words):
    assert words in report[case]["message"]
    assert code in report[case]["message"]


def test_a_wrong_key_is_refused_before_anything_else(sdk, gateway):
    """The SDK drops the gateway's words here and shows its own; on the wire they are tested elsewhere."""
    report = sdk.run("connect", env={**gateway.env, "QISKIT_IBM_TOKEN": "not-a-key"})

    assert report["connected"]["type"] == "InvalidAccountError"
    assert "valid API token" in report["connected"]["message"]
