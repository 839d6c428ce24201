"""What a vendor repeats of a request is withheld from its errors, and from nothing else."""

import json

import pytest

from gateway.ports.vendor import VendorAnswer, VendorRequest
from gateway.vendors.echoes import without_echo, without_texts

KEY, TOKEN, NOTE = "canary-api-key-7f3a", "canary+session/token==7f3a", "canary of a payload"
BODY = {"backend": "qpu.forte-1", "shots": 10, "metadata": {"note": NOTE}, "input": {"data": f"x;\n// {NOTE}\ny;"}}
HEADERS = {"Authorization": f"apiKey {KEY}", "X-Amz-Security-Token": TOKEN, "Content-Type": "application/json"}


def error(words, *, status=400, body=None, headers=None):
    """Let a vendor answer a request with these words."""
    sent = json.dumps(BODY).encode() if body is None else body
    request = VendorRequest(method="POST", url="https://acme.example", headers=headers or HEADERS, body=sent)
    answer = VendorAnswer(status=status, headers={}, body=json.dumps({"message": words}).encode())
    return without_echo(request, answer).body


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
@pytest.mark.parametrize(
    "words",
    [
        pytest.param(f"no such key: apiKey {KEY}", id="the key"),
        pytest.param(f"no such key: {KEY[:10]}...", id="the beginning of the key"),
        pytest.param(f"expired: {TOKEN}", id="a token of several parts"),
        pytest.param(f"cannot read {json.dumps(BODY)}", id="the whole body"),
        pytest.param(f"line 2: unexpected // {NOTE}", id="a line of the program"),
    ],
)
def test_what_was_sent_does_not_come_back_in_an_error(words, status):
    kept = error(words, status=status)

    assert b"canary" not in kept
    assert b"[withheld]" in json.loads(kept)["message"].encode()


@pytest.mark.parametrize(
    "words",
    [
        "qpu.forte-1 takes at most 10000 shots, metadata at most 10 keys",
        "the body must be application/json",
        "input.data is not OpenQASM 3",
    ],
)
def test_names_and_short_values_stay(words):
    """Or nobody could tell what to mend."""
    assert json.loads(error(words))["message"] == words


def test_a_region_is_no_secret_and_a_key_id_is_one():
    """A signature names both, and an error may be about either."""
    scope = "Credential=AKIACANARY0000000001/20261122/us-east-1/braket/aws4_request"
    signed = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host;x-amz-date, Signature={'ab' * 32}"}

    kept = error(f"AKIACANARY0000000001 signed {'ab' * 32} for us-east-1, aws4_request", headers=signed)

    assert json.loads(kept)["message"] == "[withheld] signed [withheld] for us-east-1, aws4_request"


def test_the_fields_of_a_form_are_withheld():
    """IBM's IAM is sent the key in one."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    kept = error(f"unknown apikey {KEY}", body=f"grant_type=x&apikey={KEY}".encode(), headers=form)

    assert json.loads(kept)["message"] == "unknown apikey [withheld]"


def test_what_is_no_error_stays_byte_for_byte():
    """Results repeat names and metadata, and are the owner's."""
    answer = VendorAnswer(status=200, headers={}, body=json.dumps(BODY).encode())
    request = VendorRequest(method="POST", url="https://acme.example", headers=HEADERS, body=answer.body)

    assert without_echo(request, answer) is answer


def test_the_words_of_an_error_about_a_huge_body_are_withheld_whole():
    """Comparing them would hold up everybody else."""
    assert error("too large", body=b"x" * (1024 * 1024 + 1)) == b""


def test_why_a_job_failed_does_not_repeat_the_job():
    assert without_texts(f"cannot compile '{NOTE}'", json.dumps(BODY).encode()) == "cannot compile '[withheld]'"
    assert without_texts("no qubits left", b"not json, but a text") == "no qubits left"
    assert without_texts("near:not json, but", b"not json, but a text") == "near:[withheld]"
