"""One message on a pipe: a 4-byte big-endian length, then a msgpack map. Both ends are ours.

Only plain values travel (numbers, text, bytes, lists, maps): a child is told what to do and never sent code.
"""

import asyncio
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
    body = _ENCODER.encode(message)
    if len(body) > LIMIT_BYTES:
        raise FrameTooLargeError(size_bytes=len(body))
    return _HEADER.pack(len(body)) + body


def decode(body: bytes) -> dict[str, Any]:
    """Read a body, the length already taken off.

    Raises:
        ValueError: not a msgpack map with text keys.
    """
    return _DECODER.decode(body)


def read(stream: BinaryIO) -> dict[str, Any] | None:
    """Read one frame, blocking; `None` when the other end has closed, even in the middle of a frame."""
    header = stream.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    size = _length(header)
    body = stream.read(size)
    return decode(body) if len(body) == size else None


async def receive(stream: asyncio.StreamReader) -> dict[str, Any]:
    """Read one frame.

    Raises:
        asyncio.IncompleteReadError: the other end has closed.
        FrameTooLargeError: it announces more than `LIMIT_BYTES`.
    """
    return decode(await stream.readexactly(_length(await stream.readexactly(_HEADER.size))))


def _length(header: bytes) -> int:
    size: int = _HEADER.unpack(header)[0]
    if size > LIMIT_BYTES:
        raise FrameTooLargeError(size_bytes=size)
    return size
