"""What a vendor reports becomes record, then view: documents byte for byte, money as told, nothing lost unread."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from gateway.domain.clock import SystemClock
from gateway.domain.job import JobStatus
from gateway.ports.upstream import Progress
from gateway.ports.vendor import VendorJob
from tests.fakes import values
from tests.fakes.canned import result
from tests.fakes.scripted_vendor import ScriptedVendor
from tests.integration import bodies
from tests.unit.enforcement.vendor_house import until

DOCUMENTS = {
    "result": b'{"quasi" : [1.0,  2]}\n',
    "metrics": b"\x00\xff not JSON",
    "a-name-that-is-longer-than-its-column": b"3",
}
ENVELOPE = b'{ "id": "vendor-0" }'
RESULT = result(bodies.text(bodies.golden()))


@dataclass
class Told:
    """A vendor's account of a job that ended."""

    job: str
    vendor: VendorJob = field(default_factory=lambda: VendorJob(id="vendor-0", status="completed"))

    def report(self, status=JobStatus.COMPLETED, **more):
        return Progress(job_id=self.job, attempt=1, status=status, at=SystemClock().now(), vendor=self.vendor, **more)


@pytest.fixture
async def forwarded(deployment):
    """A job that a vendor runs which speaks its language."""
    async with deployment.process(ScriptedVendor()) as process:
        job = await process.submit()
        await process.recorded()
        yield process, job


@pytest.fixture
async def moved(small_deployment):
    """A job that runs at another vendor than it was written for."""
    async with small_deployment.process(ScriptedVendor(name="ionq", dialect="ionq")) as process:
        job = await process.submit()
        await process.recorded()
        yield process, job


def follow(process, told, *arguments, **more):
    return process.serving.follower.progress(told.report(*arguments, **more))


def shown(process, job, name="result"):
    return process.serving.gate.jobs.results(process.small.caller, job.client_job_id, document=name)


async def test_documents_are_sealed_one_by_one_and_given_back_byte_for_byte(forwarded):
    process, job = forwarded

    await follow(process, Told(job.id), documents=DOCUMENTS, envelope=ENVELOPE)

    for name, body in DOCUMENTS.items():
        assert (await shown(process, job, name)).body == body
    (entry,) = await process.bodies("job.completed")
    assert len({each["digest"] for each in entry["documents"].values()}) == len(DOCUMENTS) + 1
    view = await process.serving.gate.jobs.metrics(process.small.caller, job.client_job_id)
    assert (view.envelope, view.metrics) == (ENVELOPE, DOCUMENTS["metrics"])


async def test_a_vendors_words_are_summed_up_where_they_can_be_read(forwarded):
    process, job = forwarded

    await follow(process, Told(job.id), documents=DOCUMENTS, result=RESULT)

    (entry,) = await process.bodies("job.completed")
    assert len(entry["summaries"]) == len(RESULT.items)
    assert (await shown(process, job)).body == DOCUMENTS["result"]


async def test_the_ledger_is_first_and_the_client_second(forwarded):
    process, job = forwarded
    mend = process.small.break_ledger()
    telling = asyncio.create_task(follow(process, Told(job.id), documents=DOCUMENTS))
    await process.small.unrecorded()
    assert not process.shown(job).status.final

    mend()
    await telling
    assert process.shown(job).status is JobStatus.COMPLETED


@pytest.mark.parametrize(
    ("status", "cost", "charged"),
    [
        pytest.param("completed", 7_000, 7_000, id="what the vendor says"),
        pytest.param("completed", None, "held", id="what was held, where it says nothing"),
        pytest.param("failed", None, 0, id="nothing, for nothing"),
        pytest.param("cancelled", 500, 500, id="what the vendor says, for what it stopped"),
    ],
)
async def test_a_job_costs(forwarded, status, cost, charged):
    process, job = forwarded
    held = await process.held(job)
    told = Told(job.id, VendorJob(id="vendor-0", status=status, cost_micros=cost))

    await follow(process, told, status, documents=DOCUMENTS if status == "completed" else {})

    view = await process.serving.gate.jobs.cost(process.small.caller, job.client_job_id)
    assert view.settled_micros == (held if charged == "held" else charged)
    assert await process.held(job) is None


async def test_a_job_that_was_stopped_costs_the_shots_that_were_done(forwarded):
    """Its vendor told no price, and the price book has one for each shot."""
    process, job = forwarded
    held, half = await process.held(job), job.total_shots // 2
    told = Told(job.id, VendorJob(id="vendor-0", status="cancelled", shots_done=half))

    await follow(process, told, "cancelled")

    view = await process.serving.gate.jobs.cost(process.small.caller, job.client_job_id)
    assert view.settled_micros == held - (job.total_shots - half) * 350


async def test_a_vendors_times_and_usage_are_the_jobs(forwarded):
    process, job = forwarded
    started, finished = values.NOW, values.NOW.replace(minute=5)
    told = Told(
        job.id,
        VendorJob(id="vendor-0", status="completed", started_at=started, finished_at=finished, billed_seconds=1.5),
    )

    await follow(process, told, documents=DOCUMENTS, calibration="c0ffee")

    ended = process.shown(job)
    assert (ended.started_at, ended.finished_at, ended.usage_seconds) == (started, finished, 1.5)
    assert (await process.stored(job)).execution_calibration == "c0ffee"
    (entry,) = await process.bodies("job.completed")
    assert (entry["vendor"]["billed_milliseconds"], entry["execution_calibration"]) == (1500, "c0ffee")


async def test_a_job_that_ran_elsewhere_is_answered_in_its_own_words_and_says_where(moved):
    process, job = moved

    await follow(process, Told(job.id), documents=DOCUMENTS, result=replace(RESULT, metadata={}), envelope=ENVELOPE)

    body = (await shown(process, job)).body
    assert body != DOCUMENTS["result"]
    assert b"PrimitiveResult" in body
    assert b'"execution_kind":"hardware"' in body
    view = await process.serving.gate.jobs.show(process.small.caller, job.client_job_id, parameters=False)
    assert view.envelope is None, "the vendor's words are not its client's"


@pytest.mark.parametrize("unread", [None, replace(RESULT, items=())], ids=["not decoded", "not encoded"])
async def test_a_result_that_cannot_be_told_is_kept_paid_and_said(moved, unread, monkeypatch):
    """The defect is ours: the job must neither run for ever nor be given away for nothing."""
    process, job = moved
    held = await process.held(job)

    def broken(*_):
        raise KeyError("a bug")

    monkeypatch.setattr(process.serving.follower.dialects["ibm"], "encode_results", broken)

    await follow(process, Told(job.id), documents=DOCUMENTS, result=unread)

    ended = process.shown(job)
    assert ended.status is JobStatus.FAILED
    assert "give the gateway's operators the id of this job" in ended.reason
    view = await process.serving.gate.jobs.cost(process.small.caller, job.client_job_id)
    assert view.settled_micros == held
    assert await process.small.house.vault.open(object_id=job.id, kind="result") == DOCUMENTS["result"]
    (entry,) = await process.bodies("job.failed")
    assert "result" in entry["documents"]


async def test_an_end_is_told_once(forwarded):
    process, job = forwarded
    await follow(process, Told(job.id), "cancelled")

    await follow(process, Told(job.id), documents=DOCUMENTS)
    await follow(process, Told(job.id), "running")

    assert process.shown(job).status is JobStatus.CANCELLED
    assert (await process.entries()).count("job.completed") == 0


async def test_progress_is_shown_and_costs_no_entry(forwarded):
    process, job = forwarded

    await follow(process, Told(job.id), "running")

    await until(lambda: process.shown(job).status is JobStatus.RUNNING)
    assert await process.entries() == ["job.permitted", "job.forwarded"]


async def test_a_report_of_nobodys_job_changes_nothing(forwarded):
    process, _ = forwarded

    await follow(process, Told("0195f000-0000-7000-8000-00000000dead"), documents=DOCUMENTS)

    assert (await process.entries()).count("job.completed") == 0
