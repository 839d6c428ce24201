"""Entries for SIEMs: follows the index for each webhook that wants entries, and writes them letters, many in one.

The courier carries a letter until it arrives. While a receiver is away no more than a few letters wait for it; the
ledger itself is the queue. So nothing is lost and nothing grows, and a receiver that comes back gets everything in
order, each entry at least once; entries have ids by which it knows them again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from secrets import token_bytes
from typing import Final

import msgspec

from gateway.casework.formats import Form, Whole, events
from gateway.casework.search import Search
from gateway.domain.clock import Clock
from gateway.domain.ids import uuid7
from gateway.domain.search import Filter, Scope
from gateway.store import deliveries, search, warnings
from gateway.store.engine import Database
from gateway.store.warnings import Letter

AT_ONCE: Final = 100
"""Entries of one letter: some hundred kilobytes."""
WAITING: Final = 8
"""Letters that wait for one receiver at most."""
_ROUNDS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What one webhook wants to hear of."""

    types: tuple[str, ...]
    """Event codes, as a filter has them."""
    form: Form


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarding:
    """Writes the letters."""

    database: Database
    search: Search
    clock: Clock
    subscriptions: Mapping[str, Subscription]
    """By name of the webhook."""

    async def run(self) -> None:
        """Write what is new to everybody who wants it."""
        for name, subscription in self.subscriptions.items():
            for _ in range(_ROUNDS):
                if not await self._write(name, subscription):
                    break

    async def _write(self, webhook: str, wanted: Subscription) -> bool:
        """Write the next letter; false when there is none to write now."""
        row = f"webhook {webhook}"
        start, size, waiting = await self._standing(row, webhook)
        if start is None:
            # Nobody who subscribes wants the past: that is what exports are for.
            async with self.database.writing() as connection:
                await deliveries.begin(connection, row, next_seq=size, at=self.clock.now())
            return False
        if start >= size or waiting >= WAITING:
            return False
        found, stop = await self._next(wanted, start, size)
        now = self.clock.now()
        async with self.database.writing() as connection:
            if found:
                await warnings.post(connection, self._letter(webhook, wanted, found), at=now)
            await deliveries.advance(connection, row, stop=stop, at=now)
        return bool(found)

    async def _standing(self, row: str, webhook: str) -> tuple[int | None, int, int]:
        async with self.database.reading() as connection:
            delivery = await deliveries.load(connection, row)
            size = await search.size(connection)
            waiting = await warnings.waiting(connection, webhook)
        return None if delivery is None else delivery.next_seq, size, waiting

    async def _next(self, wanted: Subscription, start: int, size: int) -> tuple[Sequence[Whole], int]:
        """Give the next entries, and the place up to which there are no others."""
        sought = await self.search.sought(Filter(types=wanted.types), Scope(), ascending=True)
        span = replace(sought, floor=start, ceiling=size)
        async for page in self.search.whole(span, at_once=AT_ONCE):
            return page, page[-1].found.seq + 1 if page else size
        return (), size

    def _letter(self, webhook: str, wanted: Subscription, found: Sequence[Whole]) -> Letter:
        event = events(wanted.form, self.search.source)
        body = msgspec.json.encode([event(each) for each in found]).decode()
        return Letter(event_id=uuid7(self.clock.now(), token_bytes(10)), webhook=webhook, body=body)
