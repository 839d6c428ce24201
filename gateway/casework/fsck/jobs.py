"""Jobs, attempts and money against the entries they rest on."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.audit.leaf import read
from gateway.casework.budgets import Budgets
from gateway.casework.fsck.finding import Damage, damage
from gateway.domain.job import JobStatus
from gateway.store import damage as stored
from gateway.store.damage import EntryRow
from gateway.store.engine import Database

PART: Final = "jobs"
_OUTCOMES: Final = {
    "job.completed": JobStatus.COMPLETED,
    "job.failed": JobStatus.FAILED,
    "approval.rejected": JobStatus.FAILED,
    "job.closed": JobStatus.FAILED,
    "job.cancelled": JobStatus.CANCELLED,
}


@dataclass(slots=True)
class Told:
    """What the ledger told of jobs so far: 16 bytes and an ending for each that ended."""

    ended: dict[bytes, JobStatus] = field(default_factory=dict)
    pruned_until: str = ""
    """Moment of the newest entry that was emptied: what ended before, nobody can tell."""


async def permitted(database: Database, page: Sequence[EntryRow], told: Told) -> AsyncIterator[Damage]:
    """Compare jobs with the entries that permitted them, and take in what entries tell of endings."""
    asked = {}
    for row in page:
        if (leaf := read(row.leaf)) is None:
            told.pruned_until = max(told.pruned_until, row.at)
        elif leaf.event.type == "job.permitted":
            asked[str(leaf.event.body["job_id"])] = (row.seq, leaf.event)
        elif leaf.event.type in _OUTCOMES:
            told.ended[_bytes(str(leaf.event.body["job_id"]))] = _OUTCOMES[leaf.event.type]
    async with database.reading() as connection:
        there = await stored.jobs_by_id(connection, sorted(asked))
    for job_id, (seq, event) in asked.items():
        job = there.get(job_id)
        if job is None:
            yield damage(PART, "job-missing", f"job {job_id}", f"entry {seq} permitted it")
        elif (job.project_id, job.payload_digest, job.decision_id) != (
            event.project,
            event.body["payload"]["digest"],
            event.body["decision"]["id"],
        ):
            yield damage(PART, "job-differs", f"job {job_id}", f"entry {seq} permitted it")


async def ended(database: Database, told: Told) -> AsyncIterator[Damage]:
    """Compare how jobs ended with what the ledger told of it."""
    after = ""
    while page := await _jobs(database, after):
        after = page[-1].id
        for job in page:
            status, known = JobStatus(job.status), told.ended.get(_bytes(job.id))
            if known is None and status.final and (job.finished_at or "") > told.pruned_until:
                yield damage(PART, "outcome-missing", f"job {job.id}")
            if known is not None and known is not status:
                yield damage(PART, "outcome-differs", f"job {job.id}", f"{known.value} there, {status.value} here")


async def rows(database: Database, budgets: Budgets) -> AsyncIterator[Damage]:
    """Look for attempts, jobs and journal lines that rest on nothing, and balances that the journal does not make."""
    async with database.reading() as connection:
        for job_id, number in await stored.unrecorded_attempts(connection):
            yield damage(PART, "attempt-unrecorded", f"attempt {number} of job {job_id}")
        for job_id in await stored.unattempted_jobs(connection):
            yield damage(PART, "job-unrecorded", f"job {job_id}")
        for number in await stored.unrecorded_lines(connection):
            yield damage(PART, "journal-unrecorded", f"journal line {number}")
    for each in await budgets.check():
        more = f"{each.kept} kept, {each.derived} in the journal"
        yield damage("books", "books-differ", f"limit {each.limit.name} from {each.window_start or 'the start'}", more)


async def _jobs(database: Database, after: str) -> list[stored.JobRow]:
    async with database.reading() as connection:
        return await stored.jobs(connection, after=after)


def _bytes(job_id: str) -> bytes:
    return bytes.fromhex(job_id.replace("-", ""))
