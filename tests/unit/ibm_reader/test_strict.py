"""JSON that two parsers could understand differently is not understood at all."""

import base64
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.ibm.reader.strict import MAX_NESTING, Budget, loads
from gateway.ports.reader import UnreadableError

DOCUMENTS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)


@given(DOCUMENTS)
def test_plain_json_is_read(document):
    assert loads(json.dumps(document).encode()) == document


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param('{"a": 1, "a": 2}', "names a key twice", id="a duplicate key"),
        pytest.param('{"b": {"a": 1, "\\u0061": 2}}', "names a key twice", id="a duplicate key in disguise"),
        pytest.param("NaN", "no JSON", id="NaN"),
        pytest.param("[-Infinity]", "no JSON", id="infinity"),
        pytest.param("1e999", "too large for a float", id="a number that becomes infinite"),
        pytest.param("1" * 5000, "not strict JSON", id="a number of five thousand digits"),
        pytest.param("{} {}", "line 1 column 4", id="trailing data"),
        pytest.param("{", "line 1 column 2", id="cut short"),
        pytest.param("\ufeff{}", "not JSON", id="a byte order mark"),
        pytest.param('"\\ud800"', "not UTF-8", id="half a surrogate pair"),
        pytest.param("[" * (MAX_NESTING + 1) + "]" * (MAX_NESTING + 1), "deeper than 64", id="one level too deep"),
        pytest.param("[" * 100_000, "deeper than 64", id="far too deep"),
    ],
)
def test_anything_else_is_refused_in_our_own_words(text, words):
    with pytest.raises(UnreadableError, match=words) as refused:
        loads(text.encode())
    assert refused.value.code == "malformed"


def test_the_deepest_nesting_allowed_is_read():
    text = "[" * MAX_NESTING + "]" * MAX_NESTING

    assert json.dumps(loads(text)) == text


@pytest.mark.parametrize("body", [b"\xff", b'"\xc3"', "{}".encode("utf-16")])
def test_other_encodings_are_refused(body):
    with pytest.raises(UnreadableError):
        loads(body)


@given(st.binary(max_size=500))
def test_data_within_the_budget_is_unpacked(raw):
    assert Budget(2 * len(raw) + 100).inflate(packed(raw), "here") == raw


def packed(raw: bytes) -> str:
    return base64.b64encode(zlib.compress(raw)).decode()


def test_the_budget_is_of_the_whole_body():
    budget = Budget(250)
    budget.inflate(packed(bytes(200)), "first")

    with pytest.raises(UnreadableError, match="more than 250 bytes, at second") as refused:
        budget.inflate(packed(bytes(200)), "second")
    assert refused.value.code == "too-large"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(base64.b64encode(zlib.compress(bytes(100))[:-5]).decode(), id="cut short"),
        pytest.param(base64.b64encode(zlib.compress(b"a") + b"more").decode(), id="followed by more"),
        pytest.param("é", id="not ASCII"),
        pytest.param("aGVs bG8=", id="with a space"),
    ],
)
def test_data_that_is_not_one_zlib_stream_is_refused(text):
    with pytest.raises(UnreadableError):
        Budget(1000).inflate(text, "here")
