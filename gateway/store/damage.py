"""What `gateway audit fsck` reads: rows as they are, whether or not they make sense. Nothing is judged here."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import String, and_, cast, exists, not_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.approval_tables import approval
from gateway.store.erasure_tables import erasure_order
from gateway.store.money_tables import journal
from gateway.store.tables import (
    attempt,
    audit_checkpoint,
    audit_cosignature,
    audit_entry,
    audit_tile,
    job,
    sealed_object,
    tenant_key,
)

PAGE: Final = 500

_ROWS: Final = ("update", "delete", "replace")
GUARDS: Final = {
    "sqlite": frozenset(
        {
            "api_key_refuse_revival",
            *(f"{table}_refuse_{how}" for table in ("audit_entry", "erasure_order", "journal") for how in _ROWS),
            *(f"audit_head_refuse_{how}" for how in ("delete", "replace", "rewind")),
        }
    ),
    "postgresql": frozenset(
        {
            "api_key_refuse_revival",
            *(f"{table}_refuse_{how}" for table in ("audit_entry", "erasure_order") for how in ("update", "delete")),
            *(f"audit_head_refuse_{how}" for how in ("delete", "rewind")),
            "journal_refuse_change",
            *(f"{table}_refuse_truncate" for table in ("audit_entry", "audit_head", "erasure_order", "journal")),
        }
    ),
}
"""The triggers that migrations leave behind, by database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """One entry with the columns beside its leaf."""

    seq: int
    event_id: str
    type: str
    at: str
    project_id: str | None
    leaf: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TileRow:
    """One full tile."""

    level: int
    number: int
    root: bytes = field(repr=False)
    hashes: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRow:
    """One sealed object that can still be opened, as far as its row says."""

    object_id: str
    kind: str
    project_id: str
    ciphertext: bytes = field(repr=False)
    ciphertext_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """What a job's row says that the ledger says, too."""

    id: str
    project_id: str
    status: str
    payload_digest: str
    decision_id: str
    finished_at: str | None


async def entries(connection: AsyncConnection, *, since: int) -> list[EntryRow]:
    """Read a page of entries, in order."""
    names = ("seq", "event_id", "type", "at", "project_id", "leaf")
    query = select(*(audit_entry.c[name] for name in names)).where(audit_entry.c.seq >= since)
    rows = await connection.execute(query.order_by(audit_entry.c.seq).limit(PAGE))
    return [EntryRow(**row._asdict()) for row in rows]


async def tiles(connection: AsyncConnection, level: int, *, since: int) -> list[TileRow]:
    """Read a page of a level's tiles, in order."""
    query = select(audit_tile).where(audit_tile.c.level == level, audit_tile.c.number >= since)
    rows = await connection.execute(query.order_by(audit_tile.c.number).limit(PAGE))
    return [TileRow(**row._asdict()) for row in rows]


async def orphaned_cosignatures(connection: AsyncConnection) -> list[int]:
    """List sizes that a witness cosigned and no checkpoint has."""
    query = select(audit_cosignature.c.size).where(audit_cosignature.c.size.not_in(select(audit_checkpoint.c.size)))
    return list((await connection.execute(query.distinct())).scalars())


async def digests(connection: AsyncConnection, object_ids: Sequence[str]) -> dict[tuple[str, str], str]:
    """Give the digest of each sealed object under some ids, by id and kind; erased ones too."""
    columns = (sealed_object.c.object_id, sealed_object.c.kind, sealed_object.c.ciphertext_digest)
    rows = await connection.execute(select(*columns).where(columns[0].in_(object_ids)))
    return {(row[0], row[1]): row[2] for row in rows}


async def opened(connection: AsyncConnection, *, after: tuple[str, str]) -> list[ObjectRow]:
    """Read a page of the sealed objects that have a key, in order."""
    key = (sealed_object.c.object_id, sealed_object.c.kind)
    columns = (*key, sealed_object.c.project_id, sealed_object.c.ciphertext, sealed_object.c.ciphertext_digest)
    behind = (key[0] > after[0]) | and_(key[0] == after[0], key[1] > after[1])
    query = select(*columns).where(behind, sealed_object.c.wrapped_dek.is_not(None)).order_by(*key)
    return [ObjectRow(**row._asdict()) for row in await connection.execute(query.limit(PAGE // 10))]


async def tenant_keys(connection: AsyncConnection) -> list[tuple[str, int]]:
    """List every tenant key by project and version."""
    query = select(tenant_key.c.project_id, tenant_key.c.version).order_by(tenant_key.c.project_id)
    return [(row[0], row[1]) for row in await connection.execute(query)]


async def jobs(connection: AsyncConnection, *, after: str) -> list[JobRow]:
    """Read a page of jobs, in order of their ids."""
    rows = await connection.execute(_JOBS.where(job.c.id > after).order_by(job.c.id).limit(PAGE))
    return [JobRow(**row._asdict()) for row in rows]


async def jobs_by_id(connection: AsyncConnection, job_ids: Sequence[str]) -> dict[str, JobRow]:
    """Read some jobs."""
    return {row.id: JobRow(**row._asdict()) for row in await connection.execute(_JOBS.where(job.c.id.in_(job_ids)))}


async def unrecorded_attempts(connection: AsyncConnection) -> list[tuple[str, int]]:
    """List attempts whose entry is not where they say."""
    entry = and_(audit_entry.c.seq == attempt.c.seq, audit_entry.c.event_id == attempt.c.event_id)
    query = select(attempt.c.job_id, attempt.c.attempt).where(not_(exists().where(entry)))
    return [(row[0], row[1]) for row in await connection.execute(query.order_by(attempt.c.job_id))]


async def unattempted_jobs(connection: AsyncConnection) -> list[str]:
    """List jobs that no attempt belongs to, and that never waited for somebody's approval."""
    never_sent = not_(exists().where(attempt.c.job_id == job.c.id))
    query = select(job.c.id).where(never_sent, not_(exists().where(approval.c.job_id == job.c.id)))
    return list((await connection.execute(query.order_by(job.c.id))).scalars())


async def unrecorded_lines(connection: AsyncConnection) -> list[int]:
    """List lines of the journal that rest on no entry."""
    query = select(journal.c.id).where(not_(exists().where(audit_entry.c.seq == journal.c.seq)))
    return list((await connection.execute(query.order_by(journal.c.id))).scalars())


async def orders(connection: AsyncConnection) -> frozenset[str]:
    """List the ids of all orders to erase."""
    return frozenset((await connection.execute(select(cast(erasure_order.c.id, String)))).scalars())


async def missing_guards(connection: AsyncConnection) -> list[str]:
    """List triggers that are not there any more, or are switched off."""
    queries = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'",
    }
    dialect = connection.dialect.name
    there = set((await connection.execute(text(queries[dialect]))).scalars())
    return sorted(GUARDS[dialect] - there)


_JOBS: Final = select(
    job.c.id, job.c.project_id, job.c.status, job.c.payload_digest, job.c.decision_id, job.c.finished_at
)
