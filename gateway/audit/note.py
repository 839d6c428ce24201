"""Signed notes (C2SP signed-note): a text, a blank line, and one line for each signature. Bytes only, no meaning.

A key has a name, an algorithm and a four-byte id derived from both; a signature line names key and id. The id only
finds the key: it proves nothing. What an algorithm signs of a checkpoint is `audit.checkpoint`'s to know.
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256
from typing import Final, Self

NOTE_BYTES: Final = 256 * 1024
"""Largest note that is read: room for more than the 16 post-quantum signatures everybody must accept."""
SIGNATURES: Final = 64
ID_BYTES: Final = 4
_DASH: Final = "\N{EM DASH} "
_NAME_PARTS: Final = 3


class NoteError(ValueError):
    """Bytes that are no signed note, or text that is no key; the message says why."""


class Algorithm(IntEnum):
    """How a line was signed; the number is C2SP's, and part of every key."""

    ED25519 = 0x01
    """Ed25519 over the text."""
    COSIGNATURE = 0x04
    """Ed25519 over a time and the text: a witness (cosignature/v1)."""
    ML_DSA_44 = 0x06
    """ML-DSA-44 over a time, the signer's name and the tree (subtree/v1): logs and witnesses alike."""


PUBLIC_BYTES: Final = {Algorithm.ED25519: 32, Algorithm.COSIGNATURE: 32, Algorithm.ML_DSA_44: 1312}


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with its name, as `name+id+key` in text (C2SP vkey)."""

    name: str
    algorithm: Algorithm
    public: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `name+id+key`.

        Raises:
            NoteError: it is no such text, of an algorithm nobody here verifies, or its id is another key's.
        """
        parts = text.split("+", 2)
        if len(parts) != _NAME_PARTS:
            raise NoteError("a verifier key has the form name+id+key")
        content = decoded(parts[2])
        if not content or content[0] not in PUBLIC_BYTES:
            raise NoteError(f"the key of {parts[0]!r} is of no algorithm that is known here: 1, 4 and 6 are")
        algorithm = Algorithm(content[0])
        if len(content) != 1 + PUBLIC_BYTES[algorithm]:
            raise NoteError(f"the key of {parts[0]!r} has {len(content)} bytes, {1 + PUBLIC_BYTES[algorithm]} belong")
        key = cls(check_name(parts[0]), algorithm, content[1:])
        if key.id.hex() != parts[1]:
            raise NoteError(f"the id {parts[1]!r} is not that of the key behind it; it was cut or changed")
        return key

    @property
    def id(self) -> bytes:
        """The four bytes by which signature lines name it."""
        content = self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public
        return sha256(content).digest()[:ID_BYTES]

    def __str__(self) -> str:
        """Write `name+id+key`."""
        return f"{self.name}+{self.id.hex()}+{encoded(bytes([self.algorithm]) + self.public)}"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line, believed by nobody yet."""

    name: str
    key_id: bytes
    content: bytes = field(repr=False)

    def __str__(self) -> str:
        """Write the line, without its line feed."""
        return f"{_DASH}{self.name} {encoded(self.key_id + self.content)}"

    def by(self, key: VerifierKey) -> bool:
        """Say whether it claims to be this key's."""
        return self.name == key.name and self.key_id == key.id


@dataclass(frozen=True, slots=True)
class Note:
    """A text and the signatures under it."""

    text: str
    """Ends with a line feed."""
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Read a note.

        Raises:
            NoteError: it is none.
        """
        if len(content) > NOTE_BYTES:
            raise NoteError(f"a note of {len(content)} bytes is not read, {NOTE_BYTES} are the most")
        try:
            whole = content.decode()
        except UnicodeDecodeError:
            raise NoteError("a note is UTF-8 text") from None
        if any(sign < " " and sign != "\n" for sign in whole):
            raise NoteError("a note has no control characters but line feeds")
        text, blank, lines = whole.rpartition("\n\n")
        if not blank or not lines:
            raise NoteError("a note is a text, a blank line and signatures")
        return cls(text + "\n", signatures(lines))

    def __str__(self) -> str:
        """Write the whole note."""
        return f"{self.text}\n{lines_of(self.signatures)}"


def signatures(lines: str) -> tuple[Signature, ...]:
    """Read signature lines, such as a witness answers with.

    Raises:
        NoteError: a line is none, or there are too many.
    """
    if not lines.endswith("\n"):
        raise NoteError("every signature line ends with a line feed")
    each = lines[:-1].split("\n")
    if len(each) > SIGNATURES:
        raise NoteError(f"{len(each)} signatures are not read, {SIGNATURES} are the most")
    return tuple(map(_signature, each))


def lines_of(those: Iterable[Signature]) -> str:
    """Write signature lines."""
    return "".join(f"{each}\n" for each in those)


def check_name(name: str) -> str:
    """Give back what may be a key's name.

    Raises:
        NoteError: it is empty, or has a space or a plus.
    """
    if not name or "+" in name or any(sign.isspace() or sign < " " for sign in name):
        raise NoteError(f"{name[:80]!r} is no name of a key: one word without a plus is")
    return name


def encoded(content: bytes) -> str:
    """Write base64, as RFC 4648, section 4 says."""
    return b64encode(content).decode("ascii")


def decoded(text: str) -> bytes:
    """Read base64 in its one canonical form.

    Raises:
        NoteError: it is none.
    """
    try:
        content = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError("that is not base64") from None
    if encoded(content) != text:
        raise NoteError("that is not the one canonical base64 of its bytes")
    return content


def _signature(line: str) -> Signature:
    name, space, text = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise NoteError("a signature line is a dash, a name and base64")
    content = decoded(text)
    if len(content) <= ID_BYTES:
        raise NoteError("a signature line has the id of a key and a signature")
    return Signature(check_name(name), content[:ID_BYTES], content[ID_BYTES:])
