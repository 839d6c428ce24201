"""The writer: the one place that opens a transaction for a unit, many units at a time (group commit).

While one batch is on its way to the disk, and under load for a moment after, the next one gathers. Who waits is
answered after the commit, so an answer means durable. Nobody who stops waiting takes a unit back that is already
being written.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError

from gateway.domain.errors import GatewayError
from gateway.domain.writes import Committed, Unit
from gateway.store import notices, rows
from gateway.store.apply import (
    Chain,
    LedgerUnavailableError,
    Outcome,
    WriteRefusedError,
    database_failed,
    one_by_one,
    together,
)
from gateway.store.engine import Database
from gateway.store.limits import Known
from gateway.telemetry import events
from gateway.telemetry.metrics import Metrics

__all__ = ["Chain", "LedgerUnavailableError", "UnitError", "WriteRefusedError", "Writer"]

QUEUE: Final = 2000
"""Units that may wait; more are refused at once."""
BATCH: Final = 64
"""Other replicas wait for the ledger meanwhile, and on SQLite the event loop for the statements."""
APART: Final = 16
"""Units of one transaction where each is written by itself."""
GATHER_SECONDS: Final = 0.005
"""How long units gather under load: a transaction costs as much as ten units in it."""
ENOUGH: Final = 16
"""A batch of so many has paid for its transaction."""
PATIENCE_SECONDS: Final = 4.0
"""How long a caller waits for its unit to be durable."""
PATIENCE_BESIDE_SECONDS: Final = 6.0
"""The same where other replicas write to the same ledger. Three in a row must end before a client is told that its job
waits: a permit, the mark before sending, and the closing of what could not be marked."""
PROBE_SECONDS: Final = 1.0
"""How often a ledger that is down is tried without a caller, so that readiness heals without traffic."""

log = structlog.get_logger(__name__)

_Work: TypeAlias = Callable[[Connection, Chain, Known, Sequence[Unit]], list[Outcome]]


class Member(Protocol):
    """A replica, as far as its writer knows it."""

    id: str

    def seal(self, connection: Connection, units: Sequence[Unit]) -> None:
        """End a transaction in its name, or refuse to."""
        ...


class UnitError(ValueError):
    """A unit asks for something that only a recorded unit may have; a defect of ours."""


@dataclass(slots=True, eq=False)
class _Waiting:
    """A unit on its way, and who waits for it."""

    unit: Unit
    outcome: asyncio.Future[Committed | None] = field(repr=False)
    since: float
    """When it came, on the clock of the event loop."""
    taken: bool = False


class Writer:
    """Queues units and commits them in batches. One per process; processes share the chain through its head."""

    def __init__(self, database: Database, chain: Chain, metrics: Metrics | None = None) -> None:
        self.database = database
        self._chain, self._metrics = chain, metrics
        self._known = Known()
        self._queue: deque[_Waiting] = deque()
        self._new: deque[_Waiting] = deque()
        """Where replicas wait for each other, permits: they come after what belongs to jobs that are under way."""
        self._more = asyncio.Event()
        self._open = False
        self._task: asyncio.Task[None] | None = None
        self._failure: str | None = None
        self._member: Member | None = None

    @property
    def owner(self) -> str:
        """The replica in whose name is written; empty where there is only one."""
        return "" if self._member is None else self._member.id

    def join(self, member: Member) -> None:
        """Write in the name of a replica from now on, as long as it lives."""
        self._member = member

    async def start(self) -> None:
        """Begin to take units."""
        self._open = True
        self._task = asyncio.create_task(self._run(), name="ledger-writer")

    async def close(self) -> None:
        """Write what waits, then stop."""
        self._open = False
        self._more.set()
        if self._task is not None:
            await self._task
            self._task = None

    def ready(self) -> str | None:
        """Say why the ledger takes no entry, as far as the last batch showed; `None` when it does."""
        return self._failure if self._open else "its writer is not running"

    async def commit(self, unit: Unit) -> Committed | None:
        """Make a unit durable; gives the place of its entry, or `None` where it has none.

        Somebody who is cancelled while waiting leaves the unit to be written.

        Raises:
            LedgerUnavailableError: it is not durable; `in_doubt` says whether it may become so.
            WriteRefusedError: it contradicts what is stored.
            UnitError: it is not formed as a unit must be.
        """
        _check(unit)
        waiting = self._enqueue(unit)
        patience = PATIENCE_SECONDS if self._member is None else PATIENCE_BESIDE_SECONDS
        await asyncio.wait({waiting.outcome}, timeout=patience)
        if waiting.outcome.done():
            return waiting.outcome.result()
        if waiting.taken:
            raise LedgerUnavailableError(f"the database did not answer within {patience:g} s", in_doubt=True)
        waiting.outcome.cancel()
        raise LedgerUnavailableError(f"the entry waited {patience:g} s for its turn")

    def _enqueue(self, unit: Unit) -> _Waiting:
        if not self._open:
            raise LedgerUnavailableError("its writer is not running")
        if self._length() >= QUEUE:
            raise LedgerUnavailableError(f"{QUEUE} entries wait already")
        loop = asyncio.get_running_loop()
        waiting = _Waiting(unit, loop.create_future(), loop.time())
        # Who stopped waiting never asks for the error; it is looked at here, so that nobody warns of it.
        waiting.outcome.add_done_callback(lambda done: done.cancelled() or done.exception())
        (self._new if unit.outbox and self._member else self._queue).append(waiting)
        self._more.set()
        return waiting

    async def _run(self) -> None:
        while self._open or self._length():
            if batch := self._take():
                await self._settle(batch)
                await self._gather(len(batch))
            elif self._open:
                await self._rest()

    async def _gather(self, written: int) -> None:
        """Let more come together behind a small batch of several; a unit that came alone waits for nobody."""
        if 1 < written < ENOUGH:
            await asyncio.sleep(GATHER_SECONDS)

    async def _rest(self) -> None:
        self._more.clear()
        try:
            async with asyncio.timeout(PROBE_SECONDS if self._failure else None):
                await self._more.wait()
        except TimeoutError:
            await self._write([])

    def _take(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        for queue in (self._queue, self._new):
            while queue and len(batch) < BATCH:
                waiting = queue.popleft()
                if not waiting.outcome.cancelled():
                    waiting.taken = True
                    batch.append(waiting)
        if self._metrics:
            self._metrics.ledger.queued(self._length())
        return batch

    def _length(self) -> int:
        return len(self._queue) + len(self._new)

    async def _settle(self, batch: list[_Waiting]) -> None:
        for waiting, outcome in zip(batch, await self._write([waiting.unit for waiting in batch]), strict=True):
            if isinstance(outcome, GatewayError):
                waiting.outcome.set_exception(outcome)
            else:
                waiting.outcome.set_result(outcome)
        if self._metrics:
            entries = sum(waiting.outcome.exception() is None and bool(waiting.unit.leaf) for waiting in batch)
            longest = asyncio.get_running_loop().time() - batch[0].since
            self._metrics.ledger.appended(entries=entries, seconds=longest)

    async def _write(self, units: list[Unit]) -> Sequence[Outcome]:
        try:
            outcomes = await self._try_twice(units)
        except Exception as error:  # noqa: BLE001  # the next try tells what it was
            if database_failed(error):
                return self._failed(units, error)
            # One unit is in the way, or the connection broke after the commit. Units that were committed are
            # recognised by their event, so that nothing is written twice.
            return await self._apart(units)
        self._note(None)
        return outcomes

    async def _try_twice(self, units: list[Unit]) -> list[Outcome]:
        """Try again as cheaply where no unit is to blame: under load the dear way would keep others waiting, too."""
        try:
            return await self._transact(together, units)
        except Exception as error:
            if not database_failed(error):
                raise
        return await self._transact(together, units)

    def _failed(self, units: list[Unit], error: Exception) -> list[Outcome]:
        why = _why(error)
        self._note(why)
        return [_unavailable(error, why) for _ in units]

    async def _apart(self, units: list[Unit]) -> Sequence[Outcome]:
        """Write units one by one, a few to a transaction: other replicas wait for the ledger meanwhile."""
        outcomes: list[Outcome] = []
        for start in range(0, max(1, len(units)), APART):
            outcomes += await self._some(units[start : start + APART])
        return outcomes

    async def _some(self, units: list[Unit]) -> Sequence[Outcome]:
        try:
            outcomes = await self._transact(one_by_one, units)
        except Exception as error:  # noqa: BLE001  # whatever it is, who waits must be told, and the writer goes on
            return self._failed(units, error)
        self._note(None)
        return outcomes

    def _note(self, failure: str | None) -> None:
        if failure and not self._failure:
            log.error(events.LEDGER_STALLED, message=failure)
        elif self._failure and not failure:
            log.info(events.LEDGER_RECOVERED)
        self._failure = failure

    async def _transact(self, work: _Work, units: list[Unit]) -> list[Outcome]:
        return await self.database.transact(lambda connection: self._sealed(work, connection, units))

    def _sealed(self, work: _Work, connection: Connection, units: list[Unit]) -> list[Outcome]:
        outcomes = work(connection, self._chain, self._known, units)
        # Last, and under the lock that the work took: a replica that was declared dead commits nothing.
        if self._member is not None:
            self._member.seal(connection, units)
        elif self.database.dialect == "postgresql":
            notices.tell(connection, units, self.owner)
        return outcomes


def _check(unit: Unit) -> None:
    resting = (unit.hold, unit.outbox, unit.claim, unit.sealed, unit.erased, unit.erased_kinds)
    if unit.leaf is None and any(resting):
        raise UnitError("money, sealed objects and attempts rest on an entry: the unit needs a leaf")
    for row in unit.rows:
        rows.check(row)


def _why(error: Exception) -> str:
    if isinstance(error, LedgerUnavailableError):
        return error.why
    if isinstance(error, OperationalError):
        # SQLite's own sentences are fixed and quote no value, such as "database or disk is full".
        return f"the database failed: {error.orig}"
    origin = error.orig if isinstance(error, DBAPIError) and error.orig else error
    return f"the database failed: {type(origin.__cause__ or origin).__name__}"


def _unavailable(error: Exception, why: str) -> LedgerUnavailableError:
    # A connection that broke may have broken after its commit.
    lost = isinstance(error, OSError) or (isinstance(error, DBAPIError) and error.connection_invalidated)
    unavailable = LedgerUnavailableError(why, in_doubt=lost)
    unavailable.__cause__ = error
    return unavailable
