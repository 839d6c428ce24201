"""Quantum tasks: their life from CREATED to an end, their results in S3, and what outlives a restart."""

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from tests.fakes.vendors.aws import admission
from tests.fakes.vendors.aws.admission import Executable
from tests.fakes.vendors.aws.devices import Device
from tests.fakes.vendors.aws.outcome import Outcome, invented
from tests.fakes.vendors.aws.program import ProgramError
from tests.fakes.vendors.aws.results import Facts, document
from tests.fakes.vendors.aws.storage import Storage
from tests.fakes.vendors.journal import Journal
from tests.fakes.vendors.serving import Pace

log: Final = logging.getLogger(__name__)

CANCEL_SECONDS: Final = 0.05
"""How long a task stays CANCELLING."""
FINAL: Final = frozenset({"COMPLETED", "FAILED", "CANCELLED"})
Ran = list[tuple[Executable, Outcome]]


@dataclass(slots=True, kw_only=True)
class Task:
    """One task; `request` is what CreateQuantumTask was sent."""

    id: str
    arn: str
    request: dict[str, Any]
    body_sha256: str
    created_at: str
    tags: dict[str, str]
    late_seconds: float = 0.0
    """How long results.json is missing after completion; a fault."""
    status: str = "CREATED"
    ended_at: str | None = None
    failure: str | None = None
    cancel_token: str | None = None
    ticket: int = field(default=0, compare=False)
    """Its number in the queue of its device."""

    @property
    def region(self) -> str:
        """Give the region it was created in."""
        return self.arn.split(":")[3]

    @property
    def directory(self) -> str:
        """Give the folder of its results in the bucket."""
        return f"{self.request['outputS3KeyPrefix']}/{self.id}"

    @property
    def action_type(self) -> str:
        """Give the kind of its action."""
        name: str = json.loads(self.request["action"])["braketSchemaHeader"]["name"]
        return name


class Tasks:
    """All tasks by ARN, and the clocks that move them."""

    def __init__(
        self,
        *,
        pace: Pace,
        journal: Journal,
        storage: Storage,
        devices: Mapping[str, Device],
        compute: Callable[..., Awaitable[Any]],
    ) -> None:
        self._pace, self._journal, self._storage = pace, journal, storage
        self._devices, self._compute = devices, compute
        self.all: dict[str, Task] = {arn: Task(**kept) for arn, kept in journal.table("task").items()}
        self._entered: Counter[str] = Counter()
        self._left: Counter[str] = Counter()
        self._lives: dict[str, asyncio.Task[None]] = {}

    def resume(self) -> None:
        """Queue again what a restart interrupted, and finish what was being cancelled."""
        for task in self.all.values():
            if task.status == "CANCELLING":
                self._end(task, "CANCELLED")
            elif task.status not in FINAL:
                self.start(task)

    def start(self, task: Task) -> None:
        """Keep a task and let it live."""
        device = task.request["deviceArn"]
        self._entered[device] += 1
        task.ticket = self._entered[device]
        self.all[task.arn] = task
        self._keep(task)
        self._run(task, self._live(task))

    def cancel(self, task: Task, token: str) -> None:
        """Begin to cancel; the task is CANCELLED a moment later."""
        task.status, task.cancel_token = "CANCELLING", token
        self._keep(task)
        self._run(task, self._die(task))

    def tag(self, task: Task, tags: Mapping[str, str]) -> None:
        """Replace the tags of a task."""
        task.tags = dict(tags)
        self._keep(task)

    def stop(self) -> None:
        """Stop all clocks; what has not ended is taken up by `resume` after a restart."""
        for life in self._lives.values():
            life.cancel()

    def position(self, task: Task) -> int:
        """Give the place in the queue, first is 1; whatever else waits at the device stands in front."""
        device = task.request["deviceArn"]
        return max(1, task.ticket - self._left[device]) + self._devices[device].queue_length

    def waiting(self, device: Device) -> int:
        """Count what waits at a device."""
        return self._entered[device.arn] - self._left[device.arn] + device.queue_length

    def _run(self, task: Task, life: Coroutine[Any, Any, None]) -> None:
        if (before := self._lives.get(task.arn)) is not None:
            before.cancel()
        self._lives[task.arn] = asyncio.create_task(life)

    async def _die(self, task: Task) -> None:
        await asyncio.sleep(CANCEL_SECONDS)
        self._end(task, "CANCELLED")

    async def _live(self, task: Task) -> None:
        device = self._devices[task.request["deviceArn"]]
        try:
            task.status = "QUEUED"
            await asyncio.sleep(self._pace.queue_seconds)
        finally:
            self._left[device.arn] += 1
        task.status = "RUNNING"
        await asyncio.sleep(self._pace.run_seconds)
        started = time.monotonic()
        try:
            ran = self._invent(task, device) or await self._compute(_simulate, task.request, device)
        except ProgramError as error:
            self._end(task, "FAILED", str(error))
        except Exception:
            log.exception("the fake could not run %s", task.arn)
            self._end(task, "FAILED", "The quantum task could not be run.")
        else:
            await self._finish(task, device, ran, int(1000 * (time.monotonic() - started)))

    def _invent(self, task: Task, device: Device) -> Ran | None:
        """Stand in for a run under `--instant`; observables have no cheap value and are simulated after all."""
        if not self._pace.instant or "#pragma braket result" in task.request["action"]:
            return None
        action = admission.read_action(task.request["action"])
        listed = admission.executables(action, device, task.request["shots"])
        return [(each, invented(each.source, each.shots)) for each in listed]

    async def _finish(self, task: Task, device: Device, ran: Ran, run_milliseconds: int) -> None:
        """Write the results, then tell of completion, as Braket does; the fault turns this order around."""
        facts = Facts(
            arn=task.arn,
            shots=task.request["shots"],
            action=json.loads(task.request["action"]),
            created_at=task.created_at,
            ended_at=stamp(),
            run_milliseconds=run_milliseconds,
        )
        body = json.dumps(document(facts, device, ran)).encode()
        if task.late_seconds:
            self._end(task, "COMPLETED")
            await asyncio.sleep(task.late_seconds)
        key = f"{task.directory}/results.json"
        self._storage.write(task.request["outputS3Bucket"], key, body, "application/json")
        if not task.late_seconds:
            self._end(task, "COMPLETED")

    def _end(self, task: Task, status: str, failure: str | None = None) -> None:
        task.status, task.ended_at, task.failure = status, stamp(), failure
        self._keep(task)

    def _keep(self, task: Task) -> None:
        self._journal.keep("task", task.arn, asdict(task))


def stamp() -> str:
    """Give the time as Braket writes it, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _simulate(request: Mapping[str, Any], device: Device) -> Ran:
    """Read and run everything of a task; for the worker thread, where qiskit may be loaded."""
    from tests.fakes.vendors.aws import simulation

    listed = admission.executables(admission.read_action(request["action"]), device, request["shots"])
    return [(each, simulation.run(admission.admit(each, device), each.shots)) for each in listed]
