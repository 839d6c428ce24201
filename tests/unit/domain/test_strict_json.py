"""A body that policy judged must mean the same to whoever reads it next."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.strict_json import MalformedJsonError, loads

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
DOCUMENTS = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(DOCUMENTS)
def test_every_strict_document_is_read_as_the_standard_parser_reads_it(document):
    body = json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")
    assert loads(body) == document


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        pytest.param(b"", "it is empty", id="nothing"),
        pytest.param(b" ", "expecting value", id="only space"),
        pytest.param(b'{"a": 1, "a": 2}', "key 'a' stands twice", id="equal keys"),
        pytest.param(b'{"x": {"b": 1, "b": 1}}', "key 'b' stands twice", id="equal keys with equal values"),
        pytest.param('{"ä ö": 1, "ä ö": 2}'.encode(), "key of one object stands twice", id="an odd key is not shown"),
        pytest.param(b"NaN", "NaN is no JSON value", id="NaN"),
        pytest.param(b"[-Infinity]", "-Infinity is no JSON value", id="infinity"),
        pytest.param(b"1e999", "too large for a double", id="a number that becomes infinity"),
        pytest.param(b"9" * 5000, "too many digits", id="an integer that takes ages"),
        pytest.param(b"{} {}", "data after the document", id="two documents"),
        pytest.param(b'"\xff"', "no UTF-8 at byte 1", id="bytes that are no UTF-8"),
        pytest.param("1".encode("utf-16"), "no UTF-8", id="UTF-16, which the standard parser guesses"),
        pytest.param(b"\xef\xbb\xbf1", "bom", id="a byte order mark"),
        pytest.param(b'"\\ud800"', "half a surrogate pair", id="half a surrogate pair"),
        pytest.param(b'{"\\udfff": 1}', "half a surrogate pair", id="half a pair as key"),
        pytest.param(b'"a\nb"', "invalid control character", id="a raw control character"),
        pytest.param(b'{"a": "x', "unterminated string", id="a torn string"),
    ],
)
def test_what_two_parsers_could_read_differently_is_refused(body, problem):
    with pytest.raises(MalformedJsonError) as refused:
        loads(body)

    assert problem in refused.value.message
    assert refused.value.code == "malformed-json"


def test_a_whole_surrogate_pair_is_one_character():
    assert loads(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_nesting_is_counted_exactly(opening):
    closing = b"]" if opening == b"[" else b"}"
    assert loads(opening * 64 + b"1" + closing * 64) is not None

    with pytest.raises(MalformedJsonError, match="nested deeper than 64"):
        loads(opening * 65 + b"1" + closing * 65)


def test_brackets_inside_text_are_no_nesting():
    text = '["\\\\"]' * 1000
    assert loads(json.dumps([text]).encode()) == [text]


def test_the_refusal_quotes_no_value():
    with pytest.raises(MalformedJsonError) as refused:
        loads(b'{"key": "secret-value", "key": "secret-value"}')

    assert "secret" not in refused.value.message


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * 20_000_000, id="only opening brackets"),
        pytest.param(b'"' + b"\\" * 20_000_001, id="only backslashes"),
        pytest.param(b'{"a":"' + b'\\"' * 10_000_000, id="a torn string of escapes"),
    ],
)
def test_a_hostile_body_is_refused_in_linear_time(body):
    """Twenty megabytes in seconds even on a busy machine; a quadratic scan would take hours."""
    started = time.perf_counter()
    with pytest.raises(MalformedJsonError):
        loads(body)

    assert time.perf_counter() - started < 20
