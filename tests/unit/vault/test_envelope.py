"""An envelope opens only where it was sealed, whole, and never gives out what was not authenticated."""

import hashlib
from dataclasses import replace

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.writes import SealedWrite
from gateway.vault.envelope import DamagedError, ObjectName, TenantKey, context, seal, unseal, unwrap_key, wrap_key

NAME = ObjectName(project_id="project-a", object_id="0190-object", kind="payload")
KEY = TenantKey.of(1, bytes(range(32)))
LOCK = bytes(range(32, 64))
CHUNK = 16 * 1024
HEADER = 1 + 24 + 32
"""Format byte, salt and commitment of a body."""


def opened(sealed: SealedWrite, *, name: ObjectName = NAME, key: TenantKey = KEY) -> bytes:
    return unseal(name, key, lock=LOCK, wrapped_dek=sealed.wrapped_dek, ciphertext=sealed.ciphertext)


@given(st.binary(max_size=3 * CHUNK))
def test_what_was_sealed_is_what_opens(plaintext):
    sealed = seal(NAME, KEY, plaintext, LOCK)

    assert opened(sealed) == plaintext
    assert sealed.plaintext_bytes == len(plaintext)
    assert sealed.ciphertext_digest == hashlib.sha256(sealed.ciphertext).hexdigest()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 5 * CHUNK + 7])
def test_every_size_around_a_chunk_opens(size):
    plaintext = bytes(size)

    assert opened(seal(NAME, KEY, plaintext, LOCK)) == plaintext


def test_sealing_twice_gives_nothing_in_common():
    """Equal payloads must not be recognisable as equal in a stolen database."""
    first, second = seal(NAME, KEY, b"same", LOCK), seal(NAME, KEY, b"same", LOCK)

    assert first.ciphertext[1:] != second.ciphertext[1:]
    assert first.wrapped_dek[1:] != second.wrapped_dek[1:]


def test_blob_and_wrapped_key_begin_with_the_format():
    sealed = seal(NAME, KEY, b"x", LOCK)

    assert (sealed.ciphertext[0], sealed.wrapped_dek[0]) == (1, 2)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(NAME, project_id="project-b"), id="another project"),
        pytest.param(replace(NAME, object_id="0190-other"), id="another object"),
        pytest.param(replace(NAME, kind="result"), id="another kind"),
        pytest.param(
            ObjectName(project_id="project-a0190", object_id="-object", kind="payload"), id="a letter moved across"
        ),
    ],
)
def test_an_object_does_not_open_elsewhere(other):
    """Moving rows between tenants or jobs in the database must not move their secrets."""
    with pytest.raises(DamagedError):
        opened(seal(NAME, KEY, b"secret", LOCK), name=other)


def test_a_key_wrapped_for_another_place_does_not_open_this_body():
    other = replace(NAME, object_id="0190-other")
    sealed, foreign = seal(NAME, KEY, b"secret", LOCK), seal(other, KEY, b"public", LOCK)

    with pytest.raises(DamagedError):
        opened(replace(sealed, wrapped_dek=foreign.wrapped_dek))
    with pytest.raises(DamagedError):
        opened(replace(sealed, ciphertext=foreign.ciphertext))
    with pytest.raises(DamagedError):
        opened(foreign)


def test_bodies_of_one_place_cannot_be_exchanged_without_their_keys():
    old, new = seal(NAME, KEY, b"old", LOCK), seal(NAME, KEY, b"new", LOCK)

    with pytest.raises(DamagedError):
        opened(replace(new, ciphertext=old.ciphertext))


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(TenantKey.of(1, bytes(32)), id="another tenant key"),
        pytest.param(TenantKey.of(2, bytes(range(32))), id="the same key under another version"),
    ],
)
def test_another_tenant_key_does_not_open(key):
    with pytest.raises(DamagedError):
        opened(seal(NAME, KEY, b"secret", LOCK), key=key)


@pytest.mark.parametrize("chunks", [1, 2, 3])
@pytest.mark.parametrize("off", [-1, 0, 1])
def test_a_body_cut_at_a_chunk_edge_does_not_open(chunks, off):
    """Each whole chunk authenticates by itself; only the end says that nothing is missing."""
    sealed = seal(NAME, KEY, bytes(4 * CHUNK), LOCK)
    cut = HEADER + chunks * (CHUNK + 16) + off

    with pytest.raises(DamagedError):
        opened(replace(sealed, ciphertext=sealed.ciphertext[:cut]))


@pytest.mark.parametrize("length", [0, 1, 2, 24, 25, 56, 57, 58, 72])
def test_a_body_cut_short_does_not_open(length):
    sealed = seal(NAME, KEY, b"", LOCK)

    with pytest.raises(DamagedError):
        opened(replace(sealed, ciphertext=sealed.ciphertext[:length]))


def test_a_body_with_something_behind_it_does_not_open():
    sealed = seal(NAME, KEY, b"secret", LOCK)

    with pytest.raises(DamagedError):
        opened(replace(sealed, ciphertext=sealed.ciphertext + b"\0"))


def test_chunks_in_another_order_do_not_open():
    sealed = seal(NAME, KEY, bytes(3 * CHUNK), LOCK)
    body, size = sealed.ciphertext, CHUNK + 16
    head, first, second = body[:HEADER], body[HEADER : HEADER + size], body[HEADER + size : HEADER + 2 * size]

    with pytest.raises(DamagedError):
        opened(replace(sealed, ciphertext=head + second + first + body[HEADER + 2 * size :]))


@given(data=st.data())
def test_one_changed_bit_anywhere_does_not_open(data):
    sealed = seal(NAME, KEY, b"a circuit worth keeping" * 3, LOCK)
    part = data.draw(st.sampled_from(["ciphertext", "wrapped_dek"]))
    blob = bytearray(getattr(sealed, part))
    bit = data.draw(st.integers(0, len(blob) * 8 - 1))
    blob[bit // 8] ^= 1 << bit % 8

    with pytest.raises(DamagedError):
        opened(replace(sealed, **{part: bytes(blob)}))


@given(st.binary(max_size=100))
def test_noise_is_refused_and_never_crashes(noise):
    with pytest.raises(DamagedError):
        unseal(NAME, KEY, lock=LOCK, wrapped_dek=noise, ciphertext=noise)
    with pytest.raises(InvalidTag):
        unwrap_key(KEY.cipher, noise, b"")


def test_the_refusal_names_the_object_and_nothing_of_its_content():
    sealed = seal(NAME, KEY, b"a circuit worth keeping", LOCK)

    with pytest.raises(DamagedError) as refused:
        opened(replace(sealed, ciphertext=sealed.ciphertext[:-1]))

    assert refused.value.object_id == NAME.object_id
    assert "circuit" not in refused.value.message
    assert refused.value.__cause__ is None


texts = st.lists(st.text(max_size=6), max_size=4)


@given(texts, texts)
def test_different_parts_never_encode_alike(left, right):
    """`ab` + `c` and `a` + `bc` are different places."""
    assert (context("x", *left) == context("x", *right)) is (left == right)


def test_labels_keep_uses_of_one_key_apart():
    assert context("qgw/body", "a") != context("qgw/dek", "a")


@given(st.binary(min_size=1, max_size=64), st.binary(max_size=16), st.binary(max_size=16))
def test_a_wrapped_key_unwraps_only_in_its_context(key, bound_to, other):
    cipher = AESGCM(bytes(32))
    wrapped = wrap_key(cipher, key, bound_to)

    assert unwrap_key(cipher, wrapped, bound_to) == key
    if other != bound_to:
        with pytest.raises(InvalidTag):
            unwrap_key(cipher, wrapped, other)


def test_a_tenant_key_does_not_show_itself():
    assert "AESGCM" not in repr(KEY)
