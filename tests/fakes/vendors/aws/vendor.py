"""The fake AWS: Braket, S3 and STS behind one address, told apart by the credential scope of each request."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import pydantic
from aiohttp import web

from tests.fakes.vendors.aws import admission, sts
from tests.fakes.vendors.aws.answers import Refusal, no
from tests.fakes.vendors.aws.braket import Asked, Braket
from tests.fakes.vendors.aws.devices import REGIONS, Device, devices
from tests.fakes.vendors.aws.model import ModelError, ServiceShapes
from tests.fakes.vendors.aws.s3 import S3
from tests.fakes.vendors.aws.signature import Caller, Key, verify
from tests.fakes.vendors.aws.storage import Storage
from tests.fakes.vendors.aws.tasks import Tasks
from tests.fakes.vendors.faults import Order, ordered
from tests.fakes.vendors.journal import Journal
from tests.fakes.vendors.serving import BackendChange, JobSeen, Pace, Vendor

ACCOUNT: Final = "123456789012"
KEY: Final = Key("AKIAFAKEVENDOR000001", "fake-aws-secret-for-tests-only-0000000001")
RETRY_MILLISECONDS: Final = 200
"""What a throttled client is told to wait."""


class Window(pydantic.BaseModel):
    """One stretch of time in which a device runs tasks; UTC."""

    model_config = pydantic.ConfigDict(extra="forbid")

    executionDay: str  # noqa: N815  # Braket's spelling
    windowStartHour: str  # noqa: N815  # as above
    windowEndHour: str  # noqa: N815  # as above


class WindowsChange(Order):
    """POST /_control/windows: when a device runs tasks."""

    backend: str
    windows: list[Window]


class FakeAws(Vendor):
    """One account of AWS, as far as Braket needs it."""

    name = "aws"

    def __init__(
        self,
        *,
        keys: Sequence[Key] = (KEY,),
        account: str = ACCOUNT,
        pace: Pace | None = None,
        journal: Journal | None = None,
    ) -> None:
        super().__init__(pace=pace, journal=journal)
        self.account = account
        self.devices = devices()
        self._keys = {key.id: key for key in keys}
        self._model = ServiceShapes()
        self._storage = Storage(self.journal)
        self.tasks = Tasks(
            pace=self.pace,
            journal=self.journal,
            storage=self._storage,
            devices=self.devices,
            compute=self.compute,
        )
        self._braket = Braket(
            account=account, devices=self.devices, tasks=self.tasks, storage=self._storage, check=self._check
        )
        self._s3 = S3(self._storage)

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Give the paths of all three services; they serve the books, the scope decides who answers."""
        braket = [web.route(method, path, self._serve) for method, path in self._model.routes()]
        others = [web.route("*", path, self._serve) for path in ("/", "/{bucket}", "/{bucket}/", "/{bucket}/{key:.+}")]
        return [web.post("/_control/windows", self._post_windows), *braket, *others]

    def refuse(self, status: int) -> web.Response:
        """Refuse in the words of whichever service was asked."""
        answer = Refusal(status=status)
        if status == 429:
            answer.headers["x-amz-retry-after"] = str(RETRY_MILLISECONDS)
        return answer

    def seen(self) -> Sequence[JobSeen]:
        """Give all tasks."""
        return [
            JobSeen(
                id=task.arn,
                status=task.status,
                submitted_at=task.created_at,
                body_sha256=task.body_sha256,
                metadata=task.tags,
                client_token=task.request["clientToken"],
                more={"deviceArn": task.request["deviceArn"], "shots": task.request["shots"]},
            )
            for task in self.tasks.all.values()
        ]

    def change(self, change: BackendChange) -> None:
        """Change a device, named by ARN or by name."""
        device = self._device(change.backend)
        if change.online is not None and device.status != "RETIRED":
            device.status = "ONLINE" if change.online else "OFFLINE"
        if change.queue_length is not None:
            device.queue_length = change.queue_length
        if change.message is not None:
            device.message = change.message
        if change.calibrated_at is not None:
            device.fixed_calibration = change.calibrated_at
        if change.recalibrate:
            device.fixed_calibration, device.recalibrated = None, datetime.now(UTC)

    def about(self) -> Mapping[str, Any]:
        """Tell what to export, and what there is."""
        return {"account": self.account, "regions": list(REGIONS), "devices": list(self.devices)}

    def begin(self) -> None:
        """Queue again what a restart interrupted."""
        self.tasks.resume()

    def end(self) -> None:
        """Stop the clocks of all tasks."""
        self.tasks.stop()
        super().end()

    async def _serve(self, request: web.Request) -> web.Response:
        body = await request.read()
        caller = verify(request, body, self._keys)
        match caller.service:
            case "braket":
                return await self._answer(request, caller, body)
            case "s3":
                return await self._s3.answer(request, caller, body)
            case "sts":
                return sts.answer(request, caller, body, account=self.account)
        raise no("braket", 403, "AccessDeniedException", f"Service {caller.service} is not offered here.")

    async def _answer(self, request: web.Request, caller: Caller, body: bytes) -> web.Response:
        raw_path, _, raw_query = request.raw_path.partition("?")
        found = self._model.find(request.method, raw_path)
        if found is None or caller.region not in REGIONS:
            raise no("braket", 404, "UnknownOperationException", "There is no such operation.", verdict="absent")
        if body and request.content_type != "application/json":
            raise no("braket", 415, "UnsupportedMediaTypeException", "The body must be application/json.")
        try:
            params = self._model.read(found, raw_query, body)
        except ModelError as error:
            raise no("braket", 400, "ValidationException", str(error)) from error
        sha256 = hashlib.sha256(body).hexdigest()
        asked = Asked(request=request, caller=caller, params=params, body_sha256=sha256)
        answer = await self._braket.answer(found.name, asked)
        self._model.check_answer(found.name, answer)
        return web.json_response(answer, status=self._model.status(found.name))

    async def _check(self, executable: admission.Executable, device: Device) -> None:
        """Read a program before taking it; under `--instant` nobody reads."""
        if not self.pace.instant:
            await asyncio.to_thread(admission.admit, executable, device)

    async def _post_windows(self, request: web.Request) -> web.Response:
        change = await ordered(request, WindowsChange)
        try:
            self._device(change.backend).windows = [window.model_dump() for window in change.windows]
        except KeyError as error:
            raise web.HTTPNotFound(text=f"no backend {change.backend}") from error
        return web.Response(status=204)

    def _device(self, name: str) -> Device:
        return (
            next((each for each in self.devices.values() if name in {each.arn, each.name}), None) or self.devices[name]
        )
