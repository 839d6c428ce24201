"""Sealed objects against the entries that name them, against their keys, and against what was ordered to be erased."""

from collections.abc import AsyncIterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from gateway.audit.leaf import read
from gateway.casework.fsck.finding import Damage, damage
from gateway.domain.errors import GatewayError
from gateway.store import damage as stored
from gateway.store import erasures
from gateway.store.damage import EntryRow, JobRow, ObjectRow
from gateway.store.engine import Database
from gateway.vault.envelope import ObjectName
from gateway.vault.tenants import TenantKeyGoneError
from gateway.vault.vault import Vault

PART: Final = "vault"
ORDERING: Final = ("erasure.ordered", "retention.applied", "ledger.pruned")
"""Types of entries beside which an order stands."""


async def named(database: Database, page: Sequence[EntryRow]) -> AsyncIterator[Damage]:
    """Compare the sealed objects that entries name with what is stored, and look for the orders they gave."""
    events = [leaf.event for row in page if (leaf := read(row.leaf)) is not None]
    sealed = [each for event in events for each in _sealed(event.body)]
    ordered = [event.id for event in events if event.type in ORDERING]
    async with database.reading() as connection:
        digests = await stored.digests(connection, sorted({object_id for object_id, _, _ in sealed}))
        orders = await stored.orders(connection) if ordered else frozenset()
    for object_id, kind, digest in sealed:
        there = digests.get((object_id, kind))
        if there != digest:
            yield damage(PART, "object-missing" if there is None else "object-differs", f"{kind} of {object_id}")
    for order in ordered:
        if order not in orders:
            yield damage(PART, "order-missing", f"order {order}")


async def objects(database: Database, vault: Vault) -> AsyncIterator[Damage]:
    """Open every sealed object that can be opened."""
    after = ("", "")
    while page := await _page(database, after):
        after = (page[-1].object_id, page[-1].kind)
        async with database.reading() as connection:
            jobs = await stored.jobs_by_id(connection, [each.object_id for each in page])
        for each in page:
            if (found := await _opened(vault, each, jobs)) is not None:
                yield found


async def keys(database: Database, vault: Vault) -> AsyncIterator[Damage]:
    """Unwrap every project's key."""
    async with database.reading() as connection:
        every = await stored.tenant_keys(connection)
    for project_id, version in every:
        try:
            await vault.check_key(project_id, version)
        except GatewayError as error:
            yield damage(PART, "key-unreadable", f"version {version} of {project_id}", error.message)


async def orders(database: Database, vault: Vault) -> AsyncIterator[Damage]:
    """Look for orders to erase that were not carried out, or that nobody recorded."""
    async with database.reading() as connection:
        for order in await erasures.every(connection):
            if await erasures.place(connection, order) is None or not vault.vouches_for(order):
                yield damage(PART, "order-unrecorded", f"order {order.id}")
            elif order.done_at is None:
                yield damage(PART, "order-undone", f"order {order.id}")


async def _opened(vault: Vault, each: ObjectRow, jobs: Mapping[str, JobRow]) -> Damage | None:
    where = f"{each.kind} of {each.object_id}"
    if vault.lock(ObjectName(project_id=each.project_id, object_id=each.object_id, kind=each.kind)) is None:
        return damage(PART, "object-revived", where)
    if sha256(each.ciphertext).hexdigest() != each.ciphertext_digest:
        return damage(PART, "object-damaged", where, "its bytes do not have the digest that was stored with them")
    try:
        plaintext = await vault.open(object_id=each.object_id, kind=each.kind)
    except TenantKeyGoneError:
        return damage(PART, "object-damaged", where, "its project's key is gone, and no order says so")
    except GatewayError as error:
        return damage(PART, "object-damaged", where, error.message)
    job = jobs.get(each.object_id)
    if each.kind == "payload" and job is not None and sha256(plaintext).hexdigest() != job.payload_digest:
        return damage(PART, "payload-differs", where)
    return None


async def _page(database: Database, after: tuple[str, str]) -> list[ObjectRow]:
    async with database.reading() as connection:
        return await stored.opened(connection, after=after)


def _sealed(body: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Give object, kind and digest of what an entry says was sealed with it."""
    told = body.get("sealed")
    if not isinstance(told, dict):
        return []
    described = ((kind, each) for kind, each in told.items() if isinstance(each, dict))
    return [(each["object"], kind, each["digest"]) for kind, each in described if {"object", "digest"} <= each.keys()]
