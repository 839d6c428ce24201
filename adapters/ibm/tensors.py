"""Arrays on IBM's wire, written byte by byte: the serving process has no numpy.

Two encodings: numpy's own file format in a typed wrapper (sampler, estimator), and raw bytes beside a
shape, bits packed eight to a byte with the first in the lowest place (executor).
"""

import zlib
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from gateway.domain.result import Register, Tensor

_NPY_DTYPE = {"uint8": "|u1", "bool": "|b1", "float64": "<f8"}
_WIRE_DTYPE = {"uint8": "u8", "bool": "bool", "float64": "f64"}
_ALIGNMENT = 64
_DIGITS = bytes.maketrans(b"\x00\x01", b"01")
_BITS = tuple(format(byte, "08b")[::-1] for byte in range(256))
"""The eight bits of every byte, lowest first."""


def npy(tensor: Tensor) -> bytes:
    """Write numpy's file format, version 1.0."""
    header = f"{{'descr': '{_NPY_DTYPE[tensor.dtype]}', 'fortran_order': False, 'shape': {tensor.shape}, }}"
    unpadded = len(b"\x93NUMPY\x01\x00") + 2 + len(header) + 1
    padded = header + " " * (-unpadded % _ALIGNMENT) + "\n"
    return b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded.encode("ascii") + tensor.data


def typed(name: str, value: Any) -> dict[str, Any]:
    """Wrap a value so that the SDK's decoder makes an object of the named class."""
    return {"__type__": name, "__value__": value}


def ndarray(tensor: Tensor) -> dict[str, Any]:
    """Write an array for the SDK's decoder."""
    return typed("ndarray", _text(zlib.compress(npy(tensor))))


def bit_array(register: Register) -> dict[str, Any]:
    """Write a register's samples; their rows already are what a `BitArray` holds."""
    return typed("BitArray", {"array": ndarray(register.samples), "num_bits": register.bits})


def data_bin(fields: Mapping[str, Any], shape: tuple[int, ...]) -> dict[str, Any]:
    """Write the named fields of one pub."""
    return typed("DataBin", {"field_names": list(fields), "shape": list(shape), "fields": dict(fields)})


def dense(tensor: Tensor, *, compressed: bool) -> dict[str, Any]:
    """Write an array of a quantum program's result."""
    raw = _packed(tensor.data.translate(_DIGITS).decode("ascii")) if tensor.dtype == "bool" else tensor.data
    return _dense(raw, tensor.shape, _WIRE_DTYPE[tensor.dtype], compressed=compressed)


def register_bits(register: Register, *, compressed: bool) -> dict[str, Any]:
    """Write a register's samples as one boolean per bit, `[*bindings, shots, bits]`, classical bit 0 first."""
    shape = (*register.samples.shape[:-1], register.bits)
    return _dense(_packed(_spelled(register)), shape, "bool", compressed=compressed)


def _spelled(register: Register) -> str:
    """Spell all bits in order; a row is big-endian, and its first byte may hold fewer than eight."""
    width = (register.bits + 7) // 8
    rows = register.samples.data
    pieces = [""] * len(rows)
    for place in range(width):
        # Byte `place` counted from the low end, of every row at once.
        bits = min(8, register.bits - 8 * place)
        table = [text[:bits] for text in _BITS]
        pieces[place::width] = [table[byte] for byte in rows[width - 1 - place :: width]]
    return "".join(pieces)


def _packed(bits: str) -> bytes:
    return int(bits[::-1] or "0", 2).to_bytes((len(bits) + 7) // 8, "little")


def _dense(raw: bytes, shape: tuple[int, ...], dtype: str, *, compressed: bool) -> dict[str, Any]:
    return {"data": _text(zlib.compress(raw) if compressed else raw), "shape": list(shape), "dtype": dtype}


def _text(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")
