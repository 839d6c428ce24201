"""Who wraps and unwraps the keys of tenants: a local file, and later a KMS, Vault or an HSM."""

from typing import Protocol


class KeyProvider(Protocol):
    """The top of the key hierarchy; the master key itself never leaves it."""

    id: str
    """Fingerprint of the master key, stored beside everything it wrapped."""

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """Encrypt a key; `context` must be given again to unwrap it."""
        ...

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Decrypt a key.

        Raises:
            UnavailableError: the provider cannot be reached, or refuses.
        """
        ...

    def derive(self, purpose: str) -> bytes:
        """Derive 32 bytes for one named purpose (HKDF), such as signing access tokens."""
        ...
