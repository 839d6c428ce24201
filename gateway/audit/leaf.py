"""Reading a leaf: the event that an entry holds, without proving anything about it."""

from typing import Any, Final

import msgspec


class Event(msgspec.Struct, frozen=True):
    """What happened."""

    at: str
    body: dict[str, Any]
    id: str
    project: str | None
    schema: int
    type: str


class ReadLeaf(msgspec.Struct, frozen=True):
    """One leaf, decoded."""

    event: Event
    prev: str
    seq: int
    v: int


_decoder: Final = msgspec.json.Decoder(ReadLeaf)


def decode(leaf: bytes) -> ReadLeaf:
    """Decode a leaf; raises msgspec's error where it is none."""
    return _decoder.decode(leaf)


def read(leaf: bytes) -> ReadLeaf | None:
    """Decode a leaf; `None` where its content was pruned, or damaged, which only a verification tells apart."""
    try:
        return decode(leaf)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
