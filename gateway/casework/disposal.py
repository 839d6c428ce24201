"""Carrying out what was ordered to be erased or pruned. Whatever a crash leaves undone is done by the next call.

An order stands in the ledger before anything goes. First the erasure key forgets, so that no copy of the database opens
any more; then the rows here are emptied; last it is written that the order is carried out, for other copies of the key
to follow. Where witnesses are demanded, they must have seen the order before.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from gateway.audit.leaf import read
from gateway.domain.clock import Clock
from gateway.store import disposal, entries, erasures, index, legal_holds, objects, subjects, tenant_keys
from gateway.store.disposal import OldEntry
from gateway.store.engine import Database
from gateway.store.erasures import Order, Scope
from gateway.store.legal_holds import Held, HoldScope
from gateway.vault import addresses
from gateway.vault.envelope import ObjectName
from gateway.vault.vault import Vault

PAGE: Final = 500
"""Rows emptied in one transaction; the ledger's writer waits for it on SQLite."""

DECISIONS: Final = ("job.permitted", "job.denied", "reservation.refused")
"""Types of entries that name a decision, whose sealed facts name a principal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What legal holds keep, to be asked of one entry after another."""

    everything: bool
    jobs: frozenset[str]
    people: frozenset[str]
    """Digests of principals."""
    projects: frozenset[str]

    def has(self, entry: OldEntry) -> bool:
        """Say whether a hold keeps an entry: its project's, its job's, or somebody's who is named in it."""
        if self.everything or entry.project_id in self.projects:
            return True
        if not (self.jobs or self.people):
            return False
        leaf = read(entry.leaf)
        body = leaf.event.body if leaf is not None else {}
        return body.get("job_id") in self.jobs or not self.people.isdisjoint(_texts(body))


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposal:
    """Carries out orders."""

    database: Database
    vault: Vault
    clock: Clock
    seen: Callable[[int], Awaitable[bool]]
    """Says whether as many witnesses as demanded have seen the entry at a place."""

    async def every(self) -> list[Order]:
        """List all orders, oldest first."""
        async with self.database.reading() as connection:
            return await erasures.every(connection)

    async def carry_out(self) -> list[Order]:
        """Carry out every order that may be; gives those that wait for witnesses or a later hold, or have no entry."""
        async with self.database.reading() as connection:
            undone = await erasures.every(connection, undone=True)
        return [order for order in undone if not await self._carry_out(order)]

    async def _carry_out(self, order: Order) -> bool:
        async with self.database.reading() as connection:
            place = await erasures.place(connection, order)
        if place is None or not self.vault.vouches_for(order):
            return False
        if not await self.seen(place) or await self._held_since(order):
            return False
        if order.addresses:
            self.vault.locks.apply({order.id: order.addresses})
        await self._empty(order)
        async with self.database.writing() as connection:
            await erasures.finish(connection, order, self.clock.now())
        return True

    async def _held_since(self, order: Order) -> bool:
        """Say whether a hold came after the order; of old entries each is looked at when its turn comes."""
        async with self.database.reading() as connection:
            standing = await legal_holds.standing(connection)
            later = Held(tuple(each for each in standing.holds if each.at > order.at))
            match order.scope:
                case Scope.ENTRIES:
                    return False
                case Scope.JOB:
                    return await disposal.hold_on_job(connection, later, order.target) is not None
                case Scope.PRINCIPAL:
                    return later.by(principal=order.target) is not None
                case _:
                    found = later.by(project=order.target)
                    return (found or await disposal.hold_within(connection, later, order.target)) is not None

    async def _empty(self, order: Order) -> None:
        if order.stop is not None:
            await self._prune(order.stop)
        for start in range(0, len(order.objects), PAGE):
            async with self.database.writing() as connection:
                await objects.empty(connection, order.objects[start : start + PAGE])
        for kind in await self._kinds(order):
            await self._empty_kind(order, kind)
        await self._forget(order)

    async def _kinds(self, order: Order) -> tuple[str, ...]:
        if order.scope is not Scope.PROJECT:
            return order.kinds
        async with self.database.reading() as connection:
            return tuple(kind for project, kind in await objects.kept_kinds(connection) if project == order.target)

    async def _empty_kind(self, order: Order, kind: str) -> None:
        """Empty a project's objects of a kind whose locks are gone; which those are, only the key tells."""
        whole, after = order.scope is Scope.PROJECT, ""
        before = None if whole else addresses.first_id(addresses.number(order.at.date()) + 1)
        while page := await self._page(order.target, kind, before, after):
            after = page[-1]
            named = {each: ObjectName(project_id=order.target, object_id=each, kind=kind) for each in page}
            gone = [each for each, name in named.items() if self.vault.lock(name) is None]
            async with self.database.writing() as connection:
                await objects.empty(connection, gone, kind)

    async def _page(self, project_id: str, kind: str, before: str | None, after: str) -> list[str]:
        async with self.database.reading() as connection:
            return await objects.live(connection, project_id, kind=kind, before=before, after=after, limit=PAGE)

    async def _forget(self, order: Order) -> None:
        async with self.database.writing() as connection:
            if order.scope in {Scope.PRINCIPAL, Scope.PROJECT}:
                await subjects.forget(connection, self.vault.subject(order.target))
            if order.scope is Scope.PROJECT:
                await tenant_keys.erase(connection, order.target)
            if order.scope is Scope.JOB:
                await disposal.forget_tags(connection, order.target)

    async def _prune(self, stop: int) -> None:
        kept = await self.kept()
        async for page in self.old_entries(stop):
            gone = [each.seq for each in page if not (each.lasting or kept.has(each))]
            async with self.database.writing() as connection:
                await index.forget(connection, gone)
                await entries.prune(connection, gone)

    async def old_entries(self, stop: int) -> AsyncIterator[list[OldEntry]]:
        """Read the entries before a place that are still whole, a page at a time."""
        since = 0
        while True:
            async with self.database.reading() as connection:
                page = await disposal.whole_entries(connection, since=since, stop=stop, limit=PAGE)
            if not page:
                return
            since = page[-1].seq + 1
            yield page

    async def kept(self) -> Kept:
        """Read what legal holds keep of the ledger."""
        async with self.database.reading() as connection:
            held = await legal_holds.standing(connection)
            people = held.ids(HoldScope.PRINCIPAL)
            work = [await disposal.jobs_of(connection, principal_id=each) for each in people]
        return Kept(
            everything=bool(held.ids(HoldScope.EVERYTHING)),
            jobs=held.ids(HoldScope.JOB) | frozenset(each for ids in work for each in ids),
            people=frozenset(map(self.vault.subject, people)),
            projects=held.ids(HoldScope.PROJECT),
        )

    async def decisions(self, digest: str) -> list[str]:
        """Find the decisions about somebody in the ledger, denials too."""
        found: list[str] = []
        for type_ in DECISIONS:
            since = 0
            while page := await self._told(since, type_):
                leaves = (read(each.leaf) for each in page)
                bodies = (leaf.event.body for leaf in leaves if leaf is not None)
                found += [body["decision"]["id"] for body in bodies if body.get("principal") == digest]
                since = page[-1].seq + 1
        return sorted(set(found))

    async def _told(self, since: int, type_: str) -> list[entries.StoredEntry]:
        async with self.database.reading() as connection:
            return await entries.search(connection, since=since, limit=1000, type_=type_)


def _texts(body: Mapping[str, Any]) -> Iterator[str]:
    return (each for each in body.values() if isinstance(each, str))


def revision(content: object) -> bytes:
    """Write rules down as they are named by their digest."""
    return msgspec.json.encode(content, order="sorted")
