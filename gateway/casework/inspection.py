"""What an operator looks at: jobs with everything the ledger says of them, and entries with names filled in.

For people to read; nothing is proven here, that is `audit.verify`. Names come from the erasable table, so
an erased person stays a digest.
"""

import re
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from gateway.audit.leaf import decode
from gateway.domain import restoring
from gateway.domain.changes import Parts
from gateway.domain.errors import RefusedError
from gateway.domain.job import JobRecord
from gateway.domain.synthetic import is_synthetic
from gateway.ports.operations import ListJobs
from gateway.store import approvals, attempts, entries, jobs, objects, projects
from gateway.store.attempts import AttemptRow
from gateway.store.engine import Database
from gateway.store.entries import StoredEntry
from gateway.vault.vault import Vault

PAGE: Final = 1000
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class JobUnknownError(RefusedError):
    """There is no such job in this deployment."""

    code = "job-unknown"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no job {name[:80]!r}; give the id that the SDK shows, or the one in the ledger")
        self.name = name


class EntryUnknownError(RefusedError):
    """The ledger has no such entry."""

    code = "entry-unknown"

    def __init__(self, seq: int) -> None:
        super().__init__(f"the ledger has no entry {seq} yet; `gateway audit show` lists the newest")
        self.seq = seq


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One ledger entry, decoded."""

    seq: int
    type: str
    at: str
    event_id: str
    project_id: str | None
    body: Mapping[str, Any]
    names: Mapping[str, str]
    """Who the digests of its body are, as far as they were not erased."""
    prev: str
    leaf_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobReport:
    """One job with all that is known of it."""

    job: JobRecord
    attempts: tuple[AttemptRow, ...]
    sealed: tuple[str, ...]
    """Kinds of sealed objects that can still be opened."""
    parts: Parts = ()
    """Of each of its circuits as they came; empty where they were sent so, or nobody can say any more."""
    entries: tuple[Entry, ...] = field(default=())
    """What the ledger says of it, oldest first."""

    @property
    def classification(self) -> str | None:
        """The label it was decided by, at last."""
        return next((label for each in reversed(self.entries) if (label := each.body.get("classification"))), None)


class Inspection:
    """Reads jobs and entries of every project; only who runs the gateway's machine may ask."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database, self._vault = database, vault

    async def jobs(
        self, wanted: ListJobs, *, project_id: str | None = None, synthetic: bool = False
    ) -> list[JobRecord]:
        """List jobs as asked, in the order asked for: of one project, or of all, the self-test's if they are meant."""
        async with self._database.reading() as connection:
            every = [each.id for each in await projects.every(connection) if synthetic or not is_synthetic(each.id)]
            chosen = [project_id] if project_id else every
            # Each project gives as many as the answer could take from it alone.
            enough = replace(wanted, limit=wanted.limit + wanted.offset, offset=0)
            pages = [
                await jobs.search(connection, enough, project_id=each, principal_id=None, colleagues=True)
                for each in chosen
            ]
        found = sorted((job for page, _ in pages for job in page), key=_age, reverse=not wanted.ascending)
        return found[wanted.offset : wanted.offset + wanted.limit]

    async def job(self, name: str) -> JobReport:
        """Report one job by the id that its client knows, or by ours.

        Raises:
            JobUnknownError: there is none.
        """
        report = await self.record(name)
        since = await self._first(report)
        told = [
            entry
            async for entry in self._every(since=since, project_id=report.job.project_id)
            if entry.body.get("job_id") == report.job.id
        ]
        return replace(report, parts=await self._parts(report), entries=tuple(await self._named(told)))

    async def _first(self, report: JobReport) -> int:
        """Say from where on the ledger tells of a job: its permit, or the request for approval before it."""
        async with self._database.reading() as connection:
            asked = await approvals.entry_of(connection, report.job.id)
        if asked is not None:
            return asked
        return report.attempts[0].seq if report.attempts else 0

    async def record(self, name: str) -> JobReport:
        """Report one job as `job` does, without looking for its entries.

        Raises:
            JobUnknownError: there is none.
        """
        async with self._database.reading() as connection:
            record = await jobs.load(connection, name) or await jobs.by_id(connection, name)
            if record is None:
                raise JobUnknownError(name)
            newest = await attempts.latest(connection, record.id)
            numbers = range(1, newest.attempt + 1) if newest else ()
            tried = [await attempts.load(connection, record.id, number) for number in numbers]
            sealed = await objects.kinds(connection, record.id)
        return JobReport(job=record, attempts=tuple(row for row in tried if row is not None), sealed=sealed)

    async def _parts(self, report: JobReport) -> Parts:
        if restoring.CHANGES not in report.sealed:
            return ()
        try:
            return restoring.read(await self._vault.open(object_id=report.job.id, kind=restoring.CHANGES)).parts
        except RefusedError:
            return ()

    async def entry(self, seq: int) -> Entry:
        """Show one entry.

        Raises:
            EntryUnknownError: there is none.
        """
        found = await self.entries(since=seq, limit=1)
        if not found or found[0].seq != seq:
            raise EntryUnknownError(seq)
        return found[0]

    async def entries(
        self, *, since: int | None = None, limit: int = 20, project_id: str | None = None, type_: str | None = None
    ) -> list[Entry]:
        """List entries, oldest first: those from `since` on, or else the newest."""
        if since is None:
            return await self._named(await self._newest(limit, project_id=project_id, type_=type_))
        async with self._database.reading() as connection:
            stored = await entries.search(connection, since=since, limit=limit, project_id=project_id, type_=type_)
        return await self._named([_decoded(each) for each in stored])

    async def _newest(self, limit: int, *, project_id: str | None, type_: str | None) -> list[Entry]:
        since = 0
        if project_id is None and type_ is None:
            async with self._database.reading() as connection:
                head = await entries.head(connection)
            since = 0 if head is None else max(0, head.size - limit)
        last: deque[Entry] = deque(maxlen=limit)
        async for entry in self._every(since=since, project_id=project_id, type_=type_):
            last.append(entry)
        return list(last)

    async def _every(
        self, *, since: int, project_id: str | None = None, type_: str | None = None
    ) -> AsyncIterator[Entry]:
        """Go through entries to the end of the ledger, in constant memory."""
        while True:
            async with self._database.reading() as connection:
                page = await entries.search(connection, since=since, limit=PAGE, project_id=project_id, type_=type_)
            for stored in page:
                yield _decoded(stored)
            if len(page) < PAGE:
                return
            since = page[-1].seq + 1

    async def _named(self, found: list[Entry]) -> list[Entry]:
        digests = {digest for entry in found for digest in _digests(entry.body)}
        known = await self._vault.named(digests)
        return [
            replace(entry, names={digest: known[digest] for digest in _digests(entry.body) if digest in known})
            for entry in found
        ]


def _decoded(stored: StoredEntry) -> Entry:
    if stored.pruned:
        return _pruned(stored)
    leaf = decode(stored.leaf)
    return Entry(
        seq=leaf.seq,
        type=leaf.event.type,
        at=leaf.event.at,
        event_id=leaf.event.id,
        project_id=leaf.event.project,
        body=leaf.event.body,
        names={},
        prev=leaf.prev,
        leaf_hash=stored.leaf_hash.hex(),
    )


def _pruned(stored: StoredEntry) -> Entry:
    """Show what is left of an entry that retention emptied."""
    return Entry(
        seq=stored.seq,
        type=stored.type,
        at=stored.at,
        event_id="",
        project_id=None,
        body={"reason": "pruned by retention"},
        names={},
        prev="",
        leaf_hash=stored.leaf_hash.hex(),
    )


def _digests(value: object) -> Iterable[str]:
    """Find what may be a subject's digest, anywhere in a body."""
    match value:
        case str():
            if _DIGEST.fullmatch(value):
                yield value
        case dict():
            for inner in value.values():
                yield from _digests(inner)
        case list():
            for inner in value:
                yield from _digests(inner)


def _age(job: JobRecord) -> tuple[datetime, str]:
    return job.created_at, job.id
