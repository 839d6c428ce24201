"""The body of `STREAMING-UNSIGNED-PAYLOAD-TRAILER`: chunks, and a checksum behind them.

boto sends uploads so over https. Neither framing nor checksum is signed: TLS protects both, the checksum only finds
accidents.
"""

import re
import zlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from hashlib import sha1, sha256

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})\r\n")
_TRAILER = re.compile(r"(x-amz-checksum-[a-z0-9]{4,9}):([A-Za-z0-9+/]{1,64}={0,2})\r\n(?:\r\n)?")
_CHECKSUMS: Mapping[str, Callable[[bytes], bytes]] = {
    "x-amz-checksum-crc32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "x-amz-checksum-sha1": lambda data: sha1(data, usedforsecurity=False).digest(),
    "x-amz-checksum-sha256": lambda data: sha256(data).digest(),
}


def content(body: bytes, headers: Mapping[str, str]) -> bytes | None:
    """Take the content out of its chunks; `None` when framing, length or checksum do not hold.

    A checksum of a kind that the standard library cannot compute does not hold either.
    """
    unframed = _unframed(body)
    if unframed is None:
        return None
    data, trailer = unframed
    found = _TRAILER.fullmatch(trailer.decode("latin-1"))
    if found is None or found[1] != headers.get("x-amz-trailer", ""):
        return None
    checksum = _CHECKSUMS.get(found[1])
    announced = headers.get("x-amz-decoded-content-length", "")
    whole = announced == str(len(data)) and checksum is not None
    return data if whole and checksum and b64encode(checksum(data)).decode() == found[2] else None


def _unframed(body: bytes) -> tuple[bytes, bytes] | None:
    """Join the chunks; gives what follows the last, empty one too."""
    pieces: list[bytes] = []
    place = 0
    while found := _SIZE.match(body, place):
        size, place = int(found[1], 16), found.end()
        if size == 0:
            return b"".join(pieces), body[place:]
        if body[place + size : place + size + 2] != b"\r\n":
            return None
        pieces.append(body[place : place + size])
        place += size + 2
    return None
