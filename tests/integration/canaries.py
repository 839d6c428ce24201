"""Canaries: words that must come out nowhere, and how to find one whatever it was wrapped in."""

import base64
import sqlite3
import string
import urllib.parse
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from tests.running import Gateway, Reply

_SHORTEST = 16
"""Characters of an encoded word that still tell it from chance."""


def canary(name: str) -> str:
    """Make a word that nothing else holds, fit for a job's name, a tag, a key and a comment."""
    return f"canary-{name}-{sha256(name.encode()).hexdigest()[:16]}"


def spellings(word: bytes) -> set[bytes]:
    """List how a word may be written: plain, quoted, hexadecimal, and in Base64 wherever it begins."""
    found = {word, word.hex().encode(), word.hex().upper().encode(), urllib.parse.quote_from_bytes(word).encode()}
    for shift in range(3):
        for alphabet in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = alphabet(b"\0" * shift + word).rstrip(b"=")
            # The first characters also hold what stands before, the last what comes after.
            found.add(encoded[4 if shift else 0 : -1])
    return {each for each in found if len(each) >= _SHORTEST}


@dataclass
class Outputs:
    """Everything that came out, by where it came out."""

    kept: dict[str, bytes] = field(default_factory=dict, repr=False)

    def add(self, place: str, content: str | bytes) -> None:
        """Keep what one place gave; more from the same place is added to it."""
        data = content.encode() if isinstance(content, str) else content
        self.kept[place] = self.kept.get(place, b"") + data + b"\n"

    def refusal(self, place: str, reply: Reply) -> Reply:
        """Keep an answer that must be a refusal, headers included."""
        assert reply.status >= 400, (place, reply.status, reply.body[:200])
        self.add(f"answer: {place}", repr(reply.headers))
        self.add(f"answer: {place}", reply.body)
        return reply

    def leaks(self, words: Mapping[str, bytes]) -> set[tuple[str, str]]:
        """Find words in places, as pairs."""
        sought = {name: spellings(word) for name, word in words.items()}
        return {
            (name, place)
            for place, content in self.kept.items()
            for name, written in sought.items()
            if any(each in content for each in written)
        }


def cells(database: Path) -> Iterator[tuple[str, bytes]]:
    """Read every cell of a database, with its table and column; what is compressed comes unpacked as well."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            rows = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608  # names from the schema itself
            columns = [column[0] for column in rows.description]
            for row in rows:
                for column, value in zip(columns, row, strict=True):
                    if value is not None:
                        yield from _written(f"{table}.{column}", value)


def _written(place: str, value: object) -> Iterator[tuple[str, bytes]]:
    content = value if isinstance(value, bytes) else str(value).encode()
    yield place, content
    for window in (zlib.MAX_WBITS, zlib.MAX_WBITS | 16):
        try:
            yield place, zlib.decompressobj(window).decompress(content)
        except zlib.error:
            continue


def files(state: Path) -> Iterator[Path]:
    """List what the database consists of on disk."""
    yield from state.glob("gateway.sqlite3*")


def surroundings(gateway: Gateway) -> Iterator[tuple[str, bytes]]:
    """Read the command line and the environment of every process of a gateway, as anybody of its user can."""
    for process in gateway.processes():
        name = "".join(letter for letter in process.command.split(" -m ")[-1] if letter in string.printable)[:60]
        for what in ("cmdline", "environ"):
            yield f"process: {what} of {name}", Path(f"/proc/{process.pid}/{what}").read_bytes()
