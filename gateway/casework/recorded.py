"""Recorded decisions, with the facts they were made on: read in order, opened, and held against their digests.

A page at a time, so that the history of years takes the memory of one page.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import msgspec

from gateway.domain.decision import Decision, Obligation
from gateway.domain.errors import RefusedError
from gateway.store import decisions, entries, jobs
from gateway.store.engine import Database
from gateway.vault.envelope import DamagedError
from gateway.vault.vault import Vault

PAGE: Final = 512
ENGINE: Final = "engine/"
"""Rules of denials that came from the gateway itself, because no decision could be had."""
UNKEPT: Final = "engine/obligation"
"""The one of them that policy decided: the job could go under conditions, and those could not be met."""
_EVER: Final = (datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))
_LAST: Final = 2**63 - 1
"""The last place a database knows."""
_SOON: Final = timedelta(minutes=30)
"""How long after a decision its entry can come: a submission that waits for its vendor's program."""
_DAMAGED: Final = "the facts are not those that the entry names; compare database and backups"


class DecisionUnknownError(RefusedError):
    """The ledger tells of no such decision."""

    code = "decision-unknown"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the ledger tells of no decision {name[:80]!r}; give the id of a job or of a decision, or the number of "
            "an entry that tells of one"
        )
        self.name = name


class _Decision(msgspec.Struct, frozen=True):
    id: str
    engine: str
    policy_revision: str
    data_revision: str
    facts_digest: str
    outcome_digest: str | None = None


class _Body(msgspec.Struct, frozen=True):
    principal: str
    decision: _Decision
    deny: tuple[str, ...] = ()
    unkept: str = ""
    obligations: tuple[Obligation, ...] | None = None
    job_id: str | None = None
    client_job_id: str | None = None


class _Event(msgspec.Struct, frozen=True):
    at: str
    body: _Body
    project: str | None
    type: str


class _Leaf(msgspec.Struct, frozen=True):
    event: _Event


class _About(msgspec.Struct, frozen=True):
    """What an entry speaks of that tells of no decision itself."""

    job_id: str | None = None


class _AboutEvent(msgspec.Struct, frozen=True):
    body: _About


class _AboutLeaf(msgspec.Struct, frozen=True):
    event: _AboutEvent


_READER: Final = msgspec.json.Decoder(_Leaf)
_ABOUT: Final = msgspec.json.Decoder(_AboutLeaf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One decision as the ledger tells of it, with its facts where they can still be opened."""

    seq: int
    at: str
    type: str
    """Of its entry."""
    decision_id: str
    job_id: str | None
    client_job_id: str | None
    project_id: str | None
    principal: str
    """A digest; who it is stands in an erasable table."""
    engine: str
    policy_revision: str
    data_revision: str
    facts_digest: str
    outcome_digest: str | None
    """Absent from entries of older gateways."""
    allow: bool
    """By policy: whoever kept it from going, a person or the books, comes after that."""
    deny: tuple[str, ...]
    why_unkept: str = ""
    """Which condition could not be met, in the gateway's words; older entries do not say."""
    obligations: tuple[Obligation, ...] | None = None
    """Absent from denials, and from entries of older gateways."""
    facts: bytes = field(default=b"", repr=False)
    problem: str = ""
    """Why there are no facts."""
    damaged: bool = False
    """Whether the facts are there and are not what they were."""

    @property
    def revision(self) -> tuple[str, str]:
        """Give the digests of the rules and of the tables it was made by."""
        return self.policy_revision, self.data_revision

    def made_again(self, decision: Decision) -> bool:
        """Say whether a decision on the same facts is the one that was recorded."""
        if self.outcome_digest is not None:
            return self.outcome_digest == decision.outcome_digest
        # Older entries name the rules alone.
        return self.allow == decision.allow and set(self.deny) == {each.rule for each in decision.deny}

    @property
    def undecided(self) -> bool:
        """Say whether the engine had failed: that is nothing policy decided, and nothing to decide again."""
        return any(rule.startswith(ENGINE) and rule != UNKEPT for rule in self.deny)

    @property
    def unkept(self) -> bool:
        """Say whether policy let it go under conditions that could not be met: that hangs on the place, too."""
        return UNKEPT in self.deny

    @property
    def decidable(self) -> bool:
        """Say whether it can be decided again, with an outcome that can be compared."""
        return bool(self.facts) and not self.undecided and not self.unkept


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which decisions are meant."""

    since: datetime = _EVER[0]
    until: datetime = _EVER[1]
    project_id: str | None = None
    synthetic: bool = False
    """Whether those of the self-test are meant, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recordings:
    """Reads them."""

    database: Database
    vault: Vault

    async def count(self, span: Span) -> int:
        """Count the decisions of a span."""
        async with self.database.reading() as connection:
            start = await decisions.first_since(connection, span.since)
            return await decisions.count(connection, start=start, **_limits(span))

    async def pages(self, span: Span, *, size: int = PAGE) -> AsyncGenerator[list[Recorded], None]:
        """Read the decisions of a span, oldest first, page by page."""
        async with self.database.reading() as connection:
            start = await decisions.first_since(connection, span.since)
        while True:
            async with self.database.reading() as connection:
                rows = await decisions.page(connection, start=start, limit=size, **_limits(span))
            if not rows:
                return
            yield await self._opened(_read(rows))
            start = rows[-1][0] + 1

    async def newest(self, count: int) -> list[Recorded]:
        """Read the newest decisions, newest first."""
        async with self.database.reading() as connection:
            rows = await decisions.newest(connection, count)
        return await self._opened(_read(rows))

    async def find(self, name: str) -> Recorded:
        """Find the decision of an id, of a job by either of its ids, or of an entry by its place.

        Raises:
            DecisionUnknownError: there is none.
        """
        if name.isdecimal():
            return await self._at(int(name))
        async with self.database.reading() as connection:
            job = await jobs.load(connection, name) or await jobs.by_id(connection, name)
        wanted = name if job is None else job.decision_id
        made = _minted(wanted)
        if made is not None:
            span = Span(since=made - decisions.OUT_OF_ORDER, until=made + _SOON, synthetic=True)
            async for page in self._unopened(span):
                for each in page:
                    if each.decision_id == wanted:
                        return (await self._opened([each]))[0]
        raise DecisionUnknownError(name)

    async def _at(self, seq: int) -> Recorded:
        """Find what an entry tells of: its own decision, or that of the job it speaks of."""
        async with self.database.reading() as connection:
            stored = await entries.chosen(connection, [seq]) if seq <= _LAST else ()
        for each in _read([(one.seq, one.leaf) for one in stored]):
            return (await self._opened([each]))[0]
        for one in stored:
            with suppress(msgspec.DecodeError):
                if job_id := _ABOUT.decode(one.leaf).event.body.job_id:
                    return await self.find(job_id)
        raise DecisionUnknownError(str(seq))

    async def _unopened(self, span: Span) -> AsyncIterator[list[Recorded]]:
        async with self.database.reading() as connection:
            start = await decisions.first_since(connection, span.since)
            told = {**_limits(span), "types": decisions.TOLD}
            while rows := await decisions.page(connection, start=start, limit=PAGE, **told):
                yield list(_read(rows))
                start = rows[-1][0] + 1

    async def _opened(self, found: Iterable[Recorded]) -> list[Recorded]:
        listed = list(found)
        opened = await self.vault.open_all("facts", [each.decision_id for each in listed])
        return [_with_facts(each, opened[each.decision_id]) for each in listed]


def _read(rows: Sequence[tuple[int, bytes]]) -> Iterable[Recorded]:
    for seq, leaf in rows:
        try:
            event = _READER.decode(leaf).event
        except msgspec.DecodeError:
            # Pruned, or damaged, which is what `gateway audit verify` is for.
            continue
        yield _recorded(seq, event)


def _recorded(seq: int, event: _Event) -> Recorded:
    body, decision = event.body, event.body.decision
    return Recorded(
        seq=seq,
        at=event.at,
        type=event.type,
        decision_id=decision.id,
        job_id=body.job_id,
        client_job_id=body.client_job_id,
        project_id=event.project,
        principal=body.principal,
        engine=decision.engine,
        policy_revision=decision.policy_revision,
        data_revision=decision.data_revision,
        outcome_digest=decision.outcome_digest,
        allow=event.type != "job.denied",
        deny=body.deny,
        why_unkept=body.unkept,
        obligations=body.obligations,
        facts_digest=decision.facts_digest,
    )


def _with_facts(each: Recorded, facts: bytes | RefusedError) -> Recorded:
    """Put the facts beside what the entry says, or why there are none."""
    if isinstance(facts, RefusedError):
        return replace(each, problem=facts.message, damaged=isinstance(facts, DamagedError))
    if sha256(facts).hexdigest() != each.facts_digest:
        return replace(each, problem=_DAMAGED, damaged=True)
    return replace(each, facts=facts)


def _limits(span: Span) -> Mapping[str, Any]:
    return {"since": span.since, "until": span.until, "project_id": span.project_id, "synthetic": span.synthetic}


def _minted(decision_id: str) -> datetime | None:
    """Read from a UUIDv7 when it was made."""
    try:
        milliseconds = UUID(decision_id).int >> 80
    except ValueError:
        return None
    return _EVER[0] + timedelta(milliseconds=milliseconds)
