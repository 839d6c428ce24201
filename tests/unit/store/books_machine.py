"""The books against a model that is too simple to be wrong: a list of jobs, summed up again for every question.

The machine drives the real writer. Its model knows nothing of balances, lines, seeds or parts of windows.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.audit.merkle import MerkleChain
from gateway.domain.budget import Charge, Level, Limit, Payer, Period, Raise, Unit, Window
from gateway.domain.exceeded import BudgetCurrencyError, LimitExceededError
from gateway.domain.window import PARTS, bounds
from gateway.domain.writes import Committed, HoldWrite
from gateway.domain.writes import Unit as Writes
from gateway.store import books, entries, limits
from gateway.store.commit import Writer
from gateway.store.engine import Database
from tests.records import genesis, hold, leaf, limit, new_id, payer

# Two days before Berlin's clocks go forward, four before its month ends.
START = datetime.fromisoformat("2026-03-27T21:59:00+00:00")
ROLLING_SECONDS = 7200
PAYERS = [
    payer(team=team, project_id=project, principal_id=principal, upstream=upstream)
    for team, project, principal, upstream in (
        ("red", "p1", "ada", "ibm"),
        ("red", "p1", "bob", "ionq"),
        ("red", "p2", "ada", "ibm"),
        ("blue", "p3", "eve", "ibm"),
    )
]
TARGETS = [
    (Level.ORGANISATION, ""),
    (Level.TEAM, "red"),
    (Level.PROJECT, "p1"),
    (Level.PROJECT, "p2"),
    (Level.PRINCIPAL, "ada"),
    (Level.KEY, payer().key_id),
    (Level.PROJECT, "a project that is gone"),
]
UNITS = [(Unit.MONEY, "USD"), (Unit.MONEY, "USD"), (Unit.MONEY, "EUR"), (Unit.JOBS, ""), (Unit.SHOTS, "")]
JUMPS = [1, 59, 60, 1800, 3600, 7201, 40_000, 86_399, 86_400, 7 * 86_400]

charges = st.builds(
    Charge,
    micros=st.integers(0, 60),
    currency=st.sampled_from(["USD", "USD", "USD", "USD", "EUR"]),
    jobs=st.just(1),
    shots=st.integers(0, 60),
)
windows = st.builds(
    Window,
    period=st.sampled_from([each for each in Period if each is not Period.ROLLING]),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]),
    fiscal_month=st.integers(1, 12),
) | st.just(Window(period=Period.ROLLING, seconds=ROLLING_SECONDS))


@dataclass(slots=True)
class Job:
    """One job as the model keeps it."""

    write: HoldWrite
    taken: Charge
    """What it holds while it is open, and what it was charged afterwards."""
    state: str = "held"


class Books(RuleBasedStateMachine):
    """Holds, bills, clocks and limits in any order."""

    def __init__(self, fresh: Callable[[], str]) -> None:
        super().__init__()
        self.now = START
        self.jobs: list[Job] = []
        self.limits: dict[str, Limit] = {}
        self.honest: set[str] = set()
        """Limits that nothing but a hold could have taken past what they allow."""
        self.runner = asyncio.Runner()
        self.database, self.writer = self.runner.run(_open(fresh()))

    def teardown(self) -> None:
        """Close every job: nothing is held any more, and the books still agree."""
        try:
            for job in self.jobs:
                if job.state == "held":
                    self._move(job, "release", job.write.charge)
            self.books_balance()
            standings = self._standings()
            assert [standing.held for standing in standings] == [0] * len(standings)
        finally:
            self.runner.run(_close(self.database, self.writer))
            self.runner.close()

    @initialize(charge=charges)
    def begin(self, charge: Charge) -> None:
        """Have something in the journal before the first limit."""
        self.hold(PAYERS[0], charge)

    @rule(who=st.sampled_from(PAYERS), charge=charges)
    def hold(self, who: Payer, charge: Charge) -> None:
        """Hold; the model says whether the limits have as much left."""
        self.hold_together([(who, charge)])

    @rule(asked=st.lists(st.tuples(st.sampled_from(PAYERS), charges), min_size=2, max_size=6))
    def hold_together(self, asked: list[tuple[Payer, Charge]]) -> None:
        """Hold for several at once: each gets or is refused what it would have been, had they come one by one."""
        writes = [
            hold(new_id(), charge=charge, payer=who, project_id=who.project_id, at=self.now, held_at=self.now)
            for who, charge in asked
        ]
        units = [Writes(leaf=leaf(at=self.now), hold=write) for write in writes]
        for write, outcome in zip(writes, self.runner.run(_all(self.writer, units)), strict=True):
            self._judge(write, outcome)

    @precondition(lambda self: self._some("held"))
    @rule(which=st.integers(0), less=st.integers(0, 60))
    def settle_for_less(self, which: int, less: int) -> None:
        """Settle at most what was held."""
        job = self._pick(which, "held")
        held = job.write.charge
        self._move(job, "settle", replace(held, micros=max(0, held.micros - less), shots=max(0, held.shots - less)))

    @precondition(lambda self: self._some("held"))
    @rule(which=st.integers(0), more=st.integers(1, 100))
    def settle_for_more(self, which: int, more: int) -> None:
        """Settle a bill that is larger than what was held; it counts all the same."""
        job = self._pick(which, "held")
        held = job.write.charge
        self._move(job, "settle", replace(held, micros=held.micros + more, shots=held.shots + more))
        self._doubt(job)

    @precondition(lambda self: self._some("held"))
    @rule(which=st.integers(0))
    def release(self, which: int) -> None:
        """Give all back."""
        self._move(self._pick(which, "held"), "release", None)

    @precondition(lambda self: self._some("settled", "released"))
    @rule(which=st.integers(0), micros=st.integers(0, 100), shots=st.integers(0, 100))
    def correct(self, which: int, micros: int, shots: int) -> None:
        """Learn of another bill, larger or smaller, for a job that has ended."""
        job = self._pick(which, "settled", "released")
        self._move(job, "correct", replace(job.write.charge, micros=micros, shots=shots))
        self._doubt(job)

    @rule(whose=st.sampled_from(TARGETS), unit=st.sampled_from(UNITS), window=windows, amount=st.integers(0, 200))
    def limit(self, whose: tuple[Level, str], unit: tuple[Unit, str], window: Window, amount: int) -> None:
        """Make a limit in the middle of a window; two of them may be at odds."""
        upstream = "ibm" if amount % 5 == 0 else ""
        one = limit(
            level=whose[0],
            target=whose[1],
            unit=unit[0],
            currency=unit[1],
            window=window,
            amount=amount,
            upstream=upstream,
            created_at=self.now,
        )
        self._put(one)
        if self._taken(one, wide=True) <= amount:
            self.honest.add(one.id)

    @precondition(lambda self: self._live())
    @rule(which=st.integers(0), amount=st.integers(0, 200))
    def set_amount(self, which: int, amount: int) -> None:
        """Raise or lower a limit for good."""
        one = self._pick_limit(which)
        self._put(replace(one, amount=amount))
        if amount < one.amount:
            self.honest.discard(one.id)

    @precondition(lambda self: self._live())
    @rule(which=st.integers(0), amount=st.integers(1, 100), seconds=st.sampled_from(JUMPS))
    def raise_(self, which: int, amount: int, seconds: int) -> None:
        """Raise a limit for a while."""
        one = self._pick_limit(which)
        more = Raise(amount=amount, until=self.now + timedelta(seconds=seconds), reason="deadline", by="ada")
        self._put(replace(one, raises=(*one.raises, more)))
        self.honest.discard(one.id)

    @precondition(lambda self: self._live())
    @rule(which=st.integers(0))
    def remove(self, which: int) -> None:
        """Remove a limit; its jobs go on."""
        self._put(replace(self._pick_limit(which), removed_at=self.now))

    @rule(seconds=st.sampled_from(JUMPS))
    def wait(self, seconds: int) -> None:
        """Let the clock run, perhaps over an edge."""
        self.now += timedelta(seconds=seconds)
        self._commit(None)

    @precondition(lambda self: any(bounds(each.window, self.now)[1] for each in self._live()))
    @rule(which=st.integers(0), seconds=st.sampled_from([-1, 0, 1]))
    def wait_for_an_edge(self, which: int, seconds: int) -> None:
        """Let the clock run to where a window ends."""
        edges = sorted({end for each in self._live() if (end := bounds(each.window, self.now)[1])})
        self.now = max(self.now, edges[which % len(edges)] + timedelta(seconds=seconds))
        self._commit(None)

    @rule()
    def jump_back(self) -> None:
        """Have the clock of a replica that is a little behind, perhaps before an edge that others have passed."""
        ahead, self.now = self.now, self.now - timedelta(seconds=3)
        self.hold(PAYERS[0], Charge(micros=1, currency="USD", jobs=1))
        self.now = ahead

    @invariant()
    def books_balance(self) -> None:
        """Balances are what the journal says, and what the model says."""
        assert self.runner.run(_differences(self.database)) == []
        for standing in self._standings():
            one = standing.limit
            assert standing.held + standing.settled <= self._taken(one, wide=True)
            assert standing.held + standing.settled >= self._taken(one, wide=False)
            assert standing.allowed == one.allows(self.now)

    @invariant()
    def nothing_is_overspent(self) -> None:
        """Where no vendor billed more than was held and nobody lowered a limit, it is never exceeded."""
        assert [each.limit.name for each in self._standings() if each.limit.id in self.honest and each.over] == []

    def _judge(self, write: HoldWrite, outcome: object) -> None:
        charge = write.charge
        counting = [each for each in self._live() if each.counts(write.payer) and self._began(each)]
        foreign = [each for each in counting if charge.micros and each.currency not in {"", charge.currency}]
        if isinstance(outcome, BudgetCurrencyError):
            assert foreign
        elif isinstance(outcome, LimitExceededError):
            assert any(self._is_short(each, charge, wide=True) for each in counting)
            assert outcome.needed == outcome.standing.limit.amount_of(charge)
            assert outcome.standing.left < outcome.needed
        else:
            assert isinstance(outcome, Committed)
            assert not foreign
            assert not any(self._is_short(each, charge, wide=False) for each in counting)
            self.jobs.append(Job(write, charge))

    def _commit(self, write: HoldWrite | None) -> None:
        self.runner.run(self.writer.commit(Writes(leaf=leaf(at=self.now), hold=write)))

    def _put(self, one: Limit) -> None:
        self.runner.run(self.writer.commit(Writes(leaf=leaf(at=self.now), rows=(limits.write(one),))))
        self.limits[one.id] = one

    def _move(self, job: Job, action: str, charge: Charge | None) -> None:
        self._commit(replace(job.write, action=action, charge=charge or job.write.charge, at=self.now))
        job.state = "released" if action == "release" else "settled"
        job.taken = Charge(currency=job.write.charge.currency) if action == "release" else charge or Charge()

    def _standings(self) -> list[books.Standing]:
        return self.runner.run(_read(self.database, self._live(), self.now))

    def _live(self) -> list[Limit]:
        return [each for each in self.limits.values() if each.removed_at is None]

    def _some(self, *states: str) -> list[Job]:
        return [job for job in self.jobs if job.state in states]

    def _pick(self, which: int, *states: str) -> Job:
        some = self._some(*states)
        return some[which % len(some)]

    def _pick_limit(self, which: int) -> Limit:
        return self._live()[which % len(self._live())]

    def _doubt(self, job: Job) -> None:
        self.honest -= {each.id for each in self.limits.values() if each.counts(job.write.payer)}

    def _is_short(self, one: Limit, charge: Charge, *, wide: bool) -> bool:
        needed = one.amount_of(charge)
        return needed > 0 and self._taken(one, wide=wide) + needed > one.allows(self.now)

    def _began(self, one: Limit) -> bool:
        """Say whether the window of this moment did not end before the limit was made."""
        if one.window.period is Period.ROLLING:
            return True
        begins, made_in = bounds(one.window, self.now)[0], bounds(one.window, one.created_at)[0]
        return begins is None or made_in is None or begins >= made_in

    def _taken(self, one: Limit, *, wide: bool) -> int:
        """Sum up what counts now; of a rolling window at most, or at least."""
        return sum(
            one.amount_of(job.taken)
            for job in self.jobs
            if one.counts(job.write.payer) and self._is_in(one, job, wide=wide)
        )

    def _is_in(self, one: Limit, job: Job, *, wide: bool) -> bool:
        at = job.write.held_at
        if one.window.period is Period.OPEN:
            return job.state == "held"
        if one.window.period is Period.ROLLING:
            part = timedelta(seconds=ROLLING_SECONDS / PARTS)
            return self.now - at < timedelta(seconds=ROLLING_SECONDS) + (part if wide else timedelta())
        return bounds(one.window, at) == bounds(one.window, self.now) and self._began(one)


async def _all(writer: Writer, units: list[Writes]) -> list[object]:
    return list(await asyncio.gather(*(writer.commit(unit) for unit in units), return_exceptions=True))


async def _open(url: str) -> tuple[Database, Writer]:
    database = await Database.open(url)
    async with database.writing() as connection:
        await entries.create(connection, replace(genesis(), last_at=START))
    writer = Writer(database, MerkleChain())
    await writer.start()
    return database, writer


async def _close(database: Database, writer: Writer) -> None:
    await writer.close()
    await database.close()


async def _differences(database: Database) -> list[books.Difference]:
    async with database.reading() as connection:
        return await books.check(connection)


async def _read(database: Database, which: list[Limit], at: datetime) -> list[books.Standing]:
    async with database.reading() as connection:
        return await books.standings(connection, which, at)
