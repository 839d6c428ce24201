"""Witnesses in the settings: what could never work, or could be held back, is refused before a start."""

import json

import pytest

from gateway.audit.checkpoint import SigningKey
from gateway.audit.note import Algorithm
from gateway.domain.errors import InsecureError
from gateway.domain.secret import Secret
from gateway.settings import load

KEY = str(SigningKey("witness.test/one", Algorithm.COSIGNATURE, Secret(bytes(32))).public)
PLAIN = str(SigningKey("witness.test/one", Algorithm.ED25519, Secret(bytes(32))).public)


def loaded(url="https://witness.test/one/", keys=(KEY,), **more):
    environ = {"GATEWAY_WITNESSES__TEAM__URL": url, "GATEWAY_WITNESSES__TEAM__KEYS": json.dumps(keys)}
    return load(None, environ | more)


def test_one_witness_is_required_as_soon_as_there_is_one():
    assert load(None, {}).witnesses_required == 0
    assert loaded().witnesses_required == 1
    assert loaded(GATEWAY_LEDGER__WITNESSES_REQUIRED="0").witnesses_required == 0


def test_a_witness_is_read_with_its_keys():
    witness = loaded().witnesses["team"]

    assert witness.url == "https://witness.test/one"
    assert [str(key) for key in witness.verifier_keys] == [KEY]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        pytest.param({"url": "http://witness.test/one"}, "https", id="plain http beyond this machine"),
        pytest.param({"url": "https://user@witness.test"}, "prefix", id="a user in the address"),
        pytest.param({"url": "witness.test"}, "prefix", id="no address"),
        pytest.param({"keys": ()}, "keys", id="no key"),
        pytest.param({"keys": (PLAIN,)}, "plain notes", id="a key that signs no cosignatures"),
        pytest.param({"keys": (KEY[:-4],)}, "keys", id="a key that was cut"),
        pytest.param({"GATEWAY_LEDGER__WITNESSES_REQUIRED": "2"}, "1 are", id="more than there are"),
    ],
)
def test_what_could_never_work_is_refused(changes, word):
    with pytest.raises(InsecureError, match=word):
        loaded(**changes)


def test_a_witness_on_this_machine_may_speak_plain_http():
    assert loaded(url="http://127.0.0.1:8700").witnesses["team"].url == "http://127.0.0.1:8700"
