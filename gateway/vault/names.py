"""The names of people and things, sealed where they are stored: an erased name cannot be read from a backup either.

A name is sealed under the deployment's key and the lock of its subject's digest. It is found by that digest alone.
"""

from base64 import b85decode, b85encode
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.vault import addresses
from gateway.vault.envelope import ObjectName, context, unwrap_key, wrap_key

EVERYBODY: Final = "_names"
"""Under whose part of the tree names are locked; a reserved name beside the projects' ids."""
KIND: Final = "name"
MARK: Final = "sealed:1:"
_REMEMBERED: Final = 20_000


class Names:
    """Seals and opens names."""

    def __init__(self, lock: Callable[[str], bytes | None], cipher: Callable[[bytes], AESGCM]) -> None:
        self._lock, self._cipher = lock, cipher
        self._open: dict[tuple[str, str], tuple[bytes, str]] = {}

    def seal(self, digest: str, name: str) -> str:
        """Seal the name of a subject; of one that was erased, nothing is kept."""
        lock = self._lock(address(digest))
        if lock is None:
            return ""
        return MARK + b85encode(wrap_key(self._cipher(lock), name.encode(), _context(digest))).decode()

    def open(self, digest: str, text: str) -> str | None:
        """Open a name; `None` where it was erased, or is not as it was sealed."""
        if not text.startswith(MARK):
            return text or None
        lock = self._lock(address(digest))
        if lock is None:
            return None
        known = self._open.get((digest, text))
        if known is not None and known[0] == lock:
            return known[1]
        try:
            name = unwrap_key(self._cipher(lock), b85decode(text[len(MARK) :]), _context(digest)).decode()
        except (InvalidTag, ValueError):
            return None
        if len(self._open) >= _REMEMBERED:
            self._open.clear()
        self._open[digest, text] = lock, name
        return name


def address(digest: str) -> str:
    """Give the address of a name's lock."""
    return addresses.address(ObjectName(project_id=EVERYBODY, object_id=digest, kind=KIND))


def _context(digest: str) -> bytes:
    return context("qgw/name", digest)
