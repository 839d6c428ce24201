"""Amazon Braket's API as the gateway asks it: `ports.vendor.Vendor`.

Our mark is the client token of a task, and Braket runs one token once: sending again is always safe. A search cannot
ask for tokens, so a task whose answer was lost is found again by the mark in the directory of its results or its tag.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from adapters.braket import arns, vendor_backends, vendor_calibration, vendor_results, vendor_tasks
from adapters.braket.settings import BraketAccount, BraketSettings
from adapters.braket.vendor_devices import Devices
from adapters.braket.vendor_wire import NAME, Aws, segment, told
from gateway.domain.backend import Calibration
from gateway.domain.result import ProgramResult
from gateway.ports.vendor import (
    Account,
    AnswerLostError,
    BackendReport,
    Call,
    Dispatch,
    Prepared,
    Resend,
    VendorJob,
    VendorRefusedError,
    by_mark,
)

_PAGES: Final = 400
"""Most pages of a search; beyond that it found nothing that could be trusted."""


class BraketVendor:
    """Asks Amazon Braket, in every region that the account uses."""

    name = NAME
    resend = Resend.IDEMPOTENT
    bounds_time = False
    settle_seconds = 120.0
    """Braket documents no bound; a task is listed at once as far as anyone has seen."""

    def __init__(self, settings: BraketSettings) -> None:
        self._settings = settings

    async def backends(self, call: Call) -> Sequence[BackendReport]:
        """List the devices of all regions that run OpenQASM and are not retired."""
        aws = await Aws.opened(self._settings, call)
        return await Devices(aws=aws, regions=_used(call.account).places).reports()

    async def calibration(self, call: Call, backend: str) -> Calibration | None:
        """Fetch a device's standardized properties; simulators have none."""
        aws, used = await Aws.opened(self._settings, call), _used(call.account)
        body = await Devices(aws=aws, regions=used.places).described(used.region_of(backend), backend)
        return vendor_calibration.calibration(backend, vendor_backends.capabilities(told(body)))

    def prepare(self, account: Account, dispatch: Dispatch) -> Prepared:
        """Put our mark into token, tag and directory, and pin the bucket.

        Raises:
            NotFoundError: the account does not use the device's region.
        """
        used = _used(account)
        bucket = used.bucket_in(used.region_of(dispatch.backend))
        return vendor_tasks.prepared(dispatch.body, mark=dispatch.mark, bucket=bucket, prefix=used.prefix)

    async def submit(self, call: Call, dispatch: Dispatch, prepared: Prepared) -> str:
        """Create a task in the device's region, once."""
        aws = await Aws.opened(self._settings, call)
        region = _used(call.account).region_of(dispatch.backend)
        answer = await aws.braket(region, "POST", "/quantum-task", prepared.body)
        arn = told(answer.body).get("quantumTaskArn")
        if not isinstance(arn, str) or not arns.TASK.fullmatch(arn):
            raise AnswerLostError("braket took the task, but its answer names none")
        return arn

    async def find(self, call: Call, dispatches: Sequence[Dispatch], *, since: datetime) -> Mapping[str, VendorJob]:
        """Look through each device's tasks since a moment: in its own region, a simulator's in all of them."""
        found: dict[str, VendorJob] = {}
        for device in sorted({each.backend for each in dispatches}):
            own = arns.region(device)
            regions = (own,) if own else _used(call.account).places
            on_device = {"name": "deviceArn", "operator": "EQUAL", "values": [device]}
            tasks = self._listed(call, regions, _created(since), on_device)
            found |= await by_mark(tasks, [each for each in dispatches if each.backend == device])
        return found

    async def recent(self, call: Call, *, since: datetime) -> Sequence[VendorJob]:
        """List the account's tasks of all regions since a moment."""
        return [job async for job in self._listed(call, _used(call.account).places, _created(since))]

    async def show(self, call: Call, vendor_job_id: str) -> VendorJob:
        """Ask for a task, with its place in the queue."""
        aws = await Aws.opened(self._settings, call)
        path = f"/quantum-task/{segment(vendor_job_id)}?additionalAttributeNames=QueueInfo"
        answer = await aws.braket(_home(vendor_job_id), "GET", path)
        return vendor_tasks.job(told(answer.body), envelope=answer.body)

    async def documents(self, call: Call, job: VendorJob) -> Mapping[str, bytes]:
        """Fetch what a task left in its bucket; it may be complete a while before that is there."""
        aws, shown = await Aws.opened(self._settings, call), told(job.envelope)
        return await vendor_results.documents(
            aws, region=_home(job.id), bucket=shown["outputS3Bucket"], directory=shown["outputS3Directory"]
        )

    async def cancel(self, call: Call, vendor_job_id: str) -> None:
        """Ask for a task to be cancelled; one that ended is left alone."""
        aws = await Aws.opened(self._settings, call)
        body = json.dumps({"clientToken": vendor_tasks.cancel_token(vendor_job_id)}).encode("ascii")
        try:
            await aws.braket(_home(vendor_job_id), "PUT", f"/quantum-task/{segment(vendor_job_id)}/cancel", body)
        except VendorRefusedError as error:
            if error.status != HTTPStatus.CONFLICT:
                raise

    def decode(self, submitted: bytes, documents: Mapping[str, bytes]) -> ProgramResult:
        """Read results into our words."""
        return vendor_results.decode(submitted, documents)

    async def _listed(
        self, call: Call, regions: Sequence[str], *filters: Mapping[str, Any]
    ) -> AsyncIterator[VendorJob]:
        aws = await Aws.opened(self._settings, call)
        for region in regions:
            async for task in _pages(aws, region, filters):
                yield vendor_tasks.job(task)


async def _pages(aws: Aws, region: str, filters: Sequence[Mapping[str, Any]]) -> AsyncIterator[dict[str, Any]]:
    asked: dict[str, Any] = {"filters": filters, "maxResults": 100}
    for _ in range(_PAGES):
        page = await aws.json(region, "POST", "/quantum-tasks", asked)
        for task in page["quantumTasks"]:
            yield task
        if not page.get("nextToken"):
            return
        asked["nextToken"] = page["nextToken"]
    raise AnswerLostError("braket lists more tasks than a search can look through")


def _used(account: Account) -> BraketAccount:
    return BraketAccount.model_validate(dict(account.attributes))


def _home(arn: str) -> str:
    """Give the region that a task's ARN names."""
    return arn.split(":")[3]


def _created(since: datetime) -> Mapping[str, Any]:
    moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return {"name": "createdAt", "operator": "GTE", "values": [moment]}
