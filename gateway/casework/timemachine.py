"""The time machine: what would have been decided otherwise by other policies, and what that moves.

Every recorded decision is made again, from its sealed facts, by a candidate. Where the outcome differs from what the
ledger holds, it is also made again by its own archived revision, and the two are compared: a difference is the
candidate's doing and nothing else's. Decisions are pure functions of facts and revision, so a revision compared with
itself differs nowhere. Not decided again are reservations that the books refused, denials because the engine failed,
and those because an obligation could not be met: none is policy's alone.
"""

import asyncio
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, Self

import msgspec

from gateway.casework.recorded import Recorded, Recordings, Span
from gateway.casework.revisions import Revisions
from gateway.domain.decision import Decision
from gateway.policy.bulk import BulkEngine
from gateway.policy.bundle import Bundle

LISTED: Final = 100
"""Flips that are listed one by one; all of them are counted."""
_PAGES_AHEAD: Final = 3
_REVISIONS_KEPT: Final = 2
"""Past revisions whose engines stay open, besides the one in use."""


class Kind(StrEnum):
    """How a decision would have been another one."""

    ALLOW_TO_DENY = "allow-to-deny"
    DENY_TO_ALLOW = "deny-to-allow"
    PLACEMENT = "placement"
    OBLIGATIONS = "obligations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """One submission that would have been decided otherwise."""

    kind: Kind
    seq: int
    at: str
    decision_id: str
    job: str | None
    """The job's id as its SDK shows it; a denied submission has none."""
    project: str
    principal: str
    """A name, or a digest where the person was erased."""
    before: str
    after: str
    """In a few words: the rules that deny, the place, the obligations."""
    amount_micros: int | None
    currency: str | None


@dataclass(slots=True, kw_only=True)
class Tally:
    """Flips of one kind, counted."""

    decisions: int = 0
    people: set[str] = field(default_factory=set)
    projects: set[str] = field(default_factory=set)
    micros: Counter[str] = field(default_factory=Counter)
    """What the jobs would cost at most, by currency."""
    rules: Counter[str] = field(default_factory=Counter)
    """Which rules deny that did not, or did and do not any more."""


@dataclass(slots=True, kw_only=True)
class Replay:
    """What a replay found."""

    candidate: str
    total: int
    decided: int = 0
    """Decisions that were made again."""
    flips: dict[Kind, Tally] = field(default_factory=lambda: {kind: Tally() for kind in Kind})
    listed: list[Flip] = field(default_factory=list)
    other_reasons: int = 0
    """Denied by both, by other rules or in other words; or allowed by both, with other warnings."""
    undecided: int = 0
    """The engine had failed; nothing was decided that could be decided again."""
    unkept: int = 0
    """Policy let them go under conditions that could not be met where they went; that is not decided again."""
    unreadable: int = 0
    """Facts that were erased, as retention or a person's request has it."""
    damaged: int = 0
    """Facts that are not what the ledger says."""
    irreproducible: int = 0
    """Decisions that their own revision does not make again as recorded: never, unless something is broken."""

    @property
    def flipped(self) -> int:
        """How many decisions would have been others."""
        return sum(tally.decisions for tally in self.flips.values())

    @property
    def sound(self) -> bool:
        """Whether everything that can be read could be made again as it was."""
        return not (self.damaged or self.irreproducible)


Progress = Callable[[int, int], None]
"""Told how many decisions are done, and of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeMachine:
    """Replays recorded decisions; `workers` engines decide side by side for each revision in use."""

    recordings: Recordings
    revisions: Revisions
    workers: int = 2

    async def replay(
        self, candidate: Bundle, span: Span, *, progress: Progress | None = None, listed: int = LISTED
    ) -> Replay:
        """Decide a span of the past again; at most `listed` flips are told one by one.

        Raises:
            PolicyEngineError: the candidate does not load.
            PolicyUnknownError, PolicyDamagedError: a revision that decided is not in the archive as it was.
        """
        found = Replay(candidate=candidate.revision, total=await self.recordings.count(span))
        async with AsyncExitStack() as stack:
            engine = await stack.enter_async_context(BulkEngine(candidate, self.workers))
            past = await stack.enter_async_context(_Past(self.revisions, self.workers))
            pages = await stack.enter_async_context(aclosing(self.recordings.pages(span)))
            done = 0
            async for judged in _in_turn(pages, engine):
                await self._compare(found, judged, past, listed)
                done += len(judged)
                if progress is not None:
                    progress(done, found.total)
        found.listed = await self._named(found.listed)
        return found

    async def _compare(self, found: Replay, judged: Sequence["_Judged"], past: "_Past", listed: int) -> None:
        """Count one page, asking past revisions about what came out otherwise."""
        for each in judged:
            _count(found, each.recorded)
        for revision, decided in _differing(judged).items():
            if ".".join(revision) == found.candidate:
                before = [one.after for one in decided]
            else:
                before = await past.decide(revision, [one.recorded.facts for one in decided])
            for one, decision in zip(decided, before, strict=True):
                _note(found, one, decision, listed)

    async def _named(self, flips: Sequence[Flip]) -> list[Flip]:
        names = await self.recordings.vault.named({each.principal for each in flips})
        return [replace(each, principal=names.get(each.principal, each.principal)) for each in flips]


# ── deciding again ───────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class _Judged:
    """A recorded decision, and what the candidate makes of its facts; nothing where there is nothing to decide."""

    recorded: Recorded
    after: Decision | None


async def _in_turn(pages: AsyncIterator[list[Recorded]], engine: BulkEngine) -> AsyncIterator[list[_Judged]]:
    """Let pages be read while others are decided, a few ahead, and give them in their order."""
    under_way: deque[asyncio.Task[list[_Judged]]] = deque()
    try:
        async for page in pages:
            under_way.append(asyncio.create_task(_judge(page, engine)))
            if len(under_way) == _PAGES_AHEAD:
                yield await under_way.popleft()
        while under_way:
            yield await under_way.popleft()
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def _judge(page: Sequence[Recorded], engine: BulkEngine) -> list[_Judged]:
    decided = iter(await engine.decide([each.facts for each in page if each.decidable]))
    return [_Judged(each, next(decided) if each.decidable else None) for each in page]


class _Past:
    """Engines of past revisions; the least lately used ones are closed."""

    def __init__(self, revisions: Revisions, workers: int) -> None:
        self._revisions, self._workers = revisions, workers
        self._open: OrderedDict[tuple[str, str], BulkEngine] = OrderedDict()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        while self._open:
            await self._open.popitem()[1].close()

    async def decide(self, revision: tuple[str, str], facts: Sequence[bytes]) -> list[Decision]:
        if revision not in self._open:
            engine = BulkEngine(await self._revisions.bundle(*revision), self._workers)
            self._open[revision] = await engine.__aenter__()
        self._open.move_to_end(revision)
        if len(self._open) > _REVISIONS_KEPT:
            await self._open.popitem(last=False)[1].close()
        return await self._open[revision].decide(facts)


# ── comparing ────────────────────────────────────────────────────────────────────────────────────
def _count(found: Replay, recorded: Recorded) -> None:
    if recorded.undecided:
        found.undecided += 1
    elif recorded.unkept:
        found.unkept += 1
    elif recorded.facts:
        found.decided += 1
    elif recorded.damaged:
        found.damaged += 1
    else:
        found.unreadable += 1


def _differing(judged: Sequence[_Judged]) -> Mapping[tuple[str, str], "list[_Decided]"]:
    """Keep what did not come out as it was recorded, by the revision that decided it."""
    grouped: defaultdict[tuple[str, str], list[_Decided]] = defaultdict(list)
    for each in judged:
        if each.after is not None and each.after.outcome_digest != each.recorded.outcome_digest:
            grouped[each.recorded.revision].append(_Decided(each.recorded, each.after))
    return grouped


@dataclass(frozen=True, slots=True)
class _Decided:
    recorded: Recorded
    after: Decision


def _note(found: Replay, each: _Decided, before: Decision, listed: int) -> None:
    if not each.recorded.made_again(before):
        found.irreproducible += 1
    kind = kind_of(before, each.after)
    if kind is None:
        found.other_reasons += before.outcome_digest != each.after.outcome_digest
        return
    known = _FACTS.decode(each.recorded.facts)
    tally = found.flips[kind]
    tally.decisions += 1
    tally.people.add(each.recorded.principal)
    tally.projects.add(known.project.name)
    tally.rules.update(moved(before, each.after))
    if known.quote.amount_micros and known.quote.currency:
        tally.micros[known.quote.currency] += known.quote.amount_micros
    if len(found.listed) < listed:
        found.listed.append(_flip(kind, each, before, known))


def kind_of(before: Decision, after: Decision) -> Kind | None:
    """Say how one decision is another one; nothing where they differ in words or in reasons alone."""
    if before.allow != after.allow:
        return Kind.ALLOW_TO_DENY if before.allow else Kind.DENY_TO_ALLOW
    if not before.allow:
        return None
    if _place(before) != _place(after):
        return Kind.PLACEMENT
    return Kind.OBLIGATIONS if before.obligations != after.obligations else None


def moved(before: Decision, after: Decision) -> set[str]:
    """Name the rules that only one of the two is denied by."""
    return {each.rule for each in before.deny} ^ {each.rule for each in after.deny}


def _flip(kind: Kind, each: _Decided, before: Decision, known: "_Facts") -> Flip:
    recorded = each.recorded
    return Flip(
        kind=kind,
        seq=recorded.seq,
        at=recorded.at,
        decision_id=recorded.decision_id,
        job=recorded.client_job_id,
        project=known.project.name,
        principal=recorded.principal,
        before=_words(before, each.after),
        after=_words(each.after, before),
        amount_micros=known.quote.amount_micros,
        currency=known.quote.currency,
    )


def _words(decision: Decision, other: Decision) -> str:
    """Say a decision in a few words, and which rules only warn here that deny in the other."""
    if not decision.allow:
        return f"denied by {', '.join(dict.fromkeys(each.rule for each in decision.deny))}"
    kinds = dict.fromkeys(each.kind for each in decision.obligations)
    obliged = f", {', '.join(kinds)}" if kinds else ""
    denied = {each.rule for each in other.deny}
    lifted = sorted({each.rule for each in decision.warn} & denied)
    warned = f", only warned by {', '.join(lifted)}" if lifted else ""
    return f"allowed, {_place(decision)}{obliged}{warned}"


def _place(decision: Decision) -> str:
    return "" if decision.placement is None else decision.placement.kind.value


class _Project(msgspec.Struct, frozen=True):
    name: str = ""


class _Quote(msgspec.Struct, frozen=True):
    amount_micros: int | None = None
    currency: str | None = None


class _Facts(msgspec.Struct, frozen=True):
    """What a flip is told with."""

    project: _Project
    quote: _Quote


_FACTS: Final = msgspec.json.Decoder(_Facts)
