"""Takes an answer's body in, decompressed, and stops at a size: a small answer can unpack to any length."""

import zlib
from collections.abc import Callable, Mapping
from typing import Final, Protocol

_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
_ZLIB_METHOD: Final = 8
"""Low half of a zlib stream's first byte. Some servers send `deflate` without that header, so we look."""
_OVERHEAD: Final = 65_536
"""What compressing may add to a body that cannot be made smaller."""


class UnpackingError(Exception):
    """The body cannot be taken in; the words say why and quote nothing of it."""


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class Unpacker:
    """Fed chunk by chunk, as they come."""

    def __init__(self, encoding: str, largest: int) -> None:
        make = _ENCODINGS.get(encoding.strip().lower())
        if make is None:
            raise UnpackingError("its answer is compressed in a way that was not asked for")
        self._make, self._largest = make, largest
        self._stream: _Decompressor | None = None
        self._parts: list[bytes] = []
        self._received = self._bytes = 0

    def feed(self, chunk: bytes) -> None:
        """Take in some more.

        Raises:
            UnpackingError: it is larger than allowed, or not what it says it is.
        """
        self._received += len(chunk)
        if self._received > self._largest + _OVERHEAD:
            raise self._too_large()
        while chunk:
            self._stream = self._stream or self._make(chunk)
            chunk = self._decompress(self._stream, chunk)

    def _decompress(self, stream: _Decompressor, chunk: bytes) -> bytes:
        """Decompress up to the end of a stream, and give what comes after it: the next one."""
        try:
            part = stream.decompress(chunk, self._largest - self._bytes + 1)
        except zlib.error:
            raise UnpackingError("its answer cannot be decompressed") from None
        self._bytes += len(part)
        if self._bytes > self._largest:
            raise self._too_large()
        self._parts.append(part)
        if not stream.eof:
            return b""
        self._stream = None
        return stream.unused_data

    def _too_large(self) -> UnpackingError:
        return UnpackingError(f"its answer is larger than {self._largest} bytes")

    def finish(self) -> bytes:
        """Give the whole body.

        Raises:
            UnpackingError: it ended in the middle.
        """
        if self._stream is not None and not isinstance(self._stream, _Plain):
            raise UnpackingError("its answer ends in the middle")
        return b"".join(self._parts)


class _Plain:
    """What is not compressed."""

    eof, unused_data = False, b""

    def decompress(self, data: bytes, _max_length: int, /) -> bytes:
        return data


def _deflate(first: bytes) -> _Decompressor:
    return zlib.decompressobj(_ZLIB if first[0] & 0x0F == _ZLIB_METHOD else _RAW)


_ENCODINGS: Final[Mapping[str, Callable[[bytes], _Decompressor]]] = {
    "": lambda _: _Plain(),
    "identity": lambda _: _Plain(),
    "gzip": lambda _: zlib.decompressobj(_GZIP),
    "x-gzip": lambda _: zlib.decompressobj(_GZIP),
    "deflate": _deflate,
}
