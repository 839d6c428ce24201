"""This process as one of several replicas on one PostgreSQL database: its heartbeat, its ears, and its fence.

A replica lives as long as its heartbeats arrive. One that was silent for longer than its lease is declared dead by
another, which owns from then on what it left open. If it was only asleep it learns so from its next heartbeat, or from
its own writer, which the database refuses in its name; either ends the process.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final
from uuid import uuid4

import structlog
from sqlalchemy import Connection

from gateway.domain import lease as leases
from gateway.domain.errors import UnavailableError
from gateway.domain.lease import Lease
from gateway.domain.writes import Unit
from gateway.store import attempts, notices, replicas
from gateway.store.apply import LedgerUnavailableError
from gateway.store.attempts import AttemptRow
from gateway.store.engine import Database
from gateway.store.notices import Notice
from gateway.store.replicas import Seat
from gateway.store.wire import Wire
from gateway.telemetry import events

BEATS: Final = 5
"""Heartbeats in one lease: so many less one may fail before anybody is declared dead."""
SAFETY_SECONDS: Final = 5.0
"""How often the database is asked all the same, should a notice ever get lost."""
log = structlog.get_logger(__name__)


class FencedError(UnavailableError):
    """Another replica declared this one dead and took its work over."""

    code = "replica-fenced"

    def __init__(self) -> None:
        super().__init__(
            "this gateway was silent for longer than its lease (stopped, or cut off from the database), so another one "
            "took its work over; it ends here and starts anew. If this happens often, look at the machine's load, or "
            "raise database.lease_seconds"
        )


class Member:
    """One replica, from `start` until `leave`, or until it is fenced."""

    def __init__(self, database: Database, seat: Seat, *, lease_seconds: float) -> None:
        self.id = str(uuid4())
        self.lease = Lease(lease_seconds)
        self.fenced = asyncio.Event()
        self.leads = False
        """Whether what must be done once in the deployment is done here."""
        self._database, self._seat = database, seat
        self._wire = Wire(database.kept_connection(replicas.application(self.id)), self._hear)
        self._told: deque[Notice] = deque()
        self._news = asyncio.Event()
        self._rows = 0
        self._since = float("inf")
        self._living: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Be counted in, hear what others write, and lead if nobody does.

        Raises:
            DatabaseUnavailableError: nobody could be counted in now.
        """
        with self._database.told_plainly():
            await self._database.transact(
                lambda connection: replicas.join(connection, self.id, self._seat, self.lease.seconds)
            )
        self._database.told = self.rows_told
        await self._beat()
        self._living = asyncio.create_task(self._live(), name="replica")
        log.info(events.REPLICA_JOINED, replica=self.id)

    async def leave(self) -> None:
        """Be counted out, so that others take over at once; a fenced replica already is."""
        if self._living is not None:
            self._living.cancel()
            await asyncio.wait({self._living})
        self._database.told = None
        self.leads = False
        self.lease.end()
        try:
            if not self.fenced.is_set():
                await self._database.transact(lambda connection: replicas.leave(connection, self.id))
        except Exception as error:  # noqa: BLE001  # without the database its lease runs out by itself
            log.warning(events.REPLICA_UNHEARD, code=type(error).__name__)
        finally:
            await self._wire.dispose()

    # ── living ───────────────────────────────────────────────────────────────────────────────────
    async def _live(self) -> None:
        """Beat until fenced; nothing else in this process may keep it from that."""
        while not self.fenced.is_set():
            await asyncio.sleep(self.lease.seconds / BEATS)
            await self._beat_or_note()

    async def _beat_or_note(self) -> None:
        """Beat once; while the database is away the lease runs out, and nothing is sent to vendors."""
        try:
            async with asyncio.timeout(self.lease.seconds):
                await self._beat()
        except Exception as error:  # noqa: BLE001  # whatever it is, the next heartbeat tries a new connection
            self.leads = False
            await self._wire.close()
            log.warning(events.REPLICA_UNHEARD, code=type(error).__name__)

    async def _beat(self) -> None:
        connection = self._wire.connection
        if connection is None:
            self.leads = False
            connection = await self._wire.open()
            self._since = leases.now()
            self._put(Notice(everything=True))
        asked_at = leases.now()
        if not await replicas.beat(connection, self.id, self.lease.seconds):
            self._fence()
            return
        self.lease.renewed(asked_at)
        self.leads = self.leads or await self._wire.lead()

    def seal(self, connection: Connection, units: Sequence[Unit]) -> None:
        """End a transaction of this replica's writer: only if it still lives, and so that the others hear of it.

        Raises:
            LedgerUnavailableError: it was declared dead; nothing becomes durable.
        """
        if not replicas.lives(connection, self.id):
            self._fence()
            raise LedgerUnavailableError("another gateway took this one's work over")
        notices.tell(connection, units, self.id)

    def _fence(self) -> None:
        if not self.fenced.is_set():
            log.error(events.REPLICA_FENCED, replica=self.id)
        self.lease.end()
        self.leads = False
        self.fenced.set()

    # ── inheriting ───────────────────────────────────────────────────────────────────────────────
    async def take_over(self) -> list[AttemptRow]:
        """Own what the dead left open, if anything; gives those attempts."""
        if self.fenced.is_set():
            return []
        # Whoever was itself away, as everybody is while the database restarts, gives the others time to come back.
        declare = leases.now() - self._since >= self.lease.seconds
        async with self._database.reading() as connection:
            if not await replicas.has_left_something(connection, self.id, declare=declare):
                return []
        dead, taken = await self._database.transact(lambda connection: self._inherit(connection, declare=declare))
        for each in dead:
            log.warning(events.REPLICA_LOST, replica=each)
        if not taken:
            return []
        async with self._database.reading() as connection:
            mine = await attempts.unfinished(connection, owner=self.id)
        return [row for row in mine if row.job_id in set(taken)]

    def _inherit(self, connection: Connection, *, declare: bool) -> tuple[Sequence[str], Sequence[str]]:
        found = replicas.take_over(connection, self.id, declare=declare)
        if not replicas.lives(connection, self.id):
            self._fence()
            raise FencedError
        return found

    # ── hearing ──────────────────────────────────────────────────────────────────────────────────
    async def heard(self) -> Notice:
        """Wait for something that others wrote; gives all that is waiting as one."""
        await self._news.wait()
        self._news.clear()
        waiting, self._told = self._told, deque()
        return notices.merged(waiting)

    def missed(self) -> None:
        """Note that what was heard could not be taken in, so that everything must be read again."""
        self._put(Notice(everything=True))

    def rows_told(self) -> int | None:
        """Give a number that moves when administrative rows were written, and every few seconds; `None` while deaf."""
        if self._wire.connection is None:
            return None
        return self._rows << 32 | int(leases.now() / SAFETY_SECONDS)

    def _hear(self, payload: str) -> None:
        notice = notices.read(payload)
        self._rows += notice.rows or notice.everything
        if notice.origin != self.id and (notice.jobs or notice.stops or notice.everything):
            self._put(notice)

    def _put(self, notice: Notice) -> None:
        self._told.append(notice)
        self._news.set()
