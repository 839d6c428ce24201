"""Uploads in chunks: what holds is taken, what does not is not."""

import zlib
from base64 import b64encode
from hashlib import sha1, sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.braket import chunked

DIGESTS = {
    "x-amz-checksum-crc32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "x-amz-checksum-sha1": lambda data: sha1(data, usedforsecurity=False).digest(),
    "x-amz-checksum-sha256": lambda data: sha256(data).digest(),
}


def framed(pieces, name="x-amz-checksum-crc32"):
    data = b"".join(pieces)
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces if piece)
    checksum = b64encode(DIGESTS[name](data)).decode()
    headers = {"x-amz-decoded-content-length": str(len(data)), "x-amz-trailer": name}
    return chunks + f"0\r\n{name}:{checksum}\r\n\r\n".encode(), headers


@given(st.lists(st.binary(max_size=30), max_size=4), st.sampled_from(sorted(DIGESTS)))
def test_chunks_are_joined(pieces, name):
    body, headers = framed(pieces, name)

    assert chunked.content(body, headers) == b"".join(pieces)


@given(st.lists(st.binary(min_size=1, max_size=30), min_size=1, max_size=3), st.data())
def test_a_byte_that_was_changed_is_noticed(pieces, data):
    body, headers = framed(pieces)
    place = data.draw(st.integers(0, len(body) - 3))
    other = bytes([body[place] ^ 1])

    found = chunked.content(body[:place] + other + body[place + 1 :], headers)

    assert found is None or found == b"".join(pieces)


@given(st.binary(max_size=60))
def test_anything_else_is_nothing(body):
    assert chunked.content(body, {"x-amz-decoded-content-length": "1", "x-amz-trailer": "x-amz-checksum-crc32"}) is None


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"x-amz-decoded-content-length": "4"}, id="another length"),
        pytest.param({"x-amz-trailer": "x-amz-checksum-sha1"}, id="another trailer than announced"),
        pytest.param({"x-amz-trailer": ""}, id="a trailer that was not announced"),
    ],
)
def test_what_was_announced_must_be_so(changed):
    body, headers = framed([b"abc"])

    assert chunked.content(body, headers) == b"abc"
    assert chunked.content(body, {**headers, **changed}) is None


def test_an_unknown_checksum_does_not_hold():
    body = b"0\r\nx-amz-checksum-xxhash:AAAA\r\n\r\n"

    assert (
        chunked.content(body, {"x-amz-decoded-content-length": "0", "x-amz-trailer": "x-amz-checksum-xxhash"}) is None
    )
