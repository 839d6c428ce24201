"""The key provider of a single machine: a 32-byte master key in a file that only its owner can read.

The master key itself encrypts nothing: one key to wrap tenant keys and one per named purpose are derived
from it (HKDF-SHA256), so that no two uses share a key.
"""

import os
import stat
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.domain.errors import InsecureError, UnavailableError
from gateway.domain.secret import Secret
from gateway.vault.envelope import KEY_BYTES, unwrap_key, wrap_key

_FOR_OTHERS: Final = 0o077


class MasterKeyError(InsecureError):
    """The master key file is absent, readable by others, or not a master key."""

    code = "insecure-master-key"


class KeyProviderRefusedError(UnavailableError):
    """The provider does not unwrap a key: it holds another master key than the one that wrapped it."""

    code = "key-provider-refused"


class FileKeyProvider:
    """Wraps tenant keys with a master key from a file; the file is read once, when this is made."""

    def __init__(self, path: Path) -> None:
        self._master = Secret(_read(path))
        self._cipher = AESGCM(self._expand("wrap/1"))
        self.id = "file:" + self._expand("fingerprint/1").hex()[:16]
        """Fingerprint of the master key; says nothing about it."""

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """Encrypt a key; `context` must be given again to unwrap it."""
        return wrap_key(self._cipher, key, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Decrypt a key.

        Raises:
            KeyProviderRefusedError: wrapped by another master key, for another context, or changed.
        """
        try:
            return unwrap_key(self._cipher, wrapped, context)
        except InvalidTag:
            raise KeyProviderRefusedError(
                f"the master key {self.id} does not unwrap a stored key; "
                "start the gateway with the master key that its database was made with"
            ) from None

    def derive(self, purpose: str) -> bytes:
        """Derive 32 bytes for one named purpose."""
        return self._expand("derive/" + purpose)

    def _expand(self, info: str) -> bytes:
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"qgw/" + info.encode()).derive(self._master.reveal())


def create_master_key(path: Path) -> None:
    """Write a new master key, readable by its owner only and durable before this returns.

    Raises:
        MasterKeyError: there is a file already; a master key is never replaced, only rotated.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise MasterKeyError(
            f"{path.name} exists already, and what it wrapped would be lost; keep it, or choose another state directory"
        ) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(os.urandom(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    _sync_directory(path.parent)


def _read(path: Path) -> bytes:
    """Read the key through one descriptor, so that the file judged is the file read."""
    try:
        # Without O_NONBLOCK a named pipe in the file's place would make the start wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise MasterKeyError(f"there is no master key file {path.name}; run `gateway init` to make one") from None
    except PermissionError:
        raise MasterKeyError(
            f"the master key file {path.name} cannot be read by this user; run the gateway as its owner"
        ) from None
    try:
        _judge(path.name, os.fstat(descriptor))
        return os.read(descriptor, KEY_BYTES)
    finally:
        os.close(descriptor)


def _judge(name: str, status: os.stat_result) -> None:
    mode = stat.S_IMODE(status.st_mode)
    if mode & _FOR_OTHERS:
        raise MasterKeyError(f"the master key file {name} has mode {mode:04o}, only 0600 is allowed; chmod 600 {name}")
    if status.st_uid not in {os.geteuid(), 0}:
        raise MasterKeyError(f"the master key file {name} belongs to another user; chown it to the gateway's user")
    if not stat.S_ISREG(status.st_mode) or status.st_size != KEY_BYTES:
        raise MasterKeyError(
            f"the master key file {name} is not a file of {KEY_BYTES} bytes; restore it from its backup"
        )


def _sync_directory(directory: Path) -> None:
    """Make the new name itself durable: a crash must not leave a database whose key file is gone."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
