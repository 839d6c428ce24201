"""The envelope: how one object is sealed, and what its ciphertext is bound to.

A body is sealed with Cobblestone-256 (C2SP chunked encryption) under a key of its own (DEK); the DEK is
wrapped by the project's tenant key with AES-256-GCM, and once more by the object's lock (`vault.locks`). Body
and wrapped DEK both begin with a format byte, and both are bound to what they belong to: a body or a DEK moved to
another project, object or kind does not open. Shredding an object is deleting its wrapped DEK, and its lock for
those who copied the row before. No I/O here; `vault.vault` stores and fetches.

A tenant key wraps with random 96-bit nonces, so one version may wrap at most 2**32 objects.
"""

import hashlib
import os
from dataclasses import dataclass, field

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.domain.errors import RefusedError
from gateway.domain.writes import SealedWrite

FORMAT = b"\x01"
"""First byte of every body and every wrapped key; a new layout takes the next number."""
LOCKED = b"\x02"
"""First byte of a wrapped key behind a lock; those of before have none."""
KEY_BYTES = 32
_NONCE_BYTES = 12


class DamagedError(RefusedError):
    """A sealed object does not open: its bytes, its key or its place were changed."""

    code = "sealed-object-damaged"

    def __init__(self, *, kind: str, object_id: str) -> None:
        super().__init__(
            f"the sealed {kind} of {object_id} does not open: it was changed, moved or sealed under another key; "
            "restore it from a backup and verify the ledger"
        )
        self.kind, self.object_id = kind, object_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectName:
    """What a sealed object belongs to; all three are bound into its ciphertext and its wrapped key."""

    project_id: str
    object_id: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantKey:
    """A project's key in one version, unwrapped and ready to use."""

    version: int
    cipher: AESGCM = field(repr=False)

    @classmethod
    def of(cls, version: int, key: bytes) -> "TenantKey":
        """Make one from its 32 bytes."""
        return cls(version=version, cipher=AESGCM(key))


def context(label: str, *parts: str | int) -> bytes:
    """Encode parts injectively: no two lists of parts give the same bytes, because each carries its length."""
    encoded = (str(part).encode() for part in (label, *parts))
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def wrap_key(cipher: AESGCM, key: bytes, bound_to: bytes) -> bytes:
    """Wrap a key with AES-256-GCM: format byte, nonce, ciphertext; `bound_to` is authenticated, not stored."""
    nonce = os.urandom(_NONCE_BYTES)
    return FORMAT + nonce + cipher.encrypt(nonce, key, FORMAT + bound_to)


def unwrap_key(cipher: AESGCM, wrapped: bytes, bound_to: bytes) -> bytes:
    """Unwrap what `wrap_key` made.

    Raises:
        InvalidTag: another key, another context, another format, or changed bytes.
    """
    if wrapped[:1] != FORMAT or len(wrapped) <= 1 + _NONCE_BYTES:
        raise InvalidTag
    nonce, sealed = wrapped[1 : 1 + _NONCE_BYTES], wrapped[1 + _NONCE_BYTES :]
    return cipher.decrypt(nonce, sealed, FORMAT + bound_to)


def behind(lock: bytes, wrapped: bytes, bound_to: bytes) -> bytes:
    """Wrap a wrapped key once more, by a lock."""
    return LOCKED + wrap_key(AESGCM(lock), wrapped, bound_to)


def seal(name: ObjectName, key: TenantKey, plaintext: bytes, lock: bytes) -> SealedWrite:
    """Seal one object under a fresh DEK."""
    dek = os.urandom(KEY_BYTES)
    encryptor = Cobblestone256Encryptor(dek, _body_context(name))
    ciphertext = b"".join((FORMAT, encryptor.update(plaintext), encryptor.finalize()))
    return SealedWrite(
        object_id=name.object_id,
        kind=name.kind,
        project_id=name.project_id,
        key_version=key.version,
        wrapped_dek=behind(lock, wrap_key(key.cipher, dek, _dek_context(name, key.version)), _lock_context(name)),
        ciphertext=ciphertext,
        ciphertext_digest=hashlib.sha256(ciphertext).hexdigest(),
        plaintext_bytes=len(plaintext),
    )


def locked(name: ObjectName, lock: bytes, wrapped_dek: bytes) -> bytes:
    """Put a key that was wrapped before there were locks behind one; others stay as they are."""
    return wrapped_dek if wrapped_dek[:1] == LOCKED else behind(lock, wrapped_dek, _lock_context(name))


def unseal(name: ObjectName, key: TenantKey, *, lock: bytes, wrapped_dek: bytes, ciphertext: bytes) -> bytes:
    """Open one object; nothing is given out before the last byte was authenticated.

    Raises:
        DamagedError: anything about it is not as it was sealed.
    """
    try:
        if wrapped_dek[:1] == LOCKED:
            wrapped_dek = unwrap_key(AESGCM(lock), wrapped_dek[1:], _lock_context(name))
        dek = unwrap_key(key.cipher, wrapped_dek, _dek_context(name, key.version))
        return _decrypted(Cobblestone256Decryptor(dek, _body_context(name)), ciphertext)
    except InvalidTag:
        raise DamagedError(kind=name.kind, object_id=name.object_id) from None


def _decrypted(decryptor: Cobblestone256Decryptor, ciphertext: bytes) -> bytes:
    if ciphertext[:1] != FORMAT:
        raise InvalidTag
    # `update` hands out verified chunks early, also those of a truncated body: only `finalize` tells.
    return b"".join((decryptor.update(memoryview(ciphertext)[1:]), decryptor.finalize()))


def _body_context(name: ObjectName) -> bytes:
    return FORMAT + context("qgw/body", name.project_id, name.object_id, name.kind)


def _lock_context(name: ObjectName) -> bytes:
    return context("qgw/lock", name.project_id, name.object_id, name.kind)


def _dek_context(name: ObjectName, version: int) -> bytes:
    return context("qgw/dek", name.project_id, name.object_id, name.kind, version)
