"""Scheduled exports: the ledger, as far as it is signed, taken away piece by piece to where nobody can change it.

A piece is planned before it is put, so that after a crash the very same one is put again under the same name. Pieces of
format `ledger` fit together: a head and all pieces before it are the export that `gateway audit verify` and the
auditors' verifier read (`cat head-….jsonl entries-*.jsonl`).
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

import msgspec
import structlog

from gateway import verifier
from gateway.audit.export import lines
from gateway.audit.tree import Tree
from gateway.audit.verify import Header
from gateway.casework.formats import Form, opening, written
from gateway.casework.places import Place
from gateway.casework.search import Search
from gateway.domain.clock import Clock
from gateway.domain.errors import GatewayError
from gateway.domain.search import Filter, Scope
from gateway.store import checkpoints, deliveries, entries
from gateway.store.checkpoints import StoredCheckpoint
from gateway.store.deliveries import Delivery
from gateway.store.engine import Database
from gateway.telemetry import events

_DIGITS: Final = 20
_FIRST_PAUSE: Final = timedelta(seconds=10)
_LONGEST_PAUSE: Final = timedelta(minutes=15)
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One scheduled export."""

    place: Place
    form: Form | None
    """Nothing is the ledger itself, which can be verified."""
    every: timedelta
    entries: int

    def due(self, delivery: Delivery, signed: int, now: datetime) -> bool:
        """Say whether a piece is to be put: one is full, or has waited long enough, or was begun."""
        waiting = signed - delivery.next_seq
        return waiting >= self.entries or (waiting > 0 and now >= delivery.at + self.every)


@dataclass(slots=True, kw_only=True)
class Archive:
    """Keeps all scheduled exports up."""

    database: Database
    tree: Tree
    search: Search
    clock: Clock
    plans: Mapping[str, Plan]
    witnesses_required: int
    failures: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    """How often in a row each failed, and when it is tried again."""

    async def run(self) -> None:
        """Put every piece whose time has come."""
        for name, plan in self.plans.items():
            failed, again = self.failures.get(name, (0, self.clock.now()))
            if self.clock.now() < again:
                continue
            try:
                await self._catch_up(name, plan)
                self.failures.pop(name, None)
            except GatewayError as error:
                pause = min(_FIRST_PAUSE * 2**failed, _LONGEST_PAUSE)
                self.failures[name] = failed + 1, self.clock.now() + pause
                await self._failed(name, error)

    async def _catch_up(self, name: str, plan: Plan) -> None:
        delivery = await self._delivery(name)
        while True:
            signed = await self._signed()
            if plan.form is not None:
                signed = min(signed, (await self.search.standing()).size)
            if delivery.stop_seq is None and not plan.due(delivery, signed, self.clock.now()):
                return
            if delivery.stop_seq is None:
                delivery = replace(delivery, stop_seq=min(delivery.next_seq + plan.entries, signed))
                async with self.database.writing() as connection:
                    await deliveries.plan(connection, _row(name), stop=delivery.stop_seq or 0)
            delivery = await self._put(name, plan, delivery)

    async def _put(self, name: str, plan: Plan, delivery: Delivery) -> Delivery:
        start, stop = delivery.next_seq, delivery.stop_seq
        assert stop is not None, "a piece is planned before it is put"
        async for file, content in self._piece(plan, start, stop):
            await plan.place.put(file, content)
        async with self.database.writing() as connection:
            await deliveries.advance(connection, _row(name), stop=stop, at=self.clock.now())
        log.info(events.EXPORT_WRITTEN, export=name, size=stop, count=stop - start)
        return await self._delivery(name)

    async def _piece(self, plan: Plan, start: int, stop: int) -> AsyncIterator[tuple[str, bytes]]:
        span = f"entries-{start:0{_DIGITS}}-{stop:0{_DIGITS}}"
        if plan.form is not None:
            told = await self._told(plan.form, start, stop)
            # Names of people may be erased before the same piece is put again: that is another file then.
            yield f"{span}-{_digest(told)}.{plan.form.suffix}", told
            return
        if start == 0:
            yield verifier.NAME, verifier.source()
        pages = [b"".join(page) async for page in lines(self.database, start=start, stop=stop)]
        yield f"{span}.jsonl", b"".join(pages)
        yield f"head-{stop:0{_DIGITS}}.jsonl", await self._head(stop)
        if (note := await self._cosigned(stop)) is not None:
            # More witnesses may sign it later: that is another file then.
            content = note.whole.encode()
            yield f"checkpoint-{note.size:0{_DIGITS}}-{_digest(content)}.txt", content

    async def _told(self, form: Form, start: int, stop: int) -> bytes:
        sought = replace(await self.search.sought(Filter(), Scope(), ascending=True), floor=start, ceiling=stop)
        pages = [written(form, page, source=self.search.source) async for page in self.search.whole(sought)]
        return opening(form) + b"".join(pages)

    async def _head(self, size: int) -> bytes:
        async with self.database.reading() as connection:
            (last,) = await entries.between(connection, start=size - 1, stop=size)
        root = await self.tree.root(size)
        header = Header(last=last.leaf_hash.hex(), origin=self.search.source, root=root.hex(), size=size)
        return msgspec.json.encode(header, order="sorted") + b"\n"

    async def _signed(self) -> int:
        async with self.database.reading() as connection:
            newest = await checkpoints.newest(connection)
        return 0 if newest is None else newest.size

    async def _cosigned(self, size: int) -> StoredCheckpoint | None:
        """Give the newest checkpoint that enough witnesses cosigned, if all it covers was put."""
        async with self.database.reading() as connection:
            found = await checkpoints.newest(connection, cosigned_by=self.witnesses_required)
        return None if found is None or found.size > size else found

    async def _delivery(self, name: str) -> Delivery:
        async with self.database.reading() as connection:
            known = await deliveries.load(connection, _row(name))
        if known is not None:
            return known
        async with self.database.writing() as connection:
            # What is there already need not wait.
            await deliveries.begin(connection, _row(name), next_seq=0, at=self.clock.now() - self.plans[name].every)
        return await self._delivery(name)

    async def _failed(self, name: str, error: GatewayError) -> None:
        log.warning(events.EXPORT_FAILED, export=name, code=error.code, message=error.message)
        async with self.database.writing() as connection:
            await deliveries.fail(connection, _row(name), problem=error.message, at=self.clock.now())


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:16]


def _row(name: str) -> str:
    return f"export {name}"
