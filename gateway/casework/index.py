"""Keeps the index of the ledger up with the ledger: reads on where it stopped, a small batch at a time.

Several processes may do so at once, such as a command beside the gateway: whoever comes second finds its batch done. A
crash leaves the index behind the ledger and never beyond it. A release that reads entries another way makes it anew.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Final

from gateway.audit.facets import DECISIONS, facets, values
from gateway.audit.leaf import ReadLeaf, read
from gateway.audit.verify import Finding
from gateway.domain.search import Indexed, IndexedEntry
from gateway.store import entries, index, search
from gateway.store.engine import Database
from gateway.store.entries import StoredEntry
from gateway.store.index import Batch, Below

VERSION: Final = 1
"""Of how entries are read; counting it up makes every index anew."""
CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "index-missing": "An entry is not in the index, so no search finds it.",
        "index-left": "The index tells of an entry whose content was pruned.",
        "index-differs": "The index tells of an entry what the ledger does not: somebody wrote there.",
    }
)
"""What a comparison with the ledger can find; `gateway audit reindex` mends all of it."""
AT_ONCE: Final = 100
"""Entries of one transaction: on SQLite the ledger's writer waits for it, and the event loop."""


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
        taken = 0
        while batch := await index.extend(self.database, VERSION, self._next):
            self.known.update(batch.choices)
            taken += batch.stop - batch.start
            await asyncio.sleep(0)
        return taken

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
                expected = await index.below(connection, partial(_read_again, start=start, stop=stop, found=found))
            for seq in sorted(expected.keys() | found.keys()):
                if (finding := _compared(seq, expected.get(seq), found.get(seq))) is not None:
                    yield finding

    def _next(self, below: Below, start: int) -> Batch | None:
        page = below.entries(start, start + AT_ONCE)
        if not page:
            return None
        found = _entries(below, page, {})
        offered = {(name, value, each.project_id or "") for each in found for name, value in values(each)}
        return Batch(start=start, stop=page[-1].seq + 1, entries=found, choices=frozenset(offered - self.known))


def _entries(below: Below, page: Sequence[StoredEntry], before: Mapping[int, IndexedEntry]) -> Sequence[IndexedEntry]:
    """Read what entries are found by; `before` is what the index has, for jobs whose decision was pruned."""
    leaves = [leaf for each in page if (leaf := read(each.leaf)) is not None]
    # The earlier entries that decided the jobs spoken of.
    decided = dict(below.deciding({job for leaf in leaves if (job := _job(leaf))}, tuple(DECISIONS)))
    found: list[IndexedEntry] = []
    for leaf in leaves:
        earlier = decided.get(_job(leaf))
        if earlier is not None and earlier.seq > leaf.seq:
            # Somebody was asked about the job before it was decided.
            earlier = None
        entry = facets(leaf.seq, leaf.event, earlier or before.get(leaf.seq))
        if entry.type in DECISIONS and entry.job_id:
            decided.setdefault(entry.job_id, entry)
        found.append(entry)
    return found


def _read_again(below: Below, start: int, stop: int, found: Mapping[int, IndexedEntry]) -> Mapping[int, IndexedEntry]:
    return {each.seq: each for each in _entries(below, below.entries(start, stop), found)}


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
