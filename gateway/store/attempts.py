"""Attempts of jobs: the outbox, and what became of each permit.

`permitted` means that a permit was given and nothing was sent. `sending` (hardware only) is written before the first
byte leaves: from then on the vendor may have it. `forwarded` means an upstream took it. After a crash somebody claims
any of these, but never what hardware took: it would run and be paid twice. `done` and `abandoned` are closed for good.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Row,
    String,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.backend import ExecutionKind
from gateway.domain.clock import rfc3339
from gateway.domain.writes import AttemptUpdate, ClaimWrite, OutboxWrite
from gateway.store.bulk import insert_rows, run
from gateway.store.tables import attempt, job
from gateway.store.values import text_time, time_text

OPEN: Final = ("permitted", "sending", "forwarded")

_ATTEMPTS: Final = select(attempt, job.c.project_id).join(job, job.c.id == attempt.c.job_id)

# Built once: SQLAlchemy takes longer to write such things than SQLite to run them.
_CLAIMABLE: Final = or_(
    attempt.c.state.in_(("permitted", "sending")),
    and_(attempt.c.state == "forwarded", attempt.c.kind == ExecutionKind.SIMULATOR.value),
)
_MOVE: Final = (
    update(attempt)
    .where(
        attempt.c.job_id == bindparam("of_job"),
        attempt.c.attempt == bindparam("number"),
        or_(*(attempt.c.state == state for state in OPEN)),
    )
    .values(
        state=bindparam("to"),
        vendor_job_id=func.coalesce(bindparam("vendor_id", type_=String), attempt.c.vendor_job_id),
        lease_until=None,
        sent_at=func.coalesce(bindparam("sent", type_=String), attempt.c.sent_at),
        searches=attempt.c.searches + bindparam("found_nothing", type_=Integer),
    )
)


class AttemptClosedError(Exception):
    """An attempt is changed that is closed, or was claimed by somebody else first."""

    def __init__(self, number: int) -> None:
        super().__init__(f"attempt {number} is closed, or another process claimed it")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """One attempt as it stands."""

    job_id: str
    project_id: str
    attempt: int
    upstream: str
    backend: str
    kind: ExecutionKind
    fallback: bool
    reason: str
    seq: int
    event_id: str
    """The entry that permitted it."""
    state: str
    vendor_job_id: str | None
    claims: int
    lease_until: datetime | None
    mark: str
    account_id: str | None
    sent_digest: str | None
    sent_at: datetime | None
    searches: int
    owner: str
    """The replica that follows it; empty where there is only one."""


async def load(connection: AsyncConnection, job_id: str, number: int) -> AttemptRow | None:
    """Read one attempt."""
    row = (await connection.execute(_ATTEMPTS.where(_is(job_id, number)))).one_or_none()
    return None if row is None else _attempt(row)


async def latest(connection: AsyncConnection, job_id: str) -> AttemptRow | None:
    """Read a job's newest attempt."""
    query = _ATTEMPTS.where(attempt.c.job_id == job_id).order_by(attempt.c.attempt.desc()).limit(1)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _attempt(row)


async def known(connection: AsyncConnection, *, mark: str | None, vendor_job_id: str) -> AttemptRow | None:
    """Find the attempt that a vendor's job belongs to, by our mark or by the vendor's id."""
    ours = attempt.c.vendor_job_id == vendor_job_id
    query = _ATTEMPTS.where(or_(ours, attempt.c.mark == mark) if mark else ours).limit(1)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _attempt(row)


async def unfinished(connection: AsyncConnection, *, owner: str = "") -> list[AttemptRow]:
    """List a replica's open attempts, oldest permit first."""
    return await _in_states(connection, OPEN, owner)


async def permitted(connection: AsyncConnection, *, owner: str = "") -> list[AttemptRow]:
    """List a replica's attempts that were permitted and not sent, oldest permit first."""
    return await _in_states(connection, ("permitted",), owner)


async def sending(connection: AsyncConnection, *, owner: str = "") -> list[AttemptRow]:
    """List a replica's attempts that were sent and whose answer nobody has, oldest permit first."""
    return await _in_states(connection, ("sending",), owner)


async def _in_states(connection: AsyncConnection, states: Sequence[str], owner: str) -> list[AttemptRow]:
    query = _ATTEMPTS.where(attempt.c.state.in_(states), attempt.c.owner == owner).order_by(attempt.c.seq)
    return [_attempt(row) for row in await connection.execute(query)]


def add(connection: Connection, placed: Iterable[tuple[OutboxWrite, str, int]]) -> None:
    """Insert permitted attempts, each with the event id and `seq` of the entry that permits it."""
    insert_rows(connection, attempt, [_row(write, event_id, seq) for write, event_id, seq in placed])


def change(connection: Connection, updates: Iterable[AttemptUpdate]) -> None:
    """Move open attempts on.

    Raises:
        AttemptClosedError: one is not open.
    """
    for each in updates:
        moved = {
            "of_job": each.job_id,
            "number": each.attempt,
            "to": each.state,
            "vendor_id": each.vendor_job_id,
            "sent": time_text(each.sent_at),
            "found_nothing": int(each.searched),
        }
        if run(connection, _MOVE, moved).rowcount != 1:
            raise AttemptClosedError(each.attempt)


def claim(connection: Connection, writes: Iterable[ClaimWrite]) -> None:
    """Take over attempts that are permitted again from now on, if nobody did since they were read.

    What is being sent stays so: whoever takes it over must look for it at the vendor first.

    Raises:
        AttemptClosedError: somebody did, or one is closed, or hardware took it.
    """
    for each in writes:
        state = case((attempt.c.state == "sending", "sending"), else_="permitted")
        values = {"state": state, "claims": each.claims + 1, "lease_until": rfc3339(each.lease_until)}
        unclaimed = (_is(each.job_id, each.attempt), attempt.c.claims == each.claims, _CLAIMABLE)
        if connection.execute(update(attempt).where(*unclaimed).values(values)).rowcount != 1:
            raise AttemptClosedError(each.attempt)


def _is(job_id: str, number: int) -> ColumnElement[bool]:
    return and_(attempt.c.job_id == job_id, attempt.c.attempt == number)


def _row(write: OutboxWrite, event_id: str, seq: int) -> dict[str, Any]:
    return {
        "job_id": write.job_id,
        "attempt": write.attempt,
        "upstream": write.upstream,
        "backend": write.backend,
        "kind": write.kind.value,
        "fallback": write.fallback,
        "reason": write.reason,
        "seq": seq,
        "event_id": event_id,
        "state": "permitted",
        "vendor_job_id": None,
        "claims": 0,
        "lease_until": rfc3339(write.lease_until),
        "mark": write.mark,
        "account_id": write.account_id,
        "sent_digest": write.sent_digest,
        "sent_at": None,
        "searches": 0,
        "owner": write.owner,
    }


def _attempt(row: Row[Any]) -> AttemptRow:
    times = {"lease_until": text_time(row.lease_until), "sent_at": text_time(row.sent_at)}
    return AttemptRow(**{**row._asdict(), **times, "kind": ExecutionKind(row.kind)})
