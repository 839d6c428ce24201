"""Arrays of IBM's results, read byte by byte: the other direction of `tensors`, and as little numpy.

What is unpacked is bounded by one allowance for a whole result, and nothing is allocated on a header's word.
"""

import re
import zlib
from array import array
from base64 import b64decode
from collections.abc import Mapping
from math import prod
from typing import Any, Final, Literal, NamedTuple

from gateway.domain.result import Register, Tensor


class _Kind(NamedTuple):
    """How numbers stand in an array (a type code of `array`), and what they become."""

    code: str
    dtype: Literal["uint8", "bool", "float64"]


MOST_BYTES: Final = 512 * 1024 * 1024
_MAGIC: Final = b"\x93NUMPY\x01\x00"
_HEADER: Final = re.compile(
    r"\{'descr': '([<|][a-z][0-9]{1,2})', 'fortran_order': (True|False), 'shape': \(([0-9, ]*)\), \} *\n"
)
_NPY: Final = {
    "|u1": _Kind("B", "uint8"),
    "|b1": _Kind("B", "bool"),
    "<f8": _Kind("d", "float64"),
    "<f4": _Kind("f", "float64"),
    "<i4": _Kind("i", "float64"),
    "<i8": _Kind("q", "float64"),
}
_DENSE: Final = {
    "u8": _NPY["|u1"],
    "bool": _NPY["|b1"],
    "f64": _NPY["<f8"],
    "f32": _NPY["<f4"],
    "i32": _NPY["<i4"],
    "i64": _NPY["<i8"],
}
_BITS: Final = tuple(format(byte, "08b")[::-1].encode("ascii") for byte in range(256))
"""The eight bits of every byte, lowest first."""
_FLAGS: Final = bytes.maketrans(b"01", b"\x00\x01")
_UNCOMPRESSED: Final = frozenset({"v0.1", "v0.2", "v1.0", "v1.1"})


class Unpacker:
    """Unpacks the arrays of one result."""

    def __init__(self, allowed_bytes: int = MOST_BYTES) -> None:
        self._left = allowed_bytes

    def ndarray(self, told: Any) -> Tensor:
        """Read an array: a packed one, or the numbers that people type."""
        value = told["__value__"] if isinstance(told, dict) and told.get("__type__") == "ndarray" else told
        return _npy(self._inflated(value)) if isinstance(value, str) else _listed(value)

    def bit_array(self, told: Mapping[str, Any]) -> Register:
        """Read the samples of a register; their rows are what our own registers hold."""
        samples, bits = self.ndarray(told["array"]), int(told["num_bits"])
        if samples.dtype != "uint8" or len(samples.shape) < 2 or samples.shape[-1] != -(-bits // 8):  # noqa: PLR2004  # shots, bytes
            raise ValueError("the samples of a register are not rows of its bytes")
        return Register(bits=bits, samples=samples)

    def dense(self, told: Mapping[str, Any], version: str) -> Tensor:
        """Read an array of a quantum program's result."""
        shape = tuple(int(length) for length in told["shape"])
        raw = b64decode(told["data"], validate=True) if version in _UNCOMPRESSED else self._inflated(told["data"])
        if told["dtype"] == "bool":
            raw = self._flags(raw, prod(shape))
        return _tensor(_DENSE[told["dtype"]], shape, raw)

    def _inflated(self, text: str) -> bytes:
        stream = zlib.decompressobj()
        try:
            raw = stream.decompress(b64decode(text, validate=True), self._left + 1)
        except zlib.error:
            raise ValueError("an array is not zlib data") from None
        self._spend(len(raw))
        if not stream.eof:
            raise ValueError("an array is cut short")
        return raw

    def _flags(self, packed: bytes, count: int) -> bytes:
        """Give one byte for each bit; the first is in the lowest place."""
        if len(packed) != -(-count // 8):
            raise ValueError("an array does not hold as many bits as its shape says")
        self._spend(count)
        return b"".join(map(_BITS.__getitem__, packed))[:count].translate(_FLAGS)

    def _spend(self, size_bytes: int) -> None:
        self._left -= size_bytes
        if self._left < 0:
            raise ValueError("the result unpacks to more than is read here")


def register(samples: Tensor) -> Register:
    """Make a register of one boolean per bit, `[*bindings, shots, bits]`, classical bit 0 first."""
    bits = samples.shape[-1]
    size = -(-bits // 8)
    # The highest bit comes first in a number that is read from text.
    text = samples.data.translate(bytes.maketrans(b"\x00\x01", b"01"))[::-1].decode("ascii")
    rows = (text[start - bits : start] for start in range(len(text), 0, -bits)) if bits else ()
    data = b"".join(int(row, 2).to_bytes(size, "big") for row in rows)
    return Register(bits=bits, samples=Tensor(dtype="uint8", shape=(*samples.shape[:-1], size), data=data))


def _npy(raw: bytes) -> Tensor:
    """Read numpy's file format, version 1.0, as numpy writes it."""
    begin = len(_MAGIC) + 2
    end = begin + int.from_bytes(raw[len(_MAGIC) : begin], "little")
    found = _HEADER.fullmatch(raw[begin:end].decode("latin-1"))
    if raw[: len(_MAGIC)] != _MAGIC or found is None or found[1] not in _NPY:
        raise ValueError("an array is of a kind that is not read here")
    shape = tuple(int(length) for length in found[3].split(",") if length.strip())
    return _tensor(_NPY[found[1]], shape, raw[end:], turned=found[2] == "True")


def _tensor(kind: _Kind, shape: tuple[int, ...], data: bytes, *, turned: bool = False) -> Tensor:
    numbers: array[Any] = array(kind.code)
    if len(data) != prod(shape) * numbers.itemsize:
        raise ValueError("an array does not hold as many numbers as its shape says")
    numbers.frombytes(data)
    if turned:
        numbers = _turned(numbers, shape)
    if kind.dtype == "float64" and kind.code != "d":
        numbers = array("d", numbers)
    return Tensor(dtype=kind.dtype, shape=shape, data=numbers.tobytes())


def _turned(numbers: "array[Any]", shape: tuple[int, ...]) -> "array[Any]":
    """Bring an array whose first index runs fastest into the order where the last one does."""
    if len(shape) < 2 or not numbers:  # noqa: PLR2004  # one axis has one order
        return numbers
    turned, step = array(numbers.typecode, numbers), len(numbers) // shape[-1]
    for place in range(shape[-1]):
        turned[place :: shape[-1]] = _turned(numbers[place * step : (place + 1) * step], shape[:-1])
    return turned


def _listed(value: Any) -> Tensor:
    """Read numbers in nested lists."""
    shape, level = [], [value]
    while level and isinstance(level[0], list):
        length = len(level[0])
        if any(not isinstance(each, list) or len(each) != length for each in level):
            raise ValueError("an array is not regular")
        shape.append(length)
        level = [inner for each in level for inner in each]
    if any(isinstance(each, bool) or not isinstance(each, int | float) for each in level):
        raise ValueError("an array holds something else than numbers")
    return Tensor(dtype="float64", shape=tuple(shape), data=array("d", level).tobytes())
