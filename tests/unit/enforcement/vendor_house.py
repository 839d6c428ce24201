"""A deployment in front of one scripted vendor, that may crash and start again; time passes when a test says so."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.domain.errors import GatewayError
from gateway.store import attempts, holds, jobs
from gateway.store.commit import LedgerUnavailableError
from gateway.workers.clocks import clocks
from tests.drill.deployment import priced
from tests.fault.small_house import SmallHouse, begin, opened


@dataclass
class Hands:
    """The system's clock, as far ahead as a test moved it."""

    ahead: timedelta = timedelta(0)

    def now(self):
        return datetime.now(UTC) + self.ahead

    def passes(self, seconds):
        self.ahead += timedelta(seconds=seconds)


@dataclass
class Deployment:
    """One deployment over its whole life."""

    state_dir: Path
    key: str
    clock: Hands
    settings: dict = field(default_factory=dict)

    @asynccontextmanager
    async def process(self, vendor):
        """Be one process of it, up to its crash."""
        async with opened(self.state_dir, self.key, vendor, **self.settings) as small:
            yield Process(small, vendor, self.clock)


async def deploy(folder, clock, **settings):
    """Make a deployment in which everything at the vendor has a price."""
    settings = {"GATEWAY_BUDGETS__PRICES": str(priced(folder, ["ibm"])), **settings}
    return Deployment(folder / "state", await begin(folder / "state", **settings), clock, settings)


@dataclass
class Process:
    """One process: what a client, a clock and an auditor see of it."""

    small: SmallHouse
    vendor: object
    clock: Hands

    @property
    def serving(self):
        return self.small.house.serving

    async def submit(self, **headers):
        """Submit one job, always the same."""
        return await self.small.submit(**headers)

    async def told(self, job):
        """Write down that a job's client received its answer."""
        database, now = self.small.house.database, self.clock.now()
        await database.transact(lambda connection: jobs.note_answered(connection, [job.id], now))

    async def recorded(self):
        """Wait until everything that goes on after its client was answered is done."""
        await asyncio.gather(*self.serving.gate.submitter.dispatcher.under_way)

    def shown(self, job):
        """Show a job as its client sees it."""
        return self.serving.jobs.get(job.client_job_id)

    async def stored(self, job):
        """Read a job from the database, past every view."""
        async with self.small.house.database.reading() as connection:
            return await jobs.by_id(connection, job.id)

    async def row(self, job, attempt=1):
        async with self.small.house.database.reading() as connection:
            return await attempts.load(connection, job.id, attempt)

    async def row_of(self, permit):
        async with self.small.house.database.reading() as connection:
            return await attempts.load(connection, permit.job_id, permit.attempt)

    def breaks_at(self, name):
        """Let one thing that the ledger does fail; gives what mends it."""
        ledger = self.small.house.ledger

        async def fail(*_, **__):
            raise LedgerUnavailableError("disk full")

        setattr(ledger, name, fail)
        return lambda: delattr(ledger, name)

    async def latest(self, job):
        async with self.small.house.database.reading() as connection:
            return await attempts.latest(connection, job.id)

    async def held(self, job):
        """Give what is still reserved for a job, in micros; `None` when nothing is."""
        async with self.small.house.database.reading() as connection:
            hold = await holds.held(connection, job.id)
        return None if hold is None else hold.charge.micros

    async def entries(self):
        return await self.small.entries()

    async def bodies(self, type_):
        """Read the bodies of all entries of a type."""
        found = await self.small.house.inspection.entries(since=0, limit=10_000)
        return [entry.body for entry in found if entry.type == type_]

    async def look_back(self):
        """Take up what an earlier process left, once."""
        await self.small.recover()

    async def searches(self, times=1, *, pause=61.0):
        """Let the search run as often, each time after every pause has passed."""
        for _ in range(times):
            await self.serving.search.run()
            self.clock.passes(pause)

    async def settles(self):
        """Let every clock run until nothing is sent or looked for any more."""
        for _ in range(12):
            await self.serving.recovery.run()
            await self.serving.search.run()
            self.clock.passes(130)

    async def ticks(self, name):
        """Let one of a serving process's clocks run once."""
        (worker,) = (each for each in clocks(self.small.house, None) if each.name == name)
        await worker.task()

    async def cancel(self, job):
        await self.serving.changes.cancel(self.small.caller, job.client_job_id)


async def quietly(awaitable):
    """Await something that may be refused, and give what came of it."""
    try:
        return await awaitable
    except GatewayError as error:
        return error


async def until(true):
    """Wait for something that happens in another task."""
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110  # nobody inside tells of it
            await asyncio.sleep(0.005)
