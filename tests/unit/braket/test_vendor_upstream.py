"""Braket as an upstream: a job from its submission to its results, and through the failures that cost money."""

import asyncio
import contextlib
from dataclasses import replace

import pytest

from gateway.domain.backend import ExecutionKind
from gateway.domain.clock import SystemClock
from gateway.domain.decision import Placement
from gateway.domain.marks import mark
from gateway.domain.permit import Permit
from gateway.domain.secret import Secret
from gateway.ports.upstream import Attempt, Order, UpstreamContext
from gateway.ports.vendor import AnswerLostError
from gateway.telemetry.metrics import Metrics
from gateway.vendors.settings import VendorPace
from gateway.vendors.upstream import VendorUpstream
from tests.fakes.vendors.aws.calls import GARNET, SV1
from tests.fakes.vendors.aws.vendor import KEY
from tests.unit.braket.asking import ACCOUNT, AT_ONCE, HELD, INSTANT, LONG_AGO, asking, body
from tests.unit.vendors.acme import Outside

FAST = VendorPace(
    first_poll_seconds=0.02, running_poll_seconds=0.02, longest_poll_seconds=0.05, requests_per_second=1000
)


class Way(Outside):
    """The way out: one account, its key, and the wire."""

    def __init__(self, send):
        super().__init__()
        self.live, self._send = [ACCOUNT], send

    async def credential(self, _account, _purpose):
        return {"access_key_id": Secret.of(KEY.id), "secret_access_key": Secret.of(KEY.secret)}

    async def send(self, _vendor, request):
        return await self._send(request)


class House:
    """An upstream, and what it told."""

    def __init__(self, aws):
        self.aws, self.reports, self.final = aws, [], asyncio.Event()
        self.outside = Way(aws.session.send)
        context = UpstreamContext(
            clock=SystemClock(), progress=self._progress, state_dir=None, readers={}, outside=self.outside
        )
        self.upstream = VendorUpstream(aws.vendor, context, FAST, metrics=Metrics().vendors)

    async def _progress(self, progress):
        self.reports.append(progress)
        if progress.status in {"completed", "failed", "cancelled"}:
            self.final.set()

    async def submit(self, device=SV1):
        order = Order(
            reader="braket",
            body=body(device),
            program="sampler",
            facts=None,
            principal_id="ann",
            max_seconds=None,
            calibration=None,
        )
        prepared = self.upstream.prepare("job", 1, "lab", device, order)
        where = Placement(upstream="braket", backend=device, kind=ExecutionKind.HARDWARE, fallback=False, reason="")
        permit = Permit(job_id="job", attempt=1, placement=where, seq=1, event_id="e")
        return await self.upstream.submit(permit, replace(order, prepared=prepared))

    async def ended(self):
        async with asyncio.timeout(20):
            await self.final.wait()
        return self.reports[-1]


@contextlib.asynccontextmanager
async def housed(pace=INSTANT):
    async with asking(pace) as aws:
        house = House(aws)
        await house.upstream.start()
        try:
            yield house
        finally:
            await house.upstream.close()


@pytest.mark.parametrize("device", [SV1, GARNET])
async def test_a_job_runs_to_its_results_which_are_brakets_own_bytes(device):
    async with housed(AT_ONCE) as house:
        arn = await house.submit(device)
        end = await house.ended()
        task = await house.aws.vendor.show(house.aws.call(), arn)

        assert end.documents["result"] == house.aws.stored(task)
    assert (end.status, end.vendor.id, end.vendor.mark) == ("completed", arn, mark("job", 1))
    assert end.result.items[0].registers["b"].samples.data == b"\x01" * 10
    assert end.envelope == task.envelope


async def test_devices_and_snapshots_are_known_to_the_house():
    async with housed() as house:
        for _ in range(500):
            if house.outside.events("calibration.recorded"):
                break
            await asyncio.sleep(0.02)

        assert house.upstream.status(GARNET).online
        assert house.upstream.calibration(SV1) is None
        assert {each.name for each in house.upstream.backends()} >= {GARNET, SV1}
        assert "calibration.recorded" in {event for event, _ in house.outside.told}


async def test_a_submission_without_an_answer_is_sent_again_and_runs_once():
    async with housed() as house:
        house.aws.fails("POST /quantum-task$", "accept_then_cut")
        with pytest.raises(AnswerLostError):
            await house.submit()
        arn = await house.submit()
        end = await house.ended()

    assert [job.id for job in house.aws.fake.seen()] == [arn]
    assert end.status == "completed"


async def test_a_submission_without_an_answer_is_found_and_followed():
    async with housed() as house:
        house.aws.fails("POST /quantum-task$", "accept_then_cut")
        with pytest.raises(AnswerLostError):
            await house.submit()
        attempt = Attempt(
            job_id="job", attempt=1, project_id="lab", backend=SV1, account_id="a", permitted_at=LONG_AGO, body=body()
        )
        arn = await house.upstream.find(attempt)
        await house.upstream.follow(attempt, arn)
        end = await house.ended()

    assert [job.id for job in house.aws.fake.seen()] == [arn]
    assert end.documents["result"]


async def test_a_late_result_is_waited_for():
    async with housed() as house:
        house.aws.fails("POST /quantum-task$", "late_result", seconds=0.3)
        await house.submit()
        end = await house.ended()

    assert "its results are not there yet" in " ".join(report.reason for report in house.reports)
    assert end.status == "completed"
    assert end.documents["result"]


async def test_a_cancelled_job_ends_as_such():
    async with housed(HELD) as house:
        await house.submit()
        assert await house.upstream.cancel("job")
        end = await house.ended()

    assert end.status == "cancelled"
