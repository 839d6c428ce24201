"""One message on a pipe: a 4-byte big-endian length, then a msgpack map. Both ends are ours.

Only plain values travel (numbers, text, bytes, lists, maps): a child is told what to do and never sent code.
"""

import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

import msgspec

LIMIT_BYTES = 256 * 2**20
"""The longest body either end takes; results of large simulations are the largest."""

_HEADER = struct.Struct(">I")
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(dict[str, Any])


class FrameTooLargeError(ValueError):
    """A frame is longer than either end will hold in memory."""

    def __init__(self, *, size_bytes: int) -> None:
        super().__init__(f"a frame of {size_bytes} bytes exceeds the limit of {LIMIT_BYTES}")
        self.size_bytes = size_bytes


def encode(message: Mapping[str, Any]) -> bytes:
    """Write a message with its length in front.

    Raises:
        FrameTooLargeError: the body exceeds `LIMIT_BYTES`.
    """
    encoded = _ENCODER.encode(message)
    if len(encoded) > LIMIT_BYTES:
        raise FrameTooLargeError(size_bytes=len(encoded))
    return _HEADER.pack(len(encoded)) + encoded


def decode(encoded: bytes) -> dict[str, Any]:
    """Read a body, the length already taken off.

    Raises:
        ValueError: not a msgpack map with text keys.
    """
    return _DECODER.decode(encoded)


def read(stream: BinaryIO) -> dict[str, Any] | None:
    """Read one frame, blocking; `None` when the other end has closed, even in the middle of a frame."""
    header = stream.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    size = _length(header)
    encoded = stream.read(size)
    return decode(encoded) if len(encoded) == size else None


def whole(received: bytearray) -> int | None:
    """Say how long the frame is that begins here, header included; `None` while it is not all there.

    Raises:
        FrameTooLargeError: it announces more than `LIMIT_BYTES`.
    """
    if len(received) < _HEADER.size:
        return None
    size = _HEADER.size + _length(received[: _HEADER.size])
    return size if len(received) >= size else None


def body(frame: bytearray) -> bytes:
    """Take the length off a whole frame."""
    return bytes(memoryview(frame)[_HEADER.size :])


def _length(header: bytes | bytearray) -> int:
    size: int = _HEADER.unpack(header)[0]
    if size > LIMIT_BYTES:
        raise FrameTooLargeError(size_bytes=size)
    return size
