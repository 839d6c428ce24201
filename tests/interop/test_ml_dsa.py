"""ML-DSA-44 by another hand: a pure Python implementation of FIPS 204 reads our signatures, and we read its own.

It shares no line with OpenSSL, so that both would have to be wrong in the same way.
"""

import pytest
from dilithium_py.ml_dsa import ML_DSA_44

from gateway.audit.checkpoint import SigningKey, signed_at
from gateway.audit.log_keys import announcement
from gateway.audit.note import Algorithm, Note, Signature, decoded
from gateway.domain.secret import Secret
from gateway.verifier import qgw_verify
from tests.notary import ORIGIN, Scribe, pair

SEED = bytes(range(32))
MINE = SigningKey(ORIGIN, Algorithm.ML_DSA_44, Secret(SEED))
PUBLIC, PRIVATE = ML_DSA_44.key_derive(SEED)


def test_one_seed_is_one_key():
    assert MINE.public.public == PUBLIC


def test_they_believe_our_checkpoints():
    """Checked over the bytes that C2SP says are signed, written down here once more."""
    scribe = Scribe.begin(5)
    note = scribe.sign()
    key = scribe.keys[1].public
    (line,) = [each for each in note.signatures if each.by(key)]
    at, signature = line.content[:8], line.content[8:]
    name = bytes([len(ORIGIN)]) + ORIGIN.encode()
    message = b"subtree/v1\n\0" + name + at + name + bytes(8) + scribe.size.to_bytes(8) + scribe.root()

    assert ML_DSA_44.verify(key.public, message, signature)
    assert not ML_DSA_44.verify(key.public, message[:-1] + bytes([message[-1] ^ 1]), signature)


def test_they_believe_the_keys_that_a_ledger_announces():
    """Those are signed with a context of their own, so that no checkpoint can be taken for one."""
    keys = pair("first")
    told = announcement(ORIGIN, 1, keys)
    lines = ["qgw.log-key/1", f"ledger {ORIGIN}", "1", "first", told["ed25519"], told["ml_dsa_44"], ""]
    signature = decoded(told["signatures"]["new"]["ml_dsa_44"])

    assert ML_DSA_44.verify(keys[1].public.public, "\n".join(lines).encode(), signature, b"qgw.log-key/1")
    assert not ML_DSA_44.verify(keys[1].public.public, "\n".join(lines).encode(), signature)


@pytest.mark.parametrize("change", [0, 1])
def test_we_believe_theirs_and_nothing_else(change):
    """Both verifiers of ours: the gateway's and the one that auditors carry."""
    scribe = Scribe.begin(3)
    checkpoint = scribe.checkpoint()
    name = bytes([len(ORIGIN)]) + ORIGIN.encode()
    message = b"subtree/v1\n\0" + name + bytes(8) + name + bytes(8) + scribe.size.to_bytes(8) + scribe.root()
    made = bytearray(ML_DSA_44.sign(PRIVATE, message))
    made[100] ^= change
    line = Signature(ORIGIN, MINE.public.id, bytes(8) + bytes(made))
    carried = qgw_verify.Checkpoint.parse(str(Note(str(checkpoint), (line,))).encode())

    answers = []
    for ask in (
        lambda: signed_at(checkpoint, MINE.public, line),
        lambda: carried.signed_at(qgw_verify.Key.parse(str(MINE.public))),
    ):
        try:
            answers.append(ask())
        except (ValueError, qgw_verify.BrokenError):
            answers.append(None)
    assert answers == ([None, None] if change else [0, 0])
