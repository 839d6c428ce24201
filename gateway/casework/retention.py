"""How long things are kept, and what happens then: sealed objects are erased, old entries emptied.

Legal holds go before every rule. Age counts from when a job was submitted, in whole days of UTC. What belongs to work
under way is never touched. Every run is recorded before anything goes, with the digest of the rules it followed, which
are stored as policy is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from gateway.casework.disposal import Disposal, revision
from gateway.casework.entries import GATEWAY, OPERATOR, AdminEntries
from gateway.casework.names import checked_reason
from gateway.domain.clock import Clock
from gateway.domain.writes import RowWrite
from gateway.store import disposal, entries, erasures, legal_holds, objects, policies, projects
from gateway.store.engine import Database
from gateway.store.erasures import Order, Scope
from gateway.store.legal_holds import Held, HoldScope
from gateway.vault import addresses
from gateway.vault.older import lock_objects

CLASSES: Final[Mapping[str, str]] = {
    "payload": "payloads",
    "submission": "payloads",
    "sent": "payloads",
    "changes": "payloads",
    "facts": "facts",
    "provenance": "facts",
    "result": "results",
    "withheld": "results",
}
"""Which rule is about which kind of sealed object; one of several documents of a result is `result/<name>`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """How many days each class is kept; `None` is for good."""

    payloads: int | None = None
    results: int | None = None
    facts: int | None = None

    def of(self, class_: str) -> int | None:
        """Say how long one class is kept."""
        return {"payloads": self.payloads, "results": self.results, "facts": self.facts}[class_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How long what is kept."""

    every: Days = field(default=Days())
    projects: Mapping[str, Days] = field(default_factory=dict)
    """By name or id; what one does not say is as everywhere."""
    entries: int | None = None
    """Bodies of ledger entries."""

    def days(self, kind: str, *names: str) -> int | None:
        """Say how long a project's objects of a kind are kept."""
        class_ = CLASSES.get(kind.partition("/")[0])
        if class_ is None:
            return None
        levels = (*(self.projects[name] for name in names if name in self.projects), self.every)
        return next((days for each in levels if (days := each.of(class_)) is not None), None)

    @property
    def content(self) -> bytes:
        """The rules as they are stored, and named by their digest."""
        return revision(asdict(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapsed:
    """What a project kept long enough, of one kind."""

    project_id: str
    project: str
    kind: str
    days: int
    before: date
    """Day of UTC on which the oldest that stay were submitted."""
    objects: int = 0
    held: int = 0
    """How many more stay, because of a legal hold or because their job has not ended."""
    kept: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prunable:
    """Which entries are old enough to be emptied."""

    stop: int
    days: int
    entries: int
    held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What a run would do."""

    lapsed: tuple[Lapsed, ...]
    prunable: Prunable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Applies the rules."""

    database: Database
    entries: AdminEntries
    clock: Clock
    rules: Rules
    disposal: Disposal

    async def due(self) -> Due:
        """Count what has been kept long enough; changes nothing."""
        now = self.clock.now()
        async with self.database.reading() as connection:
            held = await legal_holds.standing(connection)
            kinds = await objects.kept_kinds(connection)
            named = {str(each.id): each.name for each in await projects.every(connection)}
        spared = await self._spared(held)
        found = []
        for project_id, kind in kinds:
            days = self.rules.days(kind, project_id, named.get(project_id, ""))
            if days is not None and not held.by(project=project_id):
                lapsed = Lapsed(
                    project_id=project_id,
                    project=named.get(project_id, project_id),
                    kind=kind,
                    days=days,
                    before=(now - timedelta(days=days)).date(),
                )
                found.append(await self._counted(lapsed, spared))
        return Due(lapsed=tuple(each for each in found if each.objects), prunable=await self._prunable(now))

    async def run(self, *, reason: str = "retention", by: str = OPERATOR) -> tuple[Due, list[Order]]:
        """Record what is due and do it; gives that, and the orders that wait for witnesses.

        Raises:
            ReasonRefusedError: there is no reason, or it does not fit on a line.
        """
        told = checked_reason(reason)
        await lock_objects(self.database, self.entries.vault)
        await self.disposal.carry_out()
        due = await self.due()
        for each in due.lapsed:
            await self._order_lapsed(each, by)
        if due.prunable is not None and due.prunable.entries:
            await self._order_pruning(due.prunable, told, by)
        return due, await self.disposal.carry_out()

    async def run_alone(self) -> None:
        """Apply the rules in the gateway's own name."""
        await self.run(by=GATEWAY)

    async def _spared(self, held: Held) -> frozenset[str]:
        """Find what no rule takes: work under way, jobs under a hold, what people under one did and were denied."""
        async with self.database.reading() as connection:
            found = set(await disposal.unfinished(connection))
            found |= set(await disposal.of_jobs(connection, sorted(held.ids(HoldScope.JOB))))
            for principal_id in held.ids(HoldScope.PRINCIPAL):
                found |= set(await disposal.jobs_of(connection, principal_id=principal_id))
        for principal_id in held.ids(HoldScope.PRINCIPAL):
            found |= set(await self.disposal.decisions(self.entries.vault.subject(principal_id)))
        return frozenset(found)

    async def _counted(self, lapsed: Lapsed, spared: frozenset[str]) -> Lapsed:
        before = addresses.first_id(addresses.number(lapsed.before))
        kept = sorted(each for each in spared if each < before)
        async with self.database.reading() as connection:
            count = await objects.count(connection, lapsed.project_id, kind=lapsed.kind, before=before)
            there = [
                each for each in await objects.of(connection, kept) if each[1:] == (lapsed.kind, lapsed.project_id)
            ]
        # Also those of which nothing of this kind is there yet: what runs on may still bring it.
        return replace(lapsed, objects=count - len(there), held=len(there), kept=tuple(kept))

    async def _prunable(self, now: datetime) -> Prunable | None:
        days = self.rules.entries
        if days is None:
            return None
        async with self.database.reading() as connection:
            head = await entries.head(connection)
            young = await entries.first_since(connection, now - timedelta(days=days))
            needed = await disposal.first_open(connection)
        # The entry at `stop` stays whole, and is old: it shows how old those before it are.
        stop = min((young.seq if young else head.size if head else 0) - 1, needed if needed is not None else 1 << 62)
        gone, stay, kept = 0, 0, await self.disposal.kept()
        async for page in self.disposal.old_entries(max(stop, 0)):
            old = [each for each in page if not each.lasting]
            held = sum(map(kept.has, old))
            gone, stay = gone + len(old) - held, stay + held
        return Prunable(stop=max(stop, 0), days=days, entries=gone, held=stay)

    async def _order_lapsed(self, lapsed: Lapsed, by: str) -> None:
        before = addresses.number(lapsed.before)
        order = Order(
            id=self.entries.new_id(),
            scope=Scope.LAPSED,
            target=lapsed.project_id,
            kinds=(lapsed.kind,),
            addresses=tuple(addresses.lapsed(lapsed.project_id, lapsed.kind, before=before, kept=lapsed.kept)),
            at=self.clock.now(),
        )
        body = {
            "kind": lapsed.kind,
            "before": lapsed.before.isoformat(),
            "days": lapsed.days,
            "objects": lapsed.objects,
            "held": lapsed.held,
        }
        await self._record("retention.applied", order, body, by)

    async def _order_pruning(self, prunable: Prunable, reason: str, by: str) -> None:
        order = Order(id=self.entries.new_id(), scope=Scope.ENTRIES, target="", stop=prunable.stop, at=self.clock.now())
        await self._record("ledger.pruned", order, {**asdict(prunable), "reason": reason}, by)

    async def _record(self, type_: str, order: Order, body: Mapping[str, Any], by: str) -> None:
        content = self.rules.content
        digest = sha256(content).hexdigest()
        await self.entries.record(
            type_,
            by=by,
            project_id=order.target or None,
            rows=(erasures.write(self.entries.vault.signed(order)), *self._stored(digest, content)),
            body={**body, "policy": digest},
            people={},
            event_id=order.id,
        )

    def _stored(self, digest: str, content: bytes) -> Iterator[RowWrite]:
        yield policies.write(digest=digest, kind="retention", content=content, first_used_at=self.clock.now())
