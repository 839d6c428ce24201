"""Forwarding to a vendor: what is written down before and after the one request that may cost money."""

import asyncio

import pytest

from gateway.domain.errors import UnavailableError
from gateway.domain.job import JobStatus
from gateway.enforcement import submit
from gateway.enforcement.errors import NotForwardedError
from gateway.ports.vendor import VendorBusyError, VendorRefusedError
from gateway.store.commit import LedgerUnavailableError
from tests.fakes.scripted_vendor import ScriptedVendor, lost
from tests.fault.small_house import ToyUpstream
from tests.unit.enforcement.vendor_house import quietly, until

WORDS = "vendor refused (400): no such gate"


def refusing():
    async def refuse():
        raise VendorRefusedError(vendor="vendor", status=400, words="no such gate")

    return refuse


async def test_an_attempt_is_marked_before_its_first_byte_leaves_and_forwarded_after(deployment):
    vendor, seen = ScriptedVendor(), []
    async with deployment.process(vendor) as process:

        async def look():
            ((permit, _),) = vendor.asked
            seen.append(await process.row_of(permit))

        vendor.on_the_way = look
        job = await process.submit()

        await process.recorded()
        (while_sending,) = seen
        assert (while_sending.state, while_sending.sent_at is not None) == ("sending", True)
        after = await process.row(job)
        assert (after.state, after.vendor_job_id) == ("forwarded", "vendor-0")
        assert await process.entries() == ["job.permitted", "job.forwarded"]
        assert after.sent_digest == (await process.bodies("job.permitted"))[0]["outgoing"]["digest"]
        assert job.status is JobStatus.QUEUED


async def test_our_simulator_needs_no_mark(deployment):
    upstream, seen = ToyUpstream(), []
    async with deployment.process(upstream) as process:

        async def look(permit, _order):
            seen.append((await process.row_of(permit)).state)

        upstream.reaction = look
        await process.submit()

        assert seen == ["permitted"]


async def test_a_vendors_refusal_ends_the_job_with_its_words_and_frees_the_money(deployment):
    vendor = ScriptedVendor(on_the_way=refusing())
    async with deployment.process(vendor) as process:
        with pytest.raises(VendorRefusedError) as refused:
            await process.submit()

        assert refused.value.message == WORDS
        ((permit, _),) = vendor.asked
        job = await process.serving.jobs.find_by_id(permit.job_id)
        assert (job.status, job.reason) == (JobStatus.FAILED, WORDS)
        assert (await process.row(job)).state == "abandoned"
        assert await process.held(job) is None
        assert vendor.books == []


async def test_a_vendor_that_takes_nothing_now_leaves_a_closed_job(deployment):
    async def busy():
        raise VendorBusyError("takes nothing now")

    vendor = ScriptedVendor(on_the_way=busy)
    async with deployment.process(vendor) as process:
        with pytest.raises(NotForwardedError, match="takes nothing now"):
            await process.submit()

        await process.settles()
        assert len(vendor.asked) == 1
        assert await process.entries() == ["job.permitted", "job.failed"]


async def test_a_lost_answer_leaves_an_unknown_job_with_its_hold(deployment):
    """The vendor may run and bill it; the client is told the job, because it must not send it again."""
    async with deployment.process(ScriptedVendor(on_the_way_back=lost)) as process:
        job = await process.submit()

        assert job.status is JobStatus.UNKNOWN
        assert (await process.stored(job)).status is JobStatus.UNKNOWN
        assert (await process.row(job)).state == "sending"
        assert await process.held(job)
        assert await process.entries() == ["job.permitted", "attempt.lost"]


async def test_nothing_is_sent_without_the_mark(deployment):
    """A crash after an unmarked byte would leave a job that nobody looks for."""
    vendor = ScriptedVendor()
    async with deployment.process(vendor) as process:
        mend = process.breaks_at("note")

        with pytest.raises(NotForwardedError):
            await process.submit()

        mend()
        assert vendor.asked == []


async def test_a_job_that_was_taken_runs_whatever_the_ledger_says(deployment):
    vendor = ScriptedVendor()
    async with deployment.process(vendor) as process:
        mend = []

        async def break_ledger():
            mend.append(process.small.break_ledger())

        vendor.on_the_way_back = break_ledger
        job = await process.submit()

        assert job.status is JobStatus.QUEUED
        mend.pop()()
        await process.settles()
        assert (await process.row(job)).state == "forwarded"
        assert len(vendor.books) == 1


async def test_a_job_that_cannot_be_closed_is_the_clients_all_the_same(small_deployment):
    """It may still be taken up, and a client that was told to ask again would have two."""
    vendor = ScriptedVendor()
    async with small_deployment.process(vendor) as process:
        mend = []

        async def refuse_without_a_ledger():
            mend.append(process.small.break_ledger())
            raise VendorBusyError("takes nothing now")

        vendor.on_the_way = refuse_without_a_ledger
        told = await process.submit()
        mend.pop()()
        vendor.on_the_way = ScriptedVendor().on_the_way
        await process.settles()

        assert len(vendor.books) == 1
        assert (await process.row(told, 2)).state == "forwarded"


async def test_a_vendor_that_hangs_keeps_no_client_waiting(small_deployment, monkeypatch):
    monkeypatch.setattr(submit, "ANSWER_SECONDS", 0.3)
    released = asyncio.Event()
    vendor = ScriptedVendor(on_the_way_back=released.wait)
    async with small_deployment.process(vendor) as process:
        told = await process.submit()
        assert told.status is JobStatus.PERMITTED

        released.set()
        await until(lambda: process.shown(told).status is JobStatus.QUEUED)
        assert len(vendor.books) == 1


async def test_a_refusal_after_the_client_was_told_its_job_is_the_jobs_end(small_deployment, monkeypatch):
    monkeypatch.setattr(submit, "ANSWER_SECONDS", 0.3)
    released = asyncio.Event()

    async def hang_and_refuse():
        await released.wait()
        await refusing()()

    async with small_deployment.process(ScriptedVendor(on_the_way=hang_and_refuse)) as process:
        told = await process.submit()
        released.set()
        await until(lambda: process.shown(told).status is JobStatus.FAILED)

        assert process.shown(told).reason == WORDS


async def test_a_client_that_waits_learns_what_the_ledger_did(small_deployment):
    async with small_deployment.process(ScriptedVendor()) as process:
        mend = process.small.break_ledger()

        error = await quietly(process.submit())

        mend()
        assert isinstance(error, LedgerUnavailableError)
        assert isinstance(error, UnavailableError)
        assert process.vendor.asked == []


async def test_a_defect_leaves_a_job_that_is_looked_for(small_deployment):
    """Nobody knows whether it started: it is neither failed nor sent again before a search said so."""

    async def defect():
        raise RuntimeError("a bug")

    vendor = ScriptedVendor(on_the_way_back=defect)
    async with small_deployment.process(vendor) as process:
        told = await process.submit()
        await process.settles()

        assert process.shown(told).status is JobStatus.QUEUED
        assert len(vendor.books) == 1
