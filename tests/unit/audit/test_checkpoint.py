"""Checkpoints and cosignatures are C2SP's, byte for byte, and cover all that they say."""

import hashlib

import pytest

from gateway.audit.checkpoint import Checkpoint, CheckpointError, SignatureError, SigningKey, signed_at, signers
from gateway.audit.note import Algorithm, Note, NoteError, Signature, VerifierKey, decoded
from gateway.domain.secret import Secret
from tests.notary import pair

SEED = Secret(bytes(range(32)))
SOFA = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"


def key(algorithm, name="witness.test/one"):
    return SigningKey(name, algorithm, SEED)


def test_the_specifications_checkpoint_is_read_and_written():
    checkpoint = Checkpoint.parse(SOFA)

    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert str(checkpoint) == SOFA


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(SOFA + "approved-by: ceo\n", id="an extension line"),
        pytest.param(SOFA[:-1], id="no line feed at the end"),
        pytest.param(SOFA.replace("20852163", "020852163"), id="a leading zero"),
        pytest.param(SOFA.replace("20852163", "-1"), id="a negative size"),
        pytest.param(SOFA.replace("20852163", "9" * 19), id="a size beyond 63 bits"),
        pytest.param(SOFA.replace("20852163", "\N{FULLWIDTH DIGIT TWO}"), id="digits of another script"),
        pytest.param(SOFA.replace("q2I=", "qw=="), id="a short root"),
        pytest.param("\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n", id="no origin"),
        pytest.param("a\n1\n", id="no root"),
    ],
)
def test_what_is_no_plain_checkpoint_is_refused(text):
    with pytest.raises(NoteError):
        Checkpoint.parse(text)


def test_a_cosignature_signs_what_the_specification_says():
    """Ed25519 over `cosignature/v1`, the time and the whole text; the time stands before the signature."""
    checkpoint, signing = Checkpoint.parse(SOFA), key(Algorithm.COSIGNATURE)

    line = signing.sign(checkpoint, at=1679315147)

    assert line.content[:8] == (1679315147).to_bytes(8)
    assert line.content[8:] == signing.sign_bytes(f"cosignature/v1\ntime 1679315147\n{SOFA}".encode())
    assert line.key_id == hashlib.sha256(b"witness.test/one\n\x04" + signing.public.public).digest()[:4]


def test_a_post_quantum_signature_signs_what_the_specification_says():
    """ML-DSA-44 over label, signer, time, origin, both ends of the tree and its root."""
    checkpoint, signing = Checkpoint.parse(SOFA), key(Algorithm.ML_DSA_44)
    message = b"".join(
        [
            b"subtree/v1\n\0",
            bytes([16]) + b"witness.test/one",
            (7).to_bytes(8),
            bytes([27]) + b"example.com/behind-the-sofa",
            (0).to_bytes(8) + (20852163).to_bytes(8),
            decoded("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="),
        ]
    )

    line = Signature(signing.name, signing.public.id, (7).to_bytes(8) + signing.sign_bytes(message))

    assert signed_at(checkpoint, signing.public, line) == 7
    assert len(line.content) == 8 + 2420


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_every_changed_line_is_seen(algorithm):
    checkpoint, signing = Checkpoint.parse(SOFA), key(algorithm)
    line = signing.sign(checkpoint, at=1700000000)
    others = [
        Checkpoint(origin=checkpoint.origin, size=checkpoint.size + 1, root=checkpoint.root),
        Checkpoint(origin=checkpoint.origin, size=checkpoint.size, root=bytes(32)),
        Checkpoint(origin="example.com/other", size=checkpoint.size, root=checkpoint.root),
    ]

    assert signed_at(checkpoint, signing.public, line) == (0 if algorithm is Algorithm.ED25519 else 1700000000)
    for other in others:
        with pytest.raises(SignatureError):
            signed_at(other, signing.public, line)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_every_flipped_bit_of_a_signature_is_seen(algorithm):
    checkpoint, signing = Checkpoint.parse(SOFA), key(algorithm)
    content = signing.sign(checkpoint, at=1).content

    for place in range(0, len(content), max(1, len(content) // 40)):
        flipped = bytearray(content)
        flipped[place] ^= 1
        with pytest.raises(SignatureError):
            signed_at(checkpoint, signing.public, Signature(signing.name, signing.public.id, bytes(flipped)))


def test_lines_of_unknown_keys_are_not_looked_at():
    checkpoint, ours = Checkpoint.parse(SOFA), key(Algorithm.COSIGNATURE)
    foreign = Signature(ours.name, b"\0\0\0\0", b"whatever")
    same_id = Signature("somebody", ours.public.id, b"whatever")
    note = Note(SOFA, (foreign, same_id, ours.sign(checkpoint, at=5)))

    assert signers(note, checkpoint, [ours.public]) == {ours.public: 5}


def test_a_false_line_of_a_known_key_spoils_the_note():
    checkpoint, ours = Checkpoint.parse(SOFA), key(Algorithm.COSIGNATURE)
    false = Signature(ours.name, ours.public.id, bytes(72))

    with pytest.raises(SignatureError):
        signers(Note(SOFA, (ours.sign(checkpoint, at=5), false)), checkpoint, [ours.public])


def test_a_name_too_long_to_be_signed_is_refused():
    checkpoint = Checkpoint(origin="x" * 256, size=1, root=bytes(32))

    with pytest.raises(CheckpointError):
        key(Algorithm.ML_DSA_44).sign(checkpoint, at=1)


def test_one_seed_is_another_key_under_another_name():
    """Ids hold name and algorithm: a witness's line is never taken for a log's."""
    ids = {SigningKey(name, each, SEED).public.id for name in ("a", "b") for each in Algorithm}

    assert len(ids) == 6


def test_no_seed_is_shown():
    ed25519, ml_dsa = pair("secret")

    assert "Secret" not in repr(ed25519)
    assert ml_dsa.seed.reveal().hex() not in repr(ml_dsa)
    assert isinstance(ed25519.public, VerifierKey)
