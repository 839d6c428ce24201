"""Replicas as rows: who serves, by the database's own clock, and who takes over what a dead one left. PostgreSQL only.

Whoever is declared dead is so under the ledger's lock, and every writer asks under the same lock whether it still
lives: what a replica wrote it wrote before it died, and nothing after.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, insert, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import Insert

from gateway.store import entries
from gateway.store.attempts import OPEN
from gateway.store.tables import attempt, job, job_answered, job_lost, replica

UNANSWERED_SECONDS: Final = 3600.0
"""How far back the answers of a dead replica count as lost."""
KEPT_SECONDS: Final = 7 * 24 * 3600.0
"""How long the rows of replicas that ended are kept for people to look at."""
_RFC3339: Final = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
_LIVE: Final = select(replica.c.id).where(replica.c.ended_at.is_(None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Where a replica serves; whoever sits down there proves that nobody else does any more."""

    id: str
    address: str
    """For people: host and port."""


def database_now(*, plus: float = 0.0) -> ColumnElement[str]:
    """Give the database's own time, some seconds from now, as the tables write times."""
    moment = func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, float(plus))
    return func.to_char(func.timezone("UTC", moment), _RFC3339)


def application(replica_id: str) -> str:
    """Name the connection that a replica keeps for itself, as `pg_stat_activity` shows it."""
    return f"qgw-replica-{replica_id}"


def join(connection: Connection, replica_id: str, seat: Seat, lease_seconds: float) -> None:
    """Begin to be counted in; who had the seat before is gone, because the kernel lets only one sit there."""
    entries.lock_head(connection)
    former = replica.c.seat == seat.id
    _end(connection, [row.id for row in connection.execute(_LIVE.where(former))])
    now = database_now()
    row = {"id": replica_id, "seat": seat.id, "address": seat.address, "started_at": now, "beat_at": now}
    connection.execute(insert(replica).values(**row, expires_at=database_now(plus=lease_seconds)))
    old = replica.c.ended_at < database_now(plus=-KEPT_SECONDS)
    connection.execute(replica.delete().where(old))
    connection.execute(job_lost.delete().where(job_lost.c.at < database_now(plus=-KEPT_SECONDS)))


async def beat(connection: AsyncConnection, replica_id: str, lease_seconds: float) -> bool:
    """Say that this replica lives; false when it was declared dead meanwhile, which is for good."""
    alive = (replica.c.id == replica_id, replica.c.ended_at.is_(None))
    values = {"beat_at": database_now(), "expires_at": database_now(plus=lease_seconds)}
    return (await connection.execute(update(replica).where(*alive).values(values))).rowcount == 1


def lives(connection: Connection, replica_id: str) -> bool:
    """Say whether a replica is still counted in; ask under the ledger's lock."""
    return connection.execute(_LIVE.where(replica.c.id == replica_id)).one_or_none() is not None


def leave(connection: Connection, replica_id: str) -> None:
    """Be counted out in good order."""
    entries.lock_head(connection)
    _end(connection, [replica_id])


async def has_left_something(connection: AsyncConnection, replica_id: str, *, declare: bool) -> bool:
    """Say whether there is anything to take over, without a lock."""
    expired = _LIVE.where(_expired(replica_id)).exists()
    ownerless = select(attempt.c.job_id).where(*_ownerless()).exists()
    wanted = or_(expired, ownerless) if declare else ownerless
    return bool((await connection.execute(select(wanted))).scalar_one())


def take_over(connection: Connection, replica_id: str, *, declare: bool) -> tuple[Sequence[str], Sequence[str]]:
    """Declare dead whoever let its lease run out, and own what the dead left open.

    Gives the ids of the dead, and of the jobs that are this replica's from now on.
    """
    entries.lock_head(connection)
    dead = [row.id for row in connection.execute(_LIVE.where(_expired(replica_id)))] if declare else []
    _end(connection, dead)
    taken = update(attempt).where(*_ownerless()).values(owner=replica_id).returning(attempt.c.job_id)
    return dead, [row.job_id for row in connection.execute(taken)]


def _expired(replica_id: str) -> ColumnElement[bool]:
    return (replica.c.id != replica_id) & (replica.c.expires_at < database_now())


def _ownerless() -> tuple[ColumnElement[bool], ...]:
    return attempt.c.state.in_(OPEN), attempt.c.owner.not_in(_LIVE)


def _end(connection: Connection, ids: Sequence[str]) -> None:
    """Count replicas out; whoever waited for an answer of theirs has none, and a frozen leader leads no more."""
    if not ids:
        return
    connection.execute(update(replica).where(replica.c.id.in_(ids)).values(ended_at=database_now()))
    connection.execute(_unanswered(ids))
    taken = update(job_lost).where(job_lost.c.taken_by.in_(ids)).values(taken_by=None, at=database_now())
    connection.execute(taken)
    for each in ids:
        connection.execute(_CUT, {"name": application(each)})


_CUT: Final = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE application_name = :name AND usename = current_user AND pid <> pg_backend_pid()"
)


def _unanswered(ids: Sequence[str]) -> Insert:
    """Write down as lost what these replicas were asked lately and are not known to have answered."""
    unknown = (
        select(job.c.id, database_now())
        .join(attempt, attempt.c.job_id == job.c.id)
        .outerjoin(job_answered, job_answered.c.job_id == job.c.id)
        .where(
            attempt.c.attempt == literal(1),
            attempt.c.owner.in_(ids),
            # What was not sent to its vendor is given up, and its retry is a submission like any other.
            or_(attempt.c.state != "permitted", attempt.c.mark == ""),
            job.c.created_at >= database_now(plus=-UNANSWERED_SECONDS),
            job_answered.c.job_id.is_(None),
        )
    )
    return insert_or(job_lost).from_select(["job_id", "at"], unknown).on_conflict_do_nothing()
