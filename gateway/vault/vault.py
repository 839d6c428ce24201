"""The vault: seals what must stay secret, opens it again, and names subjects without naming them.

Sealing touches no table but `tenant_key`, and that only for a project's first object: the sealed write goes
into the one transaction of its ledger entry. Heavy objects are sealed and opened in a thread, because
OpenSSL releases the interpreter and other requests go on meanwhile.
"""

import asyncio
import hmac
from collections.abc import Mapping
from typing import Final

from gateway.domain.clock import Clock
from gateway.domain.errors import RefusedError
from gateway.domain.secret import Secret
from gateway.domain.writes import SealedWrite
from gateway.ports.key_provider import KeyProvider
from gateway.store import objects, subjects
from gateway.store.engine import Database
from gateway.vault.envelope import ObjectName, TenantKey, context, seal, unseal
from gateway.vault.tenants import TenantKeys

HEAVY_BYTES: Final = 256 * 1024
"""From here on (about 0.2 ms of work) an object is handled in a thread."""
SUBJECT_KEY: Final = "_subject"
DERIVATION_KEY: Final = "_derivation"
"""Reserved names beside the projects' ids, which are UUIDs."""


class ErasedError(RefusedError):
    """A sealed object cannot be opened by anybody any more, or was never kept."""

    code = "sealed-object-erased"

    def __init__(self, *, kind: str, object_id: str) -> None:
        super().__init__(
            f"there is no {kind} of {object_id} to open: it was erased, or never kept; "
            "its ledger entries still tell what it was"
        )
        self.kind, self.object_id = kind, object_id


class NotStartedError(RuntimeError):
    """The vault was used before `start`; a defect of ours."""


class Vault:
    """Seals and opens the objects of all projects; `start` before anything else."""

    def __init__(self, database: Database, provider: KeyProvider, clock: Clock) -> None:
        self._database = database
        self._keys = TenantKeys(database, provider, clock)
        self._subject_key: Secret | None = None
        self._derivation_key: Secret | None = None

    async def start(self) -> None:
        """Unwrap the deployment's own keys, made on first use.

        Raises:
            UnavailableError: the master key is not the one that this database was made with.
        """
        self._subject_key = await self._keys.secret(SUBJECT_KEY)
        self._derivation_key = await self._keys.secret(DERIVATION_KEY)

    async def seal(self, *, project_id: str, object_id: str, kind: str, plaintext: bytes) -> SealedWrite:
        """Seal one object for the transaction that will hold it."""
        name = ObjectName(project_id=project_id, object_id=object_id, kind=kind)
        key = await self._keys.newest(project_id)
        if len(plaintext) < HEAVY_BYTES:
            return seal(name, key, plaintext)
        return await asyncio.to_thread(seal, name, key, plaintext)

    async def open(self, *, object_id: str, kind: str) -> bytes:
        """Open one object. Whose it is must be checked by who asks: any project's object opens here.

        Raises:
            ErasedError: there is none, or its key was erased.
            TenantKeyGoneError: its project's key was erased.
            DamagedError: it is not as it was sealed.
        """
        async with self._database.reading() as connection:
            sealed = await objects.load(connection, object_id, kind)
        if sealed is None:
            raise ErasedError(kind=kind, object_id=object_id)
        key = await self._keys.version(sealed.project_id, sealed.key_version)
        if len(sealed.ciphertext) < HEAVY_BYTES:
            return _opened(sealed, key)
        return await asyncio.to_thread(_opened, sealed, key)

    async def shred(self, object_id: str, kind: str | None = None) -> int:
        """Erase the key of one kind of an object, or of all its kinds; gives how many became unreadable."""
        async with self._database.writing() as connection:
            return await objects.shred(connection, object_id, kind)

    def subject(self, value: str) -> str:
        """Give the digest under which the ledger speaks of a person, key or other subject."""
        return hmac.digest(_started(self._subject_key).reveal(), value.encode(), "sha256").hex()

    async def remember(self, names: Mapping[str, str]) -> None:
        """Write down who digests are, by digest, in a table that can be erased."""
        async with self._database.writing() as connection:
            await subjects.remember(connection, names)

    async def secret(self, name: str) -> Secret:
        """Give 32 secret bytes of the deployment itself, made on first use; their name is no project's."""
        return await self._keys.secret(f"_{name}")

    def derive(self, purpose: str) -> bytes:
        """Derive 32 bytes for one named purpose; unlike the provider's, they survive a new master key."""
        key = _started(self._derivation_key).reveal()
        return hmac.digest(key, context("qgw/derive", purpose), "sha256")


def _opened(sealed: SealedWrite, key: TenantKey) -> bytes:
    name = ObjectName(project_id=sealed.project_id, object_id=sealed.object_id, kind=sealed.kind)
    return unseal(name, key, wrapped_dek=sealed.wrapped_dek, ciphertext=sealed.ciphertext)


def _started(key: Secret | None) -> Secret:
    if key is None:
        raise NotStartedError("call `await vault.start()` first")
    return key
