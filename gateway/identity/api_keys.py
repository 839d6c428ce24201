"""Gateway API keys: how one looks, how it is minted, and the only thing the database keeps of it.

`qgw_live_<12 id>_<43 secret><6 checksum>`, 71 characters. The id names the row; the secret holds 256 bits
in base62; the checksum (CRC-32 of everything before it, base62) tells a typo from a wrong key without asking
the database, and lets secret scanners be sure. Stored is HMAC-SHA256(pepper, whole key): a secret of 256
bits needs no slow hash, and a stolen database without the pepper verifies nothing.
"""

import hmac
import re
import secrets
import zlib
from dataclasses import dataclass
from typing import Final, Protocol

from gateway.domain.errors import RefusedError
from gateway.domain.ids import KeyId
from gateway.domain.secret import Secret

KEY_PATTERN: Final = r"qgw_live_[0-9a-z]{12}_[0-9A-Za-z]{49}"
"""Published, for secret scanning."""
PREFIX: Final = "qgw_live_"

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_ID_LENGTH: Final = 12
_SECRET_LENGTH: Final = 43
_SECRET_BYTES: Final = 32
_CHECKSUM_LENGTH: Final = 6
_KEY: Final = re.compile(
    rf"(?P<body>qgw_live_(?P<id>[0-9a-z]{{{_ID_LENGTH}}})_[0-9A-Za-z]{{43}})(?P<sum>[0-9A-Za-z]{{6}})"
)


class MalformedKeyError(RefusedError):
    """A text that cannot be a gateway key, whatever the database holds."""

    code = "key-malformed"


class Deriver(Protocol):
    """Where keys for a named purpose come from: the key provider, or the vault."""

    def derive(self, purpose: str) -> bytes:
        """Give the 32 bytes of one purpose, the same ones every time."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedKey:
    """A key whose form and checksum are right; nothing else is known of it yet."""

    id: KeyId
    text: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class MintedKey:
    """A new key. `text` is shown once to its owner and kept nowhere."""

    id: KeyId
    text: Secret
    mac: bytes
    pepper_version: int


class Peppers:
    """Computes what the database keeps of a key, under a secret that is not in the database."""

    CURRENT: Final = 1

    def __init__(self, deriver: Deriver) -> None:
        self._peppers = {version: deriver.derive(f"api-key-pepper/{version}") for version in (self.CURRENT,)}

    def mac(self, text: Secret, *, version: int) -> bytes:
        """Give the HMAC of a whole key under one version of the pepper.

        Raises:
            KeyError: a version this release does not know.
        """
        return hmac.digest(self._peppers[version], text.reveal(), "sha256")

    def matches(self, text: Secret, *, mac: bytes, version: int) -> bool:
        """Compare in constant time; an unknown version of the pepper matches nothing, after the same work."""
        known = version in self._peppers
        expected = self.mac(text, version=version if known else self.CURRENT)
        return hmac.compare_digest(expected, mac) and known


def mint(peppers: Peppers) -> MintedKey:
    """Make a new key from the system's randomness."""
    key_id = "".join(secrets.choice(_ID_DIGITS) for _ in range(_ID_LENGTH))
    secret = _base62(int.from_bytes(secrets.token_bytes(_SECRET_BYTES), "big"), _SECRET_LENGTH)
    body = f"{PREFIX}{key_id}_{secret}"
    text = Secret.of(body + _checksum(body))
    return MintedKey(
        id=KeyId(key_id),
        text=text,
        mac=peppers.mac(text, version=Peppers.CURRENT),
        pepper_version=Peppers.CURRENT,
    )


def parse(text: Secret) -> ParsedKey:
    """Check the form and the checksum of a key; no database is needed for that.

    Raises:
        MalformedKeyError: not the form of a gateway key, or a character was changed or lost.
    """
    found = _KEY.fullmatch(text.reveal().decode("utf-8", "replace"))
    if found is None:
        raise MalformedKeyError(
            f"the credential is no gateway key: one begins with {PREFIX} and has 71 characters; copy it again whole"
        )
    # The checksum is no secret, so an ordinary comparison gives nothing away.
    if found["sum"] != _checksum(found["body"]):
        raise MalformedKeyError("the gateway key has a typo: its checksum does not match; copy it again whole")
    return ParsedKey(id=KeyId(found["id"]), text=text)


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode("ascii")), _CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
