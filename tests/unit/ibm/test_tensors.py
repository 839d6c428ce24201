"""Arrays written byte by byte, read back by the libraries that clients use."""

import io
import zlib
from base64 import b64decode
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.ibm import tensors
from gateway.domain.result import Tensor
from tests.fakes.values import register

SHAPES = st.lists(st.integers(0, 4), max_size=3).map(tuple)
DTYPES = {"uint8": "u1", "bool": "?", "float64": "<f8"}


def unpacked(wire, *, compressed=True):
    raw = b64decode(wire["data"])
    bits = np.unpackbits(np.frombuffer(zlib.decompress(raw) if compressed else raw, np.uint8), bitorder="little")
    return bits[: prod(wire["shape"])].astype(bool).reshape(wire["shape"])


@given(shape=SHAPES, dtype=st.sampled_from(sorted(DTYPES)), data=st.data())
def test_numpy_reads_what_we_wrote(shape, dtype, data):
    array = np.array(
        data.draw(st.lists(st.integers(0, 1), min_size=prod(shape), max_size=prod(shape))), dtype=DTYPES[dtype]
    ).reshape(shape)

    written = tensors.npy(Tensor(dtype=dtype, shape=shape, data=array.tobytes()))
    read = np.load(io.BytesIO(written), allow_pickle=False)

    assert read.dtype == np.dtype(DTYPES[dtype])
    assert np.array_equal(read, array)


def test_the_header_ends_where_numpy_wants_it():
    """numpy aligns the data to 64 bytes, for readers that map the file."""
    written = tensors.npy(Tensor(dtype="uint8", shape=(3, 1), data=b"abc"))

    assert written.index(b"\n") + 1 == len(written) - 3
    assert (len(written) - 3) % 64 == 0


@given(bits=st.integers(1, 70), rows=st.data())
def test_a_register_keeps_every_bit_in_its_place(bits, rows):
    """Bit i of a row's integer is classical bit i of the boolean array, whatever the width."""
    values = rows.draw(st.lists(st.integers(0, 2**bits - 1), min_size=1, max_size=9))

    wire = tensors.register_bits(register(bits, values), compressed=True)

    assert wire["dtype"] == "bool"
    expected = [[bool(value >> place & 1) for place in range(bits)] for value in values]
    assert np.array_equal(unpacked(wire), np.array(expected))


def test_packing_agrees_with_numpy():
    array = np.random.default_rng(7).random((3, 5, 7)) < 0.5
    tensor = Tensor(dtype="bool", shape=array.shape, data=array.tobytes())

    wire = tensors.dense(tensor, compressed=False)

    assert b64decode(wire["data"]) == np.packbits(array, bitorder="little").tobytes()
    assert np.array_equal(unpacked(wire, compressed=False), array)


def test_an_empty_array_has_no_bytes():
    assert b64decode(tensors.dense(Tensor(dtype="bool", shape=(0, 2), data=b""), compressed=False)["data"]) == b""


@pytest.mark.parametrize(("dtype", "word"), [("uint8", "u8"), ("float64", "f64")])
def test_other_arrays_go_as_they_are(dtype, word):
    data = np.arange(3).astype(DTYPES[dtype]).tobytes()

    wire = tensors.dense(Tensor(dtype=dtype, shape=(3,), data=data), compressed=True)

    assert (wire["dtype"], wire["shape"]) == (word, [3])
    assert zlib.decompress(b64decode(wire["data"])) == data
