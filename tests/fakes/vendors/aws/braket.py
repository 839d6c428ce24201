"""The operations of Braket, by the names of its service model. Spending limits and hybrid jobs are refused."""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from aiohttp import web

from tests.fakes.vendors.aws import admission, capabilities
from tests.fakes.vendors.aws.answers import no
from tests.fakes.vendors.aws.devices import STALE, Device
from tests.fakes.vendors.aws.program import ProgramError
from tests.fakes.vendors.aws.search import chosen, page
from tests.fakes.vendors.aws.signature import Caller
from tests.fakes.vendors.aws.storage import Storage
from tests.fakes.vendors.aws.tasks import FINAL, Task, Tasks, stamp
from tests.fakes.vendors.faults import fault_seconds, struck
from tests.fakes.vendors.serving import RefusedError

Answer = Mapping[str, Any]
Params = dict[str, Any]
DEVICES_PER_PAGE: Final = 100
TASKS_PER_PAGE: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, authenticated and well-formed."""

    request: web.Request
    caller: Caller
    params: Params
    body_sha256: str


class Braket:
    """What Braket does; every method named in `OPERATIONS` answers one operation."""

    def __init__(
        self,
        *,
        account: str,
        devices: Mapping[str, Device],
        tasks: Tasks,
        storage: Storage,
        check: Callable[[admission.Executable, Device], Awaitable[None]],
    ) -> None:
        self._account, self._devices, self._tasks = account, devices, tasks
        self._storage, self._check = storage, check
        self._described: dict[str, tuple[str, str]] = {}
        self._tokens = {(task.region, task.request["clientToken"]): task.arn for task in tasks.all.values()}

    async def answer(self, operation: str, asked: Asked) -> Answer:
        """Carry an operation out."""
        if operation not in OPERATIONS:
            raise no("braket", 403, "AccessDeniedException", f"User is not authorized to perform: braket:{operation}")
        return await OPERATIONS[operation](self, asked)

    async def search_devices(self, asked: Asked) -> Answer:
        """List the devices of the caller's region."""
        wanted = _device_filter(asked.params["filters"])
        known = [each for each in self._devices.values() if each.stands_in(asked.caller.region)]
        listed = [_summary(each) for each in known if wanted is None or each.arn in wanted]
        return page("devices", listed, asked.params, DEVICES_PER_PAGE)

    async def get_device(self, asked: Asked) -> Answer:
        """Describe one device."""
        device = self._device(asked, asked.params["deviceArn"])
        calibrated_at = device.calibrated_at(datetime.now(UTC))
        if struck(asked.request, "stale_calibration"):
            calibrated_at -= STALE
        return {
            **_summary(device),
            "deviceCapabilities": self._capabilities(device, calibrated_at),
            "deviceQueueInfo": _queues(self._tasks.waiting(device)),
        }

    async def create_quantum_task(self, asked: Asked) -> Answer:
        """Take a task, once for each client token."""
        params = asked.params
        key = asked.caller.region, params["clientToken"]
        if key in self._tokens:
            return self._again(self._tasks.all[self._tokens[key]], params)
        device = self._device(asked, params["deviceArn"])
        self._check_open(device)
        if self._storage.buckets.get(params["outputS3Bucket"]) != asked.caller.region:
            bucket = params["outputS3Bucket"]
            raise _invalid(f"Caller doesn't have access to {bucket} or it doesn't exist.")
        try:
            action = admission.read_action(params["action"])
            admission.check_parameters(params.get("deviceParameters"), device)
            for executable in admission.executables(action, device, params["shots"]):
                await self._check(executable, device)
        except ProgramError as error:
            raise _invalid(str(error)) from error
        # The check lets go of the loop: the same token may have been taken meanwhile.
        if key in self._tokens:
            return self._again(self._tasks.all[self._tokens[key]], params)
        return {"quantumTaskArn": self._accept(asked, key).arn}

    async def get_quantum_task(self, asked: Asked) -> Answer:
        """Describe one task."""
        task = self._task(asked, "quantumTaskArn")
        answer = _summary_of(task) | {
            "deviceParameters": task.request.get("deviceParameters", "{}"),
            "actionMetadata": {"actionType": task.action_type},
        }
        if "QueueInfo" in asked.params.get("additionalAttributeNames", ()):
            answer["queueInfo"] = self._queue_info(task)
        if task.failure is not None:
            answer["failureReason"] = task.failure
        if task.status == "COMPLETED":
            answer["numSuccessfulShots"] = task.request["shots"]
        for echoed in ("associations", "experimentalCapabilities"):
            if echoed in task.request:
                answer[echoed] = task.request[echoed]
        return answer

    async def cancel_quantum_task(self, asked: Asked) -> Answer:
        """Cancel a task; one that has ended can be cancelled no more."""
        task, token = self._task(asked, "quantumTaskArn"), asked.params["clientToken"]
        if task.status not in FINAL and task.status != "CANCELLING":
            self._tasks.cancel(task, token)
        elif task.status != "CANCELLING" and task.cancel_token != token:
            raise no("braket", 409, "ConflictException", f"Cannot cancel a quantum task in {task.status} status.")
        return {"quantumTaskArn": task.arn, "cancellationStatus": task.status}

    async def search_quantum_tasks(self, asked: Asked) -> Answer:
        """List tasks of the caller's region, newest first."""
        listed = [task for task in self._tasks.all.values() if task.region == asked.caller.region]
        try:
            found = [_summary_of(task) for task in reversed(listed) if chosen(task, asked.params["filters"])]
        except ValueError as error:
            raise _invalid(str(error)) from error
        return page("quantumTasks", found, asked.params, TASKS_PER_PAGE)

    async def list_tags(self, asked: Asked) -> Answer:
        """Give the tags of a task."""
        return {"tags": self._task(asked, "resourceArn").tags}

    async def tag(self, asked: Asked) -> Answer:
        """Add tags to a task."""
        task = self._task(asked, "resourceArn")
        self._tasks.tag(task, task.tags | asked.params["tags"])
        return {}

    async def untag(self, asked: Asked) -> Answer:
        """Take tags from a task."""
        task = self._task(asked, "resourceArn")
        self._tasks.tag(task, {key: task.tags[key] for key in task.tags if key not in asked.params["tagKeys"]})
        return {}

    def _capabilities(self, device: Device, calibrated_at: datetime) -> str:
        """Write a device's capabilities, anew only when something changed: they are long, and asked for often."""
        key = f"{calibrated_at} {device.message} {device.windows}"
        if self._described.get(device.arn, ("", ""))[0] != key:
            self._described[device.arn] = key, capabilities.text(device, calibrated_at)
        return self._described[device.arn][1]

    def _accept(self, asked: Asked, key: tuple[str, str]) -> Task:
        task_id = str(uuid.uuid4())
        task = Task(
            id=task_id,
            arn=f"arn:aws:braket:{asked.caller.region}:{self._account}:quantum-task/{task_id}",
            request=asked.params,
            body_sha256=asked.body_sha256,
            created_at=stamp(),
            tags=asked.params.get("tags", {}),
            late_seconds=fault_seconds(asked.request) if struck(asked.request, "late_result") else 0.0,
        )
        self._tokens[key] = task.arn
        self._tasks.start(task)
        return task

    def _again(self, task: Task, params: Params) -> Answer:
        if params != task.request:
            raise _invalid("The clientToken was used before, with different parameters.")
        return {"quantumTaskArn": task.arn}

    def _device(self, asked: Asked, arn: str) -> Device:
        device = self._devices.get(arn)
        if device is None or not device.stands_in(asked.caller.region):
            raise no("braket", 404, "ResourceNotFoundException", f"Device {arn} not found", verdict="absent")
        return device

    def _task(self, asked: Asked, name: str) -> Task:
        arn = asked.params[name]
        task = self._tasks.all.get(arn)
        if task is None or task.region != asked.caller.region:
            raise no("braket", 404, "ResourceNotFoundException", f"{arn} not found", verdict="absent")
        return task

    def _check_open(self, device: Device) -> None:
        if device.status == "RETIRED":
            raise no("braket", 410, "DeviceRetiredException", f"Device {device.arn} is retired.")
        if device.status == "OFFLINE":
            raise no("braket", 424, "DeviceOfflineException", f"Device {device.arn} is offline.")

    def _queue_info(self, task: Task) -> Answer:
        info = {"queue": "QUANTUM_TASKS_QUEUE", "queuePriority": "Normal"}
        if task.status in {"CREATED", "QUEUED"}:
            return info | {"position": str(self._tasks.position(task))}
        told = f"Task is in {task.status} status. AmazonBraket does not show queue position for this status."
        return info | {"position": "None", "message": told}


def _summary(device: Device) -> dict[str, Any]:
    return {
        "deviceArn": device.arn,
        "deviceName": device.name,
        "providerName": device.provider,
        "deviceType": "SIMULATOR" if device.simulator else "QPU",
        "deviceStatus": device.status,
    }


def _summary_of(task: Task) -> dict[str, Any]:
    answer = {
        "quantumTaskArn": task.arn,
        "status": task.status,
        "deviceArn": task.request["deviceArn"],
        "shots": task.request["shots"],
        "outputS3Bucket": task.request["outputS3Bucket"],
        "outputS3Directory": task.directory,
        "createdAt": task.created_at,
        "tags": task.tags,
    }
    return answer | ({"endedAt": task.ended_at} if task.ended_at else {})


def _queues(waiting: int) -> Sequence[Answer]:
    size = str(waiting) if waiting <= 4000 else ">4000"
    return [
        {"queue": "QUANTUM_TASKS_QUEUE", "queueSize": size, "queuePriority": "Normal"},
        {"queue": "QUANTUM_TASKS_QUEUE", "queueSize": "0", "queuePriority": "Priority"},
        {"queue": "JOBS_QUEUE", "queueSize": "0"},
    ]


def _device_filter(filters: Sequence[Mapping[str, Any]]) -> set[str] | None:
    if any(each["name"] != "deviceArn" for each in filters):
        raise _invalid("Only deviceArn filter name is currently supported.")
    return {arn for each in filters for arn in each["values"]} if filters else None


def _invalid(message: str) -> RefusedError:
    return no("braket", 400, "ValidationException", message)


OPERATIONS: Final[Mapping[str, Callable[[Braket, Asked], Awaitable[Answer]]]] = {
    "SearchDevices": Braket.search_devices,
    "GetDevice": Braket.get_device,
    "CreateQuantumTask": Braket.create_quantum_task,
    "GetQuantumTask": Braket.get_quantum_task,
    "CancelQuantumTask": Braket.cancel_quantum_task,
    "SearchQuantumTasks": Braket.search_quantum_tasks,
    "ListTagsForResource": Braket.list_tags,
    "TagResource": Braket.tag,
    "UntagResource": Braket.untag,
}
