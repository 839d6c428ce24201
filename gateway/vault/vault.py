"""The vault: seals what must stay secret, opens it again, and names subjects without naming them.

Sealing touches no table but `tenant_key`, and that only for a project's first object: the sealed write goes
into the one transaction of its ledger entry. Heavy objects are sealed and opened in a thread, because
OpenSSL releases the interpreter and other requests go on meanwhile.
"""

import asyncio
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.domain.clock import Clock
from gateway.domain.errors import RefusedError
from gateway.domain.secret import Secret
from gateway.domain.writes import SealedWrite
from gateway.ports.key_provider import KeyProvider
from gateway.store import erasures, objects, subjects
from gateway.store.engine import Database
from gateway.store.erasures import Order
from gateway.vault import addresses
from gateway.vault.envelope import ObjectName, TenantKey, context, seal, unseal
from gateway.vault.locks import ErasureKeyError, Locks
from gateway.vault.names import Names
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


def erased_name(subject_id: str) -> str:
    """Say what is shown in the place of a name that was erased."""
    return f"erased-{subject_id[-12:]}"


class NotStartedError(RuntimeError):
    """The vault was used before `start`; a defect of ours."""


class Vault:
    """Seals and opens the objects of all projects; `start` before anything else."""

    def __init__(self, database: Database, provider: KeyProvider, clock: Clock, locks: Locks) -> None:
        self._database, self.locks = database, locks
        self._keys = TenantKeys(database, provider, clock)
        self.names = Names(locks.of, self._name_cipher)
        self._subject_key: Secret | None = None
        self._derivation_key: Secret | None = None

    async def start(self) -> None:
        """Unwrap the deployment's own keys, made on first use.

        Raises:
            UnavailableError: the master key is not the one that this database was made with.
        """
        self._subject_key = await self._keys.secret(SUBJECT_KEY)
        self._derivation_key = await self._keys.secret(DERIVATION_KEY)
        await self._keep_to_one_erasure_key()
        await self.follow()

    async def follow(self) -> None:
        """Forget here what was ordered to be erased anywhere; every process does so, each copy of the key once."""
        async with self._database.reading() as connection:
            ordered = await erasures.ids(connection)
            if new := ordered - self.locks.applied:
                orders = await erasures.some(connection, new)
                self.locks.apply({each.id: each.addresses for each in orders if self.vouches_for(each)})

    def signed(self, order: Order) -> Order:
        """Put the deployment's mark on an order to erase."""
        return replace(order, mac=self._mark(order))

    def vouches_for(self, order: Order) -> bool:
        """Say whether an order was given by this deployment, and not by somebody who can only write its database."""
        return hmac.compare_digest(order.mac, self._mark(order))

    def _mark(self, order: Order) -> str:
        return hmac.digest(self.derive("erasure-order/1"), order.message, "sha256").hex()

    async def _keep_to_one_erasure_key(self) -> None:
        async with self._database.writing() as connection:
            known = await erasures.keep_key(connection, self.locks.id)
        if known != self.locks.id:
            raise ErasureKeyError(
                f"the erasure key is {self.locks.id}, and the database was made with {known}; "
                "copy that one here from another gateway or from its newest copy"
            )

    async def seal(self, *, project_id: str, object_id: str, kind: str, plaintext: bytes) -> SealedWrite:
        """Seal one object for the transaction that will hold it.

        Raises:
            ErasedError: what belongs there was erased, with all that might still come.
        """
        name = ObjectName(project_id=project_id, object_id=object_id, kind=kind)
        lock = self._lock(name)
        key = await self._keys.newest(project_id)
        if len(plaintext) < HEAVY_BYTES:
            return seal(name, key, plaintext, lock)
        return await asyncio.to_thread(seal, name, key, plaintext, lock)

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
        lock = self._lock(name_of(sealed))
        key = await self._keys.version(sealed.project_id, sealed.key_version)
        if len(sealed.ciphertext) < HEAVY_BYTES:
            return _opened(sealed, key, lock)
        return await asyncio.to_thread(_opened, sealed, key, lock)

    async def open_all(self, kind: str, object_ids: Sequence[str]) -> dict[str, bytes | RefusedError]:
        """Open many objects of one kind, by id; in the place of one that does not open stands why.

        Whose they are must be checked by who asks, as with `open`.
        """
        async with self._database.reading() as connection:
            found = await objects.load_all(connection, kind, object_ids)
        keys: dict[tuple[str, int], TenantKey | RefusedError] = {}
        for each in found:
            if (name := (each.project_id, each.key_version)) not in keys:
                keys[name] = await self._key_or_error(*name)
        locks = {each.object_id: self.lock(name_of(each)) for each in found}
        opened = await asyncio.to_thread(_opened_all, found, keys, locks)
        return {each: opened.get(each) or ErasedError(kind=kind, object_id=each) for each in object_ids}

    async def _key_or_error(self, project_id: str, version: int) -> TenantKey | RefusedError:
        try:
            return await self._keys.version(project_id, version)
        except RefusedError as error:
            return error

    def lock(self, name: ObjectName) -> bytes | None:
        """Derive an object's lock; `None` where it was erased."""
        return self.locks.of(addresses.address(name))

    def _lock(self, name: ObjectName) -> bytes:
        lock = self.lock(name)
        if lock is None:
            raise ErasedError(kind=name.kind, object_id=name.object_id)
        return lock

    def _name_cipher(self, lock: bytes) -> AESGCM:
        return AESGCM(hmac.digest(self.derive("names/1"), lock, "sha256"))

    async def check_key(self, project_id: str, version: int) -> None:
        """Unwrap a version of a project's key; raises as `open` does, and where the master key is another one."""
        await self._keys.version(project_id, version)

    async def shred(self, object_id: str, kind: str | None = None) -> int:
        """Erase the key of one kind of an object, or of all its kinds; gives how many became unreadable."""
        async with self._database.writing() as connection:
            return await objects.shred(connection, object_id, kind)

    def subject(self, value: str) -> str:
        """Give the digest under which the ledger speaks of a person, key or other subject."""
        return hmac.digest(_started(self._subject_key).reveal(), value.encode(), "sha256").hex()

    async def remember(self, names: Mapping[str, str]) -> None:
        """Write down who digests are, by digest, in a table that can be erased."""
        sealed = {digest: self.names.seal(digest, name) for digest, name in names.items()}
        async with self._database.writing() as connection:
            await subjects.remember(connection, sealed)

    async def named(self, digests: Iterable[str]) -> dict[str, str]:
        """Say who digests are; those that were erased are absent."""
        async with self._database.reading() as connection:
            stored = await subjects.names(connection, digests)
        opened = {digest: self.names.open(digest, text) for digest, text in stored.items()}
        return {digest: name for digest, name in opened.items() if name is not None}

    def principal_name(self, principal_id: str, text: str) -> str:
        """Give the name in a principal's row, or what stands for it where it was erased."""
        return self.names.open(self.subject(principal_id), text) or erased_name(principal_id)

    async def secret(self, name: str) -> Secret:
        """Give 32 secret bytes of the deployment itself, made on first use; their name is no project's."""
        return await self._keys.secret(f"_{name}")

    def derive(self, purpose: str) -> bytes:
        """Derive 32 bytes for one named purpose; unlike the provider's, they survive a new master key."""
        key = _started(self._derivation_key).reveal()
        return hmac.digest(key, context("qgw/derive", purpose), "sha256")


def name_of(sealed: SealedWrite) -> ObjectName:
    """Say what a sealed object belongs to."""
    return ObjectName(project_id=sealed.project_id, object_id=sealed.object_id, kind=sealed.kind)


def _opened(sealed: SealedWrite, key: TenantKey, lock: bytes) -> bytes:
    return unseal(name_of(sealed), key, lock=lock, wrapped_dek=sealed.wrapped_dek, ciphertext=sealed.ciphertext)


def _opened_all(
    found: Sequence[SealedWrite],
    keys: Mapping[tuple[str, int], TenantKey | RefusedError],
    locks: Mapping[str, bytes | None],
) -> dict[str, bytes | RefusedError]:
    opened: dict[str, bytes | RefusedError] = {}
    for each in found:
        key, lock = keys[each.project_id, each.key_version], locks[each.object_id]
        if lock is None:
            continue
        try:
            opened[each.object_id] = key if isinstance(key, RefusedError) else _opened(each, key, lock)
        except RefusedError as error:
            opened[each.object_id] = error
    return opened


def _started(key: Secret | None) -> Secret:
    if key is None:
        raise NotStartedError("call `await vault.start()` first")
    return key
