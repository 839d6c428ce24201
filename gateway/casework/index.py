"""Keeps the index of the ledger up with the ledger: reads on where it stopped, a small batch at a time.

Several processes may do so at once, such as a command beside the gateway: whoever comes second finds its batch done. A
crash leaves the index behind the ledger and never beyond it. A release that reads entries another way makes it anew.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.audit.facets import DECISIONS, facets, values
from gateway.audit.leaf import ReadLeaf, read
from gateway.audit.verify import Finding
from gateway.domain.search import Indexed, IndexedEntry
from gateway.store import entries, index, search
from gateway.store.engine import Database
from gateway.store.entries import StoredEntry
from gateway.store.index import Batch

VERSION: Final = 1
"""Of how entries are read; counting it up makes every index anew."""
AT_ONCE: Final = 200
"""Entries of one transaction: on SQLite the ledger's writer waits for it."""


@dataclass(slots=True, kw_only=True)
class Index:
    """Fills the index."""

    database: Database
    known: set[tuple[str, str, str]] = field(default_factory=set)
    """Choices that are written already."""

    async def standing(self) -> Indexed:
        """Say how far it is."""
        async with self.database.reading() as connection:
            head = await entries.head(connection)
            done = await search.size(connection)
        return Indexed(size=done, of=0 if head is None else head.size)

    async def follow(self) -> int:
        """Take in all entries there are; gives how many that were."""
        start = first = await index.begin(self.database, VERSION)
        while page := await self._page(start, start + AT_ONCE):
            batch = await self._batch(start, page)
            if not await index.put(self.database, batch):
                # Somebody else is at it.
                break
            self.known.update(batch.choices)
            start = batch.stop
            await asyncio.sleep(0)
        return start - first

    async def rebuild(self) -> int:
        """Throw the index away and make it anew; gives how many entries are in it."""
        self.known.clear()
        await index.clear(self.database, VERSION)
        return await self.follow()

    async def check(self) -> AsyncIterator[Finding]:
        """Compare the index with the ledger, entry by entry, in constant memory."""
        done = (await self.standing()).size
        for start in range(0, done, AT_ONCE):
            stop = min(start + AT_ONCE, done)
            async with self.database.reading() as connection:
                found = {each.seq: each for each in await search.stored(connection, start=start, stop=stop)}
            expected = {each.seq: each for each in await self._entries(await self._page(start, stop), found)}
            for seq in sorted(expected.keys() | found.keys()):
                if (finding := _compared(seq, expected.get(seq), found.get(seq))) is not None:
                    yield finding

    async def _page(self, start: int, stop: int) -> Sequence[StoredEntry]:
        async with self.database.reading() as connection:
            return await entries.between(connection, start=start, stop=stop)

    async def _batch(self, start: int, page: Sequence[StoredEntry]) -> Batch:
        found = await self._entries(page, {})
        offered = {(name, value, each.project_id or "") for each in found for name, value in values(each)}
        stop = page[-1].seq + 1
        return Batch(version=VERSION, start=start, stop=stop, entries=found, choices=frozenset(offered - self.known))

    async def _entries(self, page: Sequence[StoredEntry], before: Mapping[int, IndexedEntry]) -> Sequence[IndexedEntry]:
        """Read what entries are found by; `before` is what the index has, for jobs whose decision was pruned."""
        leaves = [leaf for each in page if (leaf := read(each.leaf)) is not None]
        decided = await self._decided(leaves)
        found: list[IndexedEntry] = []
        for leaf in leaves:
            entry = facets(leaf.seq, leaf.event, decided.get(_job(leaf)) or before.get(leaf.seq))
            if entry.type in DECISIONS and entry.job_id:
                decided.setdefault(entry.job_id, entry)
            found.append(entry)
        return found

    async def _decided(self, leaves: Sequence[ReadLeaf]) -> dict[str, IndexedEntry]:
        """Find the earlier entries that decided the jobs spoken of."""
        if not (asked := {job for leaf in leaves if (job := _job(leaf))}):
            return {}
        async with self.database.reading() as connection:
            return dict(await search.deciding(connection, asked, tuple(DECISIONS)))


def _job(leaf: ReadLeaf) -> str:
    named = leaf.event.body.get("job_id")
    return named if isinstance(named, str) else ""


def _compared(seq: int, expected: IndexedEntry | None, found: IndexedEntry | None) -> Finding | None:
    if expected == found:
        return None
    if found is None:
        return Finding(seq=seq, code="index-missing", sentence=f"entry {seq} is not in the index; make it anew")
    if expected is None:
        return Finding(seq=seq, code="index-left", sentence=f"the index tells of entry {seq}, whose content is gone")
    told = f"the index tells of entry {seq} what the ledger does not; make it anew, and look who writes there"
    return Finding(seq=seq, code="index-differs", sentence=told)
