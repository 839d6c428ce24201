"""Being refused with Amazon Braket's SDK: in the gateway's words, in an exception that fits, and only once."""

import pytest


@pytest.fixture(scope="module")
def report(braket_sdk, braket):
    return braket_sdk.run("braket_refusals", env=braket.env)


def test_a_denial_shows_its_rule_and_is_not_tried_again(report):
    denied = report["denied"]

    assert (denied["type"], denied["attempts"]) == ("AccessDeniedException", 1)
    assert "circuits/shots" in denied["message"]
    assert "[decision " in denied["message"]


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("unread", "AccessDeniedException", "measure at the end"),
        ("noise", "AccessDeniedException", "comes from the calibration"),
        ("exact", "ValidationException", "pass shots= to run()"),
        ("set", "ValidationException", "of a program set submit each program by itself"),
        ("no_device", "ValueError", "not found"),
        ("no_task", "ResourceNotFoundException", "is visible to this key"),
        ("jobs", "AccessDeniedException", "hybrid jobs run your code inside the vendor's cloud"),
        ("limits", "AccessDeniedException", "the gateway's own budgets"),
        ("stranger", "ClientError", "UnrecognizedClientException"),
        ("changed", "ClientError", "InvalidSignatureException"),
        ("late", "ClientError", "set the clock"),
    ],
)
def test_people_read_why(report, name, kind, words):
    assert report[name]["type"] == kind
    assert words in report[name]["message"]


@pytest.mark.parametrize(
    ("service", "code"),
    [("braket", "InvalidSignatureException"), ("s3", "SignatureDoesNotMatch"), ("sts", "SignatureDoesNotMatch")],
)
def test_a_wrong_secret_is_told_in_each_service_s_own_way(report, service, code):
    assert f"({code})" in report["secret"][service]["message"]
    assert "check the secret access key" in report["secret"][service]["message"]


def test_afterwards_everything_works_as_before(report):
    assert report["after"]["message"] == "SIMULATOR"
