"""Receipts: every entry of one job with a proof that it is in the ledger, as a published checkpoint names it.

A receipt is what its holder keeps: whatever becomes of the gateway, its ledger or its keys, it shows what was recorded.
Which entries a job has, the index says where it is that far; behind it they are looked for. That none is left out, no
receipt can prove; a whole ledger beside it does. A submission that was refused has no job: it is named by its decision.
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.audit import leaf as leaves
from gateway.audit.leaf import Event
from gateway.audit.log_keys import CREATED, ROTATED
from gateway.audit.proofs import written
from gateway.casework.proving import NotSignedYetError, Proving
from gateway.domain.clock import parse_rfc3339
from gateway.domain.errors import RefusedError
from gateway.domain.job import JobRecord
from gateway.domain.search import fact
from gateway.store import checkpoints, entries, jobs, search
from gateway.store.checkpoints import StoredCheckpoint
from gateway.store.engine import Database
from gateway.store.entries import StoredEntry
from gateway.store.search import Sought
from gateway.verifier import qgw_verify

REFUSALS: Final = ("job.denied", "reservation.refused")
DECIDING: Final = ("job.permitted", *REFUSALS)
MOST: Final = 2000
"""Entries of one job that are given out; hardly any has ten."""
PAGE: Final = 1000
_REFUSALS: Final = tuple(fact("type", each) for each in REFUSALS)
_RANDOM_BITS: Final = 80
"""What follows the milliseconds in a UUIDv7."""
_LATEST: Final = 1 << 42
_AROUND: Final = timedelta(seconds=10)
"""How far the entry of a refusal may be from the moment that its decision's id tells."""


class EvidenceGoneError(RefusedError):
    """Of what was decided about a job nothing is left in the ledger but hashes."""

    code = "evidence-gone"

    def __init__(self, name: str) -> None:
        super().__init__(f"the entries of {name[:80]!r} were pruned: an export made before that still has them")
        self.name = name


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a receipt is about: a job, or a submission that was refused."""

    name: str
    """Our id of the job; of a refusal the id of its decision."""
    project_id: str
    record: JobRecord | None
    """The job; `None` where there never was one."""
    refusal: Event | None = None
    """What the ledger says of a refusal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One entry, byte for byte, and the way to a signed root."""

    seq: int
    leaf: bytes = field(repr=False)
    text: str = field(repr=False)
    """C2SP tlog-proof, signed checkpoint included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What is proven of one job."""

    case: Case
    checkpoint: StoredCheckpoint
    proofs: tuple[Proof, ...]
    """Entries that announce the ledger's keys come along, because they say whose signatures count."""
    pending: tuple[int, ...]
    """Entries that no published checkpoint has yet; one follows in seconds."""

    def document(self) -> dict[str, Any]:
        """Write it as it is handed out."""
        return {
            "format": qgw_verify.RECEIPT,
            "job": self.case.name,
            "client_job_id": None if self.case.record is None else self.case.record.client_job_id,
            "size": self.checkpoint.size,
            "pending": list(self.pending),
            "entries": [{"leaf": each.leaf.decode(), "proof": each.text} for each in self.proofs],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipts:
    """Finds what the ledger says of one job, and proves it."""

    database: Database
    proving: Proving

    async def find(self, name: str) -> Case | None:
        """Find a job by its client's id or ours, or a refusal by the id of its decision."""
        async with self.database.reading() as connection:
            record = await jobs.load(connection, name) or await jobs.by_id(connection, name)
        if record is not None:
            return Case(name=record.id, project_id=record.project_id, record=record)
        moment = _moment(name)
        if moment is None:
            return None
        asked = Sought(terms=(_REFUSALS,), ceiling=0, since=moment - _AROUND, until=moment + _AROUND)
        async for _, event in self._candidates(asked):
            if event.type in REFUSALS and event.body["decision"]["id"] == name:
                return Case(name=name, project_id=event.project or "", record=None, refusal=event)
        return None

    async def of(self, case: Case) -> Receipt:
        """Prove every entry of a job that a published checkpoint has.

        Raises:
            NotSignedYetError: no published checkpoint has the first of them yet.
            EvidenceGoneError: the one that tells of the decision was pruned.
        """
        checkpoint = await self.proving.published()
        told = [each async for each in self._entries(case)]
        if not any(event.type in DECIDING for _, event in told):
            raise EvidenceGoneError(case.name)
        found = [(stored.seq, stored.leaf) for stored, _ in told]
        if checkpoint is None or checkpoint.size <= found[0][0]:
            raise NotSignedYetError(found[0][0])
        async with self.database.reading() as connection:
            keys = await checkpoints.key_leaves(connection, (CREATED, ROTATED))
        covered = {seq: leaf for seq, leaf in (*keys, *found) if seq < checkpoint.size}
        return Receipt(
            case=case,
            checkpoint=checkpoint,
            proofs=tuple([await self._proven(seq, covered[seq], checkpoint) for seq in sorted(covered)]),
            pending=tuple(seq for seq, _ in found if seq >= checkpoint.size),
        )

    async def _proven(self, seq: int, leaf: bytes, checkpoint: StoredCheckpoint) -> Proof:
        path = await self.proving.log.tree.inclusion(seq, checkpoint.size)
        return Proof(seq=seq, leaf=leaf, text=written(seq, path, checkpoint.whole))

    async def _entries(self, case: Case) -> AsyncIterator[tuple[StoredEntry, Event]]:
        """Give everything that the ledger says of a job, oldest first."""
        if case.refusal is None:
            asked = Sought(terms=((fact("job", case.name),),), ceiling=0)
        else:
            moment = parse_rfc3339(case.refusal.at)
            asked = Sought(terms=(_REFUSALS,), ceiling=0, since=moment, until=moment + _AROUND)
        async for stored, event in self._candidates(asked, project_id=case.project_id or None):
            if case.name in {event.body.get("job_id"), event.body.get("decision", {}).get("id")}:
                yield stored, event

    async def _candidates(
        self, asked: Sought, *, project_id: str | None = None
    ) -> AsyncIterator[tuple[StoredEntry, Event]]:
        """Give the entries that the index names, and all that it does not have yet; whoever asked must look at them."""
        async with self.database.reading() as connection:
            indexed = await search.size(connection)
            named = await search.find(connection, replace(asked, ceiling=indexed, ascending=True), limit=MOST)
            found = [each for at in named for each in await entries.between(connection, start=at.seq, stop=at.seq + 1)]
        for read in _read(found):
            yield read
        since = indexed
        while found := await self._beyond(since, project_id):
            for read in _read(found):
                yield read
            since = found[-1].seq + 1

    async def _beyond(self, since: int, project_id: str | None) -> list[StoredEntry]:
        async with self.database.reading() as connection:
            return await entries.search(connection, since=since, limit=PAGE, project_id=project_id)


def _read(found: Iterable[StoredEntry]) -> Iterator[tuple[StoredEntry, Event]]:
    """Decode entries, but for those that were pruned."""
    return ((stored, read.event) for stored in found if (read := leaves.read(stored.leaf)) is not None)


def _moment(decision_id: str) -> datetime | None:
    """Read the moment out of the id of a decision (UUIDv7); nothing where it is no such id."""
    try:
        milliseconds = UUID(decision_id).int >> _RANDOM_BITS
    except ValueError:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC) if milliseconds < _LATEST else None
