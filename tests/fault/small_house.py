"""A house whose upstream, sandbox and policy engine are toys, so that a test can stop it between any two steps.

Store, vault, ledger and enforcement are the real ones, on a real SQLite file.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError

from gateway.domain.backend import ExecutionKind
from gateway.domain.circuit import ProgramFacts
from gateway.domain.clock import SystemClock
from gateway.domain.decision import Decision, PlacementKind, PolicyPlacement
from gateway.domain.job import JobRecord, JobStatus
from gateway.domain.leaks import Screened
from gateway.domain.permit import Permit
from gateway.domain.principal import Caller
from gateway.domain.secret import Secret
from gateway.enforcement.pauses import Pauses
from gateway.enforcement.recover import Recovery
from gateway.ports.dialect import ApiKey, WireRequest
from gateway.ports.operations import Submit
from gateway.ports.upstream import Order, Progress, Upstream
from gateway.routing.fleet import Fleet
from gateway.settings import Settings, load
from gateway.store import jobs
from gateway.wiring import House, open_house
from gateway.wiring.fitting import Fitter
from gateway.wiring.opening import initialise
from gateway.wiring.reloading import listening
from gateway.wiring.serving import accompanied, remember
from gateway.wiring.transparency import witnesses
from tests import records
from tests.fakes import values
from tests.integration import bodies

MEASURED = ProgramFacts(
    circuits=(records.circuit(),), total_shots=8, estimated_seconds=0.1, digest="cd" * 32, payload_versions=("qpy-17",)
)


async def taken(_permit: Permit, _order: Order) -> None:
    """Take every attempt."""


@dataclass
class ToyUpstream:
    """Notes what it is asked to run; `reaction` is what happens then."""

    kind: ExecutionKind = ExecutionKind.SIMULATOR
    reaction: Callable[[Permit, Order], Awaitable[None]] = taken
    submitted: list[tuple[Permit, Order]] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the first attempt arrives."""
    name: str = "aer"
    dialect: str | None = None
    bounds_time = True

    def backends(self):
        return (replace(values.BACKEND, kind=self.kind),)

    def status(self, *_: Any):
        return values.STATUS

    def calibration(self, *_: Any, **__: Any):
        return values.CALIBRATION

    def feasible(self, *_: Any):
        return None

    def options_not_applied(self, *_: Any):
        return ()

    def prepare(self, *_: Any):
        return None

    async def submit(self, permit: Permit, order: Order) -> str:
        self.submitted.append((permit, order))
        self.asked.set()
        await self.reaction(permit, order)
        return permit.job_id

    async def cancel(self, *_: Any):
        return False

    def queue_position(self, *_: Any):
        return None

    def envelope(self, *_: Any):
        return None


@dataclass
class ToySandbox:
    """Finds the same two qubits in every payload; writes one payload differently each time."""

    translations: list[dict[str, Any]] = field(default_factory=list)

    async def measure(self, **_: Any) -> ProgramFacts:
        return MEASURED

    async def screen(self, _documents: Any, **_: Any) -> Screened:
        return Screened()

    async def translate(self, **wanted: Any) -> bytes:
        self.translations.append(wanted)
        return b"translation %d of %s" % (id(wanted), wanted["body"])

    def ready(self) -> None:
        return None


class ToyPolicy:
    """Allows everything where it was asked for."""

    async def decide(self, facts: bytes, *, decision_id: str) -> Decision:
        return Decision(
            id=decision_id,
            allow=True,
            deny=(),
            warn=(),
            placement=PolicyPlacement(kind=PlacementKind.REQUESTED, reason=""),
            obligations=(),
            engine="toy",
            policy_revision="ab" * 32,
            data_revision="cd" * 32,
            facts_digest="ef" * 32,
            facts=facts,
            milliseconds=0.1,
        )

    def ready(self) -> None:
        return None


@dataclass
class SmallHouse:
    """One process's worth of a house, and who asks it."""

    house: House
    upstream: Any
    """What the test handed over as the only upstream."""
    caller: Caller

    async def submit(self, **headers: str) -> JobRecord:
        """Submit one job as the front door would."""
        dialect = self.house.dialects["ibm"]
        request = WireRequest(
            method="POST", path="/api/v1/jobs", query=(), headers=headers, body=bodies.text(bodies.golden())
        )
        operation = dialect.operation(request)
        assert isinstance(operation, Submit)
        gate = self.house.serving.gate
        return (await gate.perform(self.caller, operation, dialect, gate.delivery())).job

    async def cut_off(self) -> None:
        """End everything that is under way, as a crash does."""
        tasks = self.house.serving.gate.submitter.dispatcher.under_way
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def completed(self, job_id: str) -> None:
        """Report a result, as an upstream does."""
        outcome = values.result(values.item(registers={"meas": values.register(2, [0, 3] * 4)}))
        await self.house.serving.follower.progress(
            Progress(job_id=job_id, attempt=1, status=JobStatus.COMPLETED, at=SystemClock().now(), result=outcome)
        )

    async def unrecorded(self) -> None:
        """Wait until an outcome waits for the ledger."""
        async with asyncio.timeout(10):
            while not self.house.serving.follower.unrecorded:  # noqa: ASYNC110  # nobody inside tells of it
                await asyncio.sleep(0.01)

    async def recover(self) -> None:
        """Take up what an earlier process left."""
        await self.house.serving.recovery.run()

    def waited(self) -> Recovery:
        """Give the recovery as it is when every pause has passed."""
        recovery = self.house.serving.recovery
        return replace(recovery, pauses=Pauses(clock=recovery.clock))

    async def stored(self) -> list[JobRecord]:
        """Read every job from the database, past every view."""
        async with self.house.database.reading() as connection:
            return await jobs.unfinished(connection)

    async def entries(self) -> list[str]:
        """List the types of all entries that are about jobs, oldest first."""
        found = await self.house.inspection.entries(since=0, limit=10_000)
        return [entry.type for entry in found if entry.type.startswith(("job.", "attempt."))]

    def slow_ledger(self) -> Callable[[], None]:
        """Let every transaction take longer than anybody waits; gives what ends that."""
        writer, released = self.house.writer, asyncio.Event()
        working = writer._transact

        async def slow(*arguments: Any) -> Any:
            await released.wait()
            return await working(*arguments)

        writer._transact = slow
        return released.set

    def break_ledger(self) -> Callable[[], None]:
        """Let every transaction fail as on a full disk; gives what mends it."""
        writer = self.house.writer
        working = writer._transact

        async def full(*_: Any) -> Any:
            raise OperationalError("INSERT", {}, Exception("database or disk is full"))

        writer._transact = full
        return lambda: setattr(writer, "_transact", working)


def _settings(state_dir: Path, settings: Mapping[str, str]) -> Settings:
    return load(None, {"GATEWAY_STATE_DIR": str(state_dir), **settings})


async def begin(state_dir: Path, **settings: str) -> str:
    """Make a deployment and give its key."""
    issued = await initialise(_settings(state_dir, settings))
    return issued.text.reveal().decode()


@asynccontextmanager
async def opened(state_dir: Path, key: str, upstream: Upstream, **settings: str) -> AsyncIterator[SmallHouse]:
    """Be one process; leaving the block without an orderly end of anything is its crash."""
    async with open_house(_settings(state_dir, settings)) as house, AsyncExitStack() as stack:
        fitter = Fitter(house)
        fitter._fleet, fitter._sandbox, fitter._decision_point = Fleet([upstream]), ToySandbox(), ToyPolicy()
        fitter._encoders = {upstream.name: "toy"}
        serving = accompanied(house, fitter.serving(), witnesses(house, stack), stack)
        serving = replace(serving, listening=await listening(house, fitter._decision_point))
        await serving.jobs.refresh()
        await serving.wishes.refresh()
        await serving.recovery.look_back()
        await remember(house, serving)
        caller = house.authenticator.caller(ApiKey(Secret.of(key)))
        small = SmallHouse(replace(house, rooms=serving), upstream, caller)
        try:
            yield small
        finally:
            await small.cut_off()
