"""What one transaction of the writer does, in its fixed order. Runs on a synchronous connection.

First the head is locked and the balances are moved, because a hold that a limit refuses takes no place in the chain.
Order inside a unit: entry, sealed and erased objects, hold, job, session, attempt, rows. Locks are taken in the same
order by everybody, the head first, so writers queue and never wait for each other in a circle.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, Protocol, TypeAlias

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError

from gateway.domain.chain import Head, Link
from gateway.domain.clock import rfc3339
from gateway.domain.errors import GatewayError, RefusedError, UnavailableError
from gateway.domain.writes import Committed, Leaf, Unit
from gateway.store import attempts, entries, holds, jobs, objects, rows, sessions
from gateway.store.holds import Moved
from gateway.store.limits import Known

SKEW: Final = timedelta(seconds=5)
"""How far an entry's time may lie before the newest entry's: threads and replicas do not share one clock."""

Outcome: TypeAlias = Committed | GatewayError | None
"""Of one unit: where its entry stands, why it alone was refused, or nothing where it has no entry."""

# The database itself is in trouble: connection, resources, operator, disk, read-only, locks (SQLSTATE classes).
_TROUBLE: Final = ("08", "25", "40", "53", "55", "57", "58", "XX")


class LedgerUnavailableError(UnavailableError):
    """The ledger did not take the entry, so nothing may run."""

    code = "ledger-unavailable"

    def __init__(self, why: str, *, in_doubt: bool = False) -> None:
        super().__init__(f"the ledger takes no entry: {why}; nothing was forwarded, try again")
        self.why, self.in_doubt = why, in_doubt
        """`in_doubt`: the unit may become durable all the same, the database's answer was not waited for."""


class WriteRefusedError(RefusedError):
    """The database refused one unit, and only that one: it contradicts what is stored."""

    code = "write-refused"

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"the {what} unit was refused: {why}; nothing of it was written")
        self.what, self.why = what, why


class Chain(Protocol):
    """The arithmetic of the ledger, handed in by the room that proves it."""

    def extend(self, head: Head, leaves: Sequence[Leaf]) -> tuple[Head, Sequence[Link]]:
        """Place leaves behind a head, in order."""
        ...

    def holds(self, stored: bytes, leaf: Leaf) -> bool:
        """Say whether a stored leaf is this event in its place."""
        ...


def together(connection: Connection, chain: Chain, known: Known, units: Sequence[Unit]) -> list[Outcome]:
    """Apply all units in one go: the usual case, with as few statements as there are tables.

    A unit whose hold is refused is left out. Without units the head is written as it is, which shows whether the
    database takes writes.
    """
    start = _lock(connection)
    moved = holds.move(connection, [unit.hold for unit in units if unit.hold], known)
    refused = [moved.refused.get(unit.hold.job_id) if unit.hold else None for unit in units]
    kept = [unit for unit, error in zip(units, refused, strict=True) if error is None]
    head, outcomes = _apply(connection, chain, moved, start, kept)
    if head is not start or not units:
        entries.move_head(connection, head)
    rest = iter(outcomes)
    return [
        _refused(connection, chain, unit, error) if error else next(rest)
        for unit, error in zip(units, refused, strict=True)
    ]


def one_by_one(connection: Connection, chain: Chain, known: Known, units: Sequence[Unit]) -> list[Outcome]:
    """Apply each unit in its own savepoint: the second try, where some unit or an earlier commit is in the way.

    A unit that fails takes no place in the chain; one that was committed before is recognised by its event.
    """
    start = head = _lock(connection)
    outcomes: list[Outcome] = []
    for unit in units:
        head, outcome = _alone(connection, chain, known, head, unit)
        outcomes.append(outcome)
    if head is not start:
        entries.move_head(connection, head)
    return outcomes


def _alone(connection: Connection, chain: Chain, known: Known, head: Head, unit: Unit) -> tuple[Head, Outcome]:
    if unit.leaf is not None and (stored := entries.find(connection, unit.leaf.event_id)):
        return head, _again(chain, stored, unit.leaf)
    try:
        with connection.begin_nested():
            moved = holds.move(connection, [unit.hold] if unit.hold else [], known)
            if moved.refused:
                return head, next(iter(moved.refused.values()))
            after, outcomes = _apply(connection, chain, moved, head, [unit])
    except GatewayError as error:
        return head, error
    except Exception as error:
        if database_failed(error):
            raise
        return head, _refusal(unit, error)
    return after, outcomes[0]


def _refused(connection: Connection, chain: Chain, unit: Unit, error: GatewayError) -> Outcome:
    """Refuse a unit, unless it was committed before: then it was itself that took what is missing now."""
    if unit.leaf is not None and (stored := entries.find(connection, unit.leaf.event_id)):
        return _again(chain, stored, unit.leaf)
    return error


def _apply(
    connection: Connection, chain: Chain, moved: Moved, head: Head, units: Sequence[Unit]
) -> tuple[Head, list[Outcome]]:
    head, links = _place(chain, head, units)
    placed = list(zip(units, links, strict=True))
    entries.add(connection, ((unit.leaf, link) for unit, link in placed if unit.leaf and link))
    objects.add(connection, (write for unit in units for write in unit.sealed))
    objects.erase(connection, (object_id for unit in units for object_id in unit.erased))
    objects.erase_kinds(connection, (each for unit in units for each in unit.erased_kinds))
    holds.write_down(connection, ((unit.hold, link.seq) for unit, link in placed if unit.hold and link), moved)
    jobs.put(connection, (unit.job for unit in units if unit.job))
    jobs.edit(connection, (unit.edit for unit in units if unit.edit))
    sessions.put(connection, (unit.session for unit in units if unit.session))
    # An old attempt is closed before the next one opens: at most one is live, and an index insists on it.
    attempts.change(connection, (unit.attempt for unit in units if unit.attempt))
    attempts.claim(connection, (unit.claim for unit in units if unit.claim))
    attempts.add(
        connection,
        ((unit.outbox, unit.leaf.event_id, link.seq) for unit, link in placed if unit.outbox and unit.leaf and link),
    )
    rows.put(connection, (row for unit in units for row in unit.rows))
    return head, [_committed(unit.leaf, link) for unit, link in placed]


def _place(chain: Chain, head: Head, units: Sequence[Unit]) -> tuple[Head, list[Link | None]]:
    leaves = [unit.leaf for unit in units if unit.leaf]
    for leaf in leaves:
        _check_clock(head, leaf)
    if not leaves:
        return head, [None] * len(units)
    after, links = chain.extend(head, leaves)
    rest = iter(links)
    return after, [next(rest) if unit.leaf else None for unit in units]


def _lock(connection: Connection) -> Head:
    head = entries.lock_head(connection)
    if head is None:
        raise LedgerUnavailableError("it was never created, run `gateway init`")
    return head


def _check_clock(head: Head, leaf: Leaf) -> None:
    if leaf.at < head.last_at - SKEW:
        raise LedgerUnavailableError(
            f"the clock says {rfc3339(leaf.at)}, but the newest entry is from {rfc3339(head.last_at)}; "
            "set the clock of this machine"
        )


def _again(chain: Chain, stored: entries.StoredEntry, leaf: Leaf) -> Outcome:
    if not chain.holds(stored.leaf, leaf):
        return WriteRefusedError(leaf.type, "its event id belongs to another entry")
    return Committed(seq=stored.seq, leaf_hash=stored.leaf_hash.hex(), event_id=leaf.event_id)


def _committed(leaf: Leaf | None, link: Link | None) -> Committed | None:
    if leaf is None or link is None:
        return None
    return Committed(seq=link.seq, leaf_hash=link.leaf_hash.hex(), event_id=leaf.event_id)


def _refusal(unit: Unit, error: Exception) -> WriteRefusedError:
    what = unit.leaf.type if unit.leaf else "unrecorded"
    if isinstance(error, attempts.AttemptClosedError | holds.HoldClosedError):
        return WriteRefusedError(what, str(error))
    # The database's own words may quote values; they stay in the cause, for the log of an operator.
    refusal = WriteRefusedError(what, f"the database raised {type(error).__name__}")
    refusal.__cause__ = error
    return refusal


def database_failed(error: Exception) -> bool:
    """Say whether an error is about the database as a whole rather than about what one unit writes."""
    if isinstance(error, OSError | OperationalError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    sqlstate = getattr(error.orig, "sqlstate", None) or ""
    return error.connection_invalidated or sqlstate.startswith(_TROUBLE)
