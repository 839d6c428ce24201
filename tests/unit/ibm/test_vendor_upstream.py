"""IBM as an upstream, whole: prepared, submitted, followed, fetched, found again, over real HTTP to the fake."""

# ruff: noqa: ARG002  # the arguments of a contract are what they are

import asyncio
import contextlib
import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from qiskit.circuit import Parameter

from adapters.ibm import IbmSettings
from adapters.ibm.vendor import IbmVendor
from gateway.domain.backend import ExecutionKind
from gateway.domain.clock import SystemClock
from gateway.domain.decision import Placement
from gateway.domain.marks import mark
from gateway.domain.permit import Permit
from gateway.domain.secret import Secret
from gateway.ports.upstream import Attempt, Order, UpstreamContext
from gateway.ports.vendor import AnswerLostError, VendorRefusedError
from gateway.telemetry.metrics import Metrics
from gateway.vendors.http import VendorSession
from gateway.vendors.settings import VendorHttp, VendorPace
from gateway.vendors.upstream import VendorUpstream
from tests.fakes.vendors.ibm import FakeIbm
from tests.fakes.vendors.ibm.vendor import API_KEY
from tests.fakes.vendors.serving import Pace, running
from tests.unit.fakes.ibm_client import array, body, flipped, packed
from tests.unit.ibm.vendor_calls import ACCOUNT, FIVE, Caller, error_of

PACE = VendorPace(first_poll_seconds=0.02, running_poll_seconds=0.05, longest_poll_seconds=0.1, requests_per_second=500)
SIMULATING = Pace(queue_seconds=0.02, run_seconds=0.02)


class House:
    """One upstream over IBM, its way out, and what it told."""

    def __init__(self, url):
        self.caller = Caller(url)
        self.session = VendorSession("ibm", VendorHttp())
        self.told, self.reports, self.opened = [], [], 0
        vendor = IbmVendor(IbmSettings(iam_url=f"{url}/iam", api_url=f"{url}/api/v1"))
        context = UpstreamContext(clock=SystemClock(), progress=self.progress, state_dir=None, readers={}, outside=self)
        self.upstream = VendorUpstream(vendor, context, PACE, metrics=Metrics().vendors)

    # ── Outside ──────────────────────────────────────────────────────────────────────────────────
    def account(self, vendor, project_id):
        return ACCOUNT

    def account_by_id(self, account_id):
        return ACCOUNT if account_id == ACCOUNT.id else None

    def accounts(self, vendor):
        return [ACCOUNT]

    async def credential(self, account, purpose):
        self.opened += 1
        return {"api_key": Secret.of(API_KEY)}

    async def send(self, vendor, request):
        return await self.session.send(request)

    async def tell(self, event, told, *, calibration=None):
        self.told.append((event, calibration))

    async def kept(self, backend, limit):
        return ()

    # ─────────────────────────────────────────────────────────────────────────────────────────────
    async def progress(self, report):
        self.reports.append(report)

    async def submit(self, content, *, job_id="job-1"):
        order = Order(
            reader="ibm", body=json.dumps(content).encode(), program="sampler", facts=None, principal_id="p",
            max_seconds=None, calibration=None,
        )  # fmt: skip
        prepared = self.upstream.prepare(job_id, 1, "lab", FIVE, order)
        where = Placement(upstream="ibm", backend=FIVE, kind=ExecutionKind.HARDWARE, fallback=False, reason="")
        permit = Permit(job_id=job_id, attempt=1, placement=where, seq=1, event_id="e")
        return await self.upstream.submit(permit, replace(order, prepared=prepared))

    def attempt(self, content, *, job_id="job-1"):
        return Attempt(
            job_id=job_id, attempt=1, project_id="lab", backend=FIVE, account_id=ACCOUNT.id,
            permitted_at=datetime.now(UTC), body=json.dumps(content).encode(),
        )  # fmt: skip

    async def ended(self):
        for _ in range(500):
            if self.reports and self.reports[-1].status in {"completed", "failed", "cancelled"}:
                return self.reports[-1]
            await asyncio.sleep(0.02)
        raise AssertionError([report.status for report in self.reports])

    async def calibrated(self, backend):
        for _ in range(500):
            if snapshot := self.upstream.calibration(backend):
                return snapshot
            await asyncio.sleep(0.02)
        raise AssertionError(f"no calibration of {backend}")

    async def raw(self, path):
        await self.caller.vendor.backends(self.caller.call)
        return await self.caller.raw(path)


@contextlib.asynccontextmanager
async def housed(fake):
    async with running(fake) as url:
        house = House(url)
        await house.upstream.start()
        try:
            yield house
        finally:
            await house.upstream.close()
            await house.session.close()
            await house.caller.session.close()


@pytest.fixture
def fake():
    return FakeIbm(pace=SIMULATING)


@pytest.fixture
async def house(fake):
    async with housed(fake) as made:
        yield made


async def test_a_job_goes_out_runs_and_leaves_ibms_own_documents(house, fake):
    content = body(tags=["mine"])
    vendor_job_id = await house.submit(content)
    report = await house.ended()

    (seen,) = fake.seen()
    assert (seen.id, seen.tags) == (vendor_job_id, ["mine", mark("job-1", 1)])
    assert report.documents == {
        "result": await house.raw(f"/jobs/{vendor_job_id}/results"),
        "metrics": await house.raw(f"/jobs/{vendor_job_id}/metrics"),
    }
    assert report.envelope == await house.raw(f"/jobs/{vendor_job_id}?exclude_params=true")
    assert report.vendor.billed_seconds == report.result.seconds == 3.0
    assert [set(item.registers) for item in report.result.items] == [{"ones", "zeros"}]
    assert report.result.items[0].registers["ones"].samples.data == b"\x01" * 20
    assert {each.status for each in house.reports} <= {"queued", "running", "completed"}
    assert fake.requests["GET /api/v1/jobs/{id}/results"] == 2  # ours, and the test's own


async def test_parameter_sets_come_back_in_their_shape(house):
    angle = Parameter("a")
    pub = [packed(flipped(angle=angle)), array([[0.0], [3.141592653589793]]), 10]
    await house.submit(body(params={"pubs": [pub], "version": 2}))
    report = await house.ended()

    (item,) = report.result.items
    assert (item.shape, item.shots, item.registers["ones"].samples.shape) == ((2,), 10, (2, 10, 1))


async def test_backends_calibrations_and_one_token_for_all(house):
    snapshot = await house.calibrated(FIVE)

    assert {backend.name for backend in house.upstream.backends()} == {FIVE, "ibm_test_eagle"}
    assert house.upstream.status(FIVE).online
    assert snapshot.backend == FIVE
    assert house.opened == 1


async def test_a_lost_answer_is_found_and_followed(house, fake):
    content = body()
    await house.caller.fails("POST /api/v1/jobs$", "accept_then_cut")

    assert type(await error_of(house.submit(content))) is AnswerLostError
    attempt = house.attempt(content)
    found = await house.upstream.find(attempt)
    await house.upstream.follow(attempt, found)
    report = await house.ended()

    assert [seen.id for seen in fake.seen()] == [found]
    assert report.result is not None


async def test_a_private_result_survives_a_ledger_that_takes_none_at_first(house):
    """It is given out once, so nothing on our side may make us fetch it twice."""
    refusals = 3

    async def progress(report):
        nonlocal refusals
        if report.status == "completed" and refusals:
            refusals -= 1
            raise RuntimeError("not now")
        house.reports.append(report)

    house.upstream._poller._visitor._progress = progress
    await house.submit(body(private=True))
    report = await house.ended()

    assert refusals == 0
    assert json.loads(report.documents["result"])["__type__"] == "PrimitiveResult"


async def test_a_refusal_of_ibms_reaches_the_caller(house, fake):
    error = await error_of(house.submit(body(cost=-1)))

    assert type(error) is VendorRefusedError
    assert fake.seen() == []


async def test_a_job_is_stopped(house):
    await house.caller.control("backends", backend=FIVE, online=False)
    await house.submit(body())
    assert await house.upstream.cancel("job-1")

    report = await house.ended()
    assert (report.status, report.reason) == ("cancelled", "Cancelled by the user")


def test_the_serving_process_reads_results_without_numpy():
    """It holds keys, and numpy alone costs 100 ms of start."""
    script = (
        "import sys, adapters.ibm, adapters.ibm.vendor_results; print(sorted({'numpy', 'qiskit'} & set(sys.modules)))"
    )

    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "[]"
