"""Signed notes are C2SP's: what is written others can read, and what is no note is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.audit.checkpoint import SignatureError, verify_bytes
from gateway.audit.note import Algorithm, Note, NoteError, Signature, VerifierKey, decoded, encoded, signatures

# The test vector of Go's sumdb/note, which the specification grew out of.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"


def test_the_vector_of_the_reference_implementation_holds():
    key, note = VerifierKey.parse(PETER), Note.parse(f"{TEXT}\n{LINE}".encode())

    (signature,) = note.signatures
    verify_bytes(key, signature.content, note.text.encode())

    assert signature.by(key)
    assert (str(key), str(note)) == (PETER, f"{TEXT}\n{LINE}")


@pytest.mark.parametrize("place", [0, 10, len(TEXT) - 2])
def test_one_changed_letter_is_seen(place):
    key, note = VerifierKey.parse(PETER), Note.parse(f"{TEXT}\n{LINE}".encode())
    changed = TEXT[:place] + "#" + TEXT[place + 1 :]

    with pytest.raises(SignatureError):
        verify_bytes(key, note.signatures[0].content, changed.encode())


def test_the_text_may_have_blank_lines_and_ends_before_the_last_one():
    note = Note.parse(f"one\n\ntwo\n\n{LINE}".encode())

    assert note.text == "one\n\ntwo\n"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(TEXT.encode(), id="no signature"),
        pytest.param(f"{TEXT}\n".encode(), id="no signature after the blank line"),
        pytest.param(f"{TEXT}\n{LINE[:-1]}".encode(), id="no line feed at the end"),
        pytest.param(f"{TEXT}\n{LINE.replace('—', '-')}".encode(), id="another dash"),
        pytest.param(f"{TEXT}\n{LINE.replace(' x08', ' !08')}".encode(), id="no base64"),
        pytest.param(f"{TEXT}\n{LINE.replace('AM=', 'AN=')}".encode(), id="base64 with loose bits"),
        pytest.param(f"{TEXT}\n— x AAAA\n".encode(), id="an id and nothing signed"),
        pytest.param(f"a\tb\n\n{LINE}".encode(), id="a control character"),
        pytest.param(f"{TEXT}\r\n\n{LINE}".encode(), id="a carriage return"),
        pytest.param(b"\xff\n\n" + LINE.encode(), id="no UTF-8"),
        pytest.param(f"{TEXT}\n{LINE * 65}".encode(), id="too many signatures"),
        pytest.param(b"x" * 300_000, id="too long"),
    ],
)
def test_what_is_no_note_is_refused(content):
    with pytest.raises(NoteError):
        Note.parse(content)


def test_sixteen_signatures_are_read():
    """Everybody must accept so many."""
    assert len(Note.parse(f"{TEXT}\n{LINE * 16}".encode()).signatures) == 16


@pytest.mark.parametrize(
    "text",
    [
        "PeterNeumann",
        PETER.replace("c74f20a3", "c74f20a4"),
        PETER.replace("PeterNeumann", "Peter Neumann"),
        PETER[:-4],
        "x+00000000+CQ==",
        "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_a_key_that_was_cut_or_changed_is_refused(text):
    with pytest.raises(NoteError):
        VerifierKey.parse(text)


@given(name=st.from_regex(r"[a-z./0-9]{1,40}", fullmatch=True), public=st.binary(min_size=32, max_size=32))
def test_a_key_is_read_as_it_was_written(name, public):
    key = VerifierKey(name, Algorithm.COSIGNATURE, public)

    assert VerifierKey.parse(str(key)) == key


@given(st.binary(max_size=60))
def test_base64_is_read_as_it_was_written(content):
    assert decoded(encoded(content)) == content


def test_signature_lines_are_read_alone():
    line = Signature("w", b"abcd", b"signed")

    assert signatures(f"{line}\n") == (line,)
    with pytest.raises(NoteError):
        signatures(str(line))
