"""Tenant keys: one per project, made on first use, wrapped by the key provider, unwrapped for minutes.

A key is durable before anything is sealed under it: a crash in between leaves an unused key, never an
object without one. Two processes that meet a new project at the same time end up with the same key.
"""

import os
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.domain.clock import Clock
from gateway.domain.errors import RefusedError
from gateway.domain.secret import Secret
from gateway.ports.key_provider import KeyProvider
from gateway.store import tenant_keys
from gateway.store.engine import Database
from gateway.store.tenant_keys import TenantKeyRow
from gateway.vault.envelope import KEY_BYTES, TenantKey, context

KEPT_FOR: Final = timedelta(minutes=5)
KEPT: Final = 1024
"""How long, and how many, unwrapped keys stay in memory."""


class TenantKeyGoneError(RefusedError):
    """A tenant key was erased, and with it everything that was sealed under it."""

    code = "tenant-key-gone"

    def __init__(self, project_id: str, version: int) -> None:
        super().__init__(
            f"version {version} of the key of project {project_id} was erased, so what it sealed cannot be opened; "
            "only the ledger still tells of it"
        )
        self.project_id, self.version = project_id, version


@dataclass(frozen=True, slots=True)
class _Kept:
    key: TenantKey
    until: datetime


class TenantKeys:
    """Finds, makes and unwraps tenant keys."""

    def __init__(self, database: Database, provider: KeyProvider, clock: Clock) -> None:
        self._database, self._provider, self._clock = database, provider, clock
        self._kept: OrderedDict[tuple[str, int | None], _Kept] = OrderedDict()

    async def newest(self, project_id: str) -> TenantKey:
        """Give the key that new objects of a project are sealed under; makes the first one."""
        return self._recall(project_id, None) or self._keep(project_id, None, await self._find_or_make(project_id))

    async def version(self, project_id: str, version: int) -> TenantKey:
        """Give one version of a project's key.

        Raises:
            TenantKeyGoneError: it was erased.
        """
        if kept := self._recall(project_id, version):
            return kept
        async with self._database.reading() as connection:
            row = await tenant_keys.load(connection, project_id, version)
        if row is None:
            raise TenantKeyGoneError(project_id, version)
        return self._keep(project_id, version, row)

    async def secret(self, name: str) -> Secret:
        """Give the bytes of a key of the deployment itself, kept beside the tenants' under a reserved name."""
        return Secret(unwrapped(self._provider, await self._find_or_make(name)))

    async def _find_or_make(self, project_id: str) -> TenantKeyRow:
        async with self._database.reading() as connection:
            row = await tenant_keys.load(connection, project_id)
        return row or await self._make(project_id)

    async def _make(self, project_id: str) -> TenantKeyRow:
        new = wrapped(
            self._provider,
            os.urandom(KEY_BYTES),
            project_id=project_id,
            version=1,
            created_at=self._clock.now(),
        )
        async with self._database.writing() as connection:
            # Another process may have been first; the row that counts is the one given back.
            return await tenant_keys.add(connection, new)

    def _keep(self, project_id: str, version: int | None, row: TenantKeyRow) -> TenantKey:
        key = TenantKey.of(row.version, unwrapped(self._provider, row))
        self._kept[project_id, version] = _Kept(key, self._clock.now() + KEPT_FOR)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return key

    def _recall(self, project_id: str, version: int | None) -> TenantKey | None:
        kept = self._kept.get((project_id, version))
        if kept is None or kept.until < self._clock.now():
            return None
        self._kept.move_to_end((project_id, version))
        return kept.key


def wrapped(provider: KeyProvider, key: bytes, *, project_id: str, version: int, created_at: datetime) -> TenantKeyRow:
    """Wrap a tenant key for its row; a row moved to another project or version does not unwrap."""
    return TenantKeyRow(
        project_id=project_id,
        version=version,
        kek_id=provider.id,
        wrapped=provider.wrap(key, context("qgw/tenant-key", project_id, version)),
        created_at=created_at,
    )


def unwrapped(provider: KeyProvider, row: TenantKeyRow) -> bytes:
    """Unwrap the key of a row.

    Raises:
        UnavailableError: the provider refuses, usually because it holds another master key.
    """
    return provider.unwrap(row.wrapped, context("qgw/tenant-key", row.project_id, row.version))
