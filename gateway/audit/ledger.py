"""The ledger as the rooms use it: record first, act after. The only place that makes a `Permit`.

A permit exists because its entry, its job and its open attempt became durable together. Whoever holds one
may forward that attempt once. After a crash the attempt is still open: a claim issues the same permit again.
"""

from dataclasses import dataclass
from datetime import timedelta
from secrets import token_bytes
from typing import Any, Final, TypedDict, Unpack

from gateway.audit import check
from gateway.audit.entry import encode
from gateway.audit.export import current
from gateway.audit.merkle import NOTHING_BEFORE
from gateway.domain.chain import Head
from gateway.domain.clock import Clock
from gateway.domain.decision import Placement
from gateway.domain.errors import InsecureError
from gateway.domain.ids import JobId, uuid7
from gateway.domain.job import JobRecord, Session
from gateway.domain.permit import Permit
from gateway.domain.writes import (
    AttemptUpdate,
    ClaimWrite,
    Committed,
    EntryDraft,
    HoldWrite,
    JobEdit,
    OutboxWrite,
    RowWrite,
    SealedWrite,
    Unit,
)
from gateway.store import entries
from gateway.store.attempts import AttemptRow
from gateway.store.commit import Writer

LEASE: Final = timedelta(seconds=60)
"""How long who holds a permit is left alone with it."""


class LedgerOriginError(InsecureError):
    """The database holds another ledger than the settings name."""

    code = "ledger-origin"

    def __init__(self, *, stored: str, configured: str) -> None:
        super().__init__(
            f"the database holds the ledger {stored!r}, the settings name {configured!r}; "
            "a ledger keeps its name for good, so set ledger.origin back or use another database"
        )
        self.stored, self.configured = stored, configured


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """What an attempt will send to a vendor, as far as its row tells."""

    mark: str
    account_id: str | None
    sent_digest: str


class PermitParts(TypedDict, total=False):
    """What may become true together with a permit."""

    sealed: tuple[SealedWrite, ...]
    hold: HoldWrite | None
    session: Session | None
    rows: tuple[RowWrite, ...]


class Parts(PermitParts, total=False):
    """What may become true together with any entry. An attempt opens only with a permit."""

    job: JobRecord | None
    edit: JobEdit | None
    attempt: AttemptUpdate | None
    erased: tuple[str, ...]
    erased_kinds: tuple[tuple[str, str], ...]


class Ledger:
    """Records entries, and what must become true with them."""

    def __init__(self, writer: Writer, clock: Clock) -> None:
        self._writer, self._clock = writer, clock

    async def open(self, origin: str, *, create: bool = False) -> None:
        """Make sure that this is the ledger the settings mean; with `create`, begin it if there is none.

        A crash while it is created leaves a head without entries; opening it again writes the first.

        Raises:
            LedgerUnavailableError: there is none, and none is to be created.
            LedgerOriginError: it has another name.
        """
        if create:
            await self._begin(origin)
        head = await current(self._writer.database)
        if head.origin != origin:
            raise LedgerOriginError(stored=head.origin, configured=origin)
        if head.size == 0:
            await self.record(self._draft("ledger.created", None, {"origin": origin}))

    @property
    def owner(self) -> str:
        """The replica in whose name is written; empty where there is only one."""
        return self._writer.owner

    async def self_check(self) -> None:
        """Check before a start that the stored ledger holds.

        Raises:
            LedgerDamagedError: it does not.
        """
        await check.before_start(self._writer.database)

    async def record(self, draft: EntryDraft, **parts: Unpack[Parts]) -> Committed:
        """Make an entry durable, and what belongs to it.

        Raises:
            EntryRefusedError: the entry is not one.
            LedgerUnavailableError: nothing became durable.
            WriteRefusedError: it contradicts what is stored; nothing became durable.
        """
        return await self._commit(Unit(leaf=encode(draft), **parts))

    async def permit(
        self,
        draft: EntryDraft,
        *,
        job: JobRecord,
        placement: Placement,
        outgoing: Outgoing | None = None,
        **parts: Unpack[PermitParts],
    ) -> Permit:
        """Record that a job may go to one place, with the first attempt; raises as `record` does."""
        outbox = self._outbox(job, placement, 1, outgoing)
        return await self._issue(Unit(leaf=encode(draft), job=job, outbox=outbox, **parts), placement)

    async def permit_again(
        self, draft: EntryDraft, *, job: JobRecord, placement: Placement, closes: int, outgoing: Outgoing | None
    ) -> Permit:
        """Record the next attempt of a job and close the one before it in the same transaction.

        Raises:
            WriteRefusedError: the attempt before is closed already; nothing became durable.
        """
        closed = AttemptUpdate(job_id=job.id, attempt=closes, state="abandoned", vendor_job_id=None)
        outbox = self._outbox(job, placement, closes + 1, outgoing)
        return await self._issue(Unit(leaf=encode(draft), job=job, outbox=outbox, attempt=closed), placement)

    def _outbox(self, job: JobRecord, placement: Placement, attempt: int, outgoing: Outgoing | None) -> OutboxWrite:
        return OutboxWrite(
            job_id=job.id,
            attempt=attempt,
            upstream=placement.upstream,
            backend=placement.backend,
            kind=placement.kind,
            fallback=placement.fallback,
            reason=placement.reason,
            lease_until=self._clock.now() + LEASE,
            mark=outgoing.mark if outgoing else "",
            account_id=outgoing.account_id if outgoing else None,
            sent_digest=outgoing.sent_digest if outgoing else None,
            owner=self.owner,
        )

    async def _issue(self, unit: Unit, placement: Placement) -> Permit:
        committed, outbox = await self._commit(unit), unit.outbox
        assert outbox is not None, "a permit opens an attempt"
        return Permit(
            job_id=JobId(outbox.job_id),
            attempt=outbox.attempt,
            placement=placement,
            seq=committed.seq,
            event_id=committed.event_id,
        )

    async def keep(self, *rows: RowWrite) -> None:
        """Write rows down without an entry; raises as `record` does."""
        await self._writer.commit(Unit(rows=rows))

    async def show(self, job: JobRecord) -> None:
        """Write down how a job stands, without an entry, for other replicas to see; raises as `record` does."""
        await self._writer.commit(Unit(job=job))

    async def note(self, update: AttemptUpdate) -> None:
        """Move an attempt on without an entry, as before the first byte is sent; raises as `record` does."""
        await self._writer.commit(Unit(attempt=update))

    async def claim(self, row: AttemptRow) -> Permit:
        """Issue the permit of an open attempt again, to whoever asks first.

        Raises:
            WriteRefusedError: another process was faster, or the attempt is closed, or hardware took it.
            LedgerUnavailableError: nothing became durable.
        """
        body = {"job_id": row.job_id, "attempt": row.attempt, "claims": row.claims + 1}
        claim = ClaimWrite(
            job_id=row.job_id, attempt=row.attempt, claims=row.claims, lease_until=self._clock.now() + LEASE
        )
        await self._commit(Unit(leaf=encode(self._draft("attempt.claimed", row.project_id, body)), claim=claim))
        placement = Placement(
            upstream=row.upstream, backend=row.backend, kind=row.kind, fallback=row.fallback, reason=row.reason
        )
        return Permit(
            job_id=JobId(row.job_id), attempt=row.attempt, placement=placement, seq=row.seq, event_id=row.event_id
        )

    async def _begin(self, origin: str) -> None:
        head = Head(origin=origin, size=0, frontier=b"", last_hash=NOTHING_BEFORE, last_at=self._clock.now())
        async with self._writer.database.writing() as connection:
            if await entries.head(connection) is None:
                await entries.create(connection, head)

    async def _commit(self, unit: Unit) -> Committed:
        committed = await self._writer.commit(unit)
        assert committed is not None, "a unit with an entry has a place in the ledger"
        return committed

    def _draft(self, type_: str, project_id: str | None, body: dict[str, Any]) -> EntryDraft:
        now = self._clock.now()
        return EntryDraft(event_id=uuid7(now, token_bytes(10)), type=type_, at=now, project_id=project_id, body=body)
