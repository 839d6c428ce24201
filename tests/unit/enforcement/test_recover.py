"""After a crash at any step, every intent is one job at the vendor, and every job that was acknowledged goes on."""

import asyncio
import shutil
from contextlib import suppress
from dataclasses import replace

import pytest

from gateway.domain.job import JobStatus
from gateway.enforcement.recover import MOST_CLAIMS
from gateway.ports.vendor import Resend, VendorBusyError, VendorUnreachableError
from tests.fakes.scripted_vendor import ScriptedVendor, in_time, lost
from tests.unit.enforcement.doom import Crash, Doom

pytestmark = pytest.mark.long

SENDINGS = {
    "answered": {},
    "lost on the way": {"on_the_way": lost},
    "lost on the way back": {"on_the_way_back": lost},
}
MOST_STEPS = 80


async def hang():
    await asyncio.Event().wait()


async def crashes_while(deployment, vendor, *, at):
    """Be a process that ends while its vendor is asked; gives the job it was about."""
    async with deployment.process(vendor) as process:
        setattr(vendor, at, hang)
        asking = asyncio.create_task(process.submit())
        async with asyncio.timeout(10):
            while not vendor.asked:  # noqa: ASYNC110  # nobody inside tells of it
                await asyncio.sleep(0.005)
        await process.small.cut_off()
        await asyncio.gather(asking, return_exceptions=True)
        ((permit, _),) = vendor.asked
        return await process.serving.jobs.find_by_id(permit.job_id)


async def crashes_before_sending(deployment, *, told=True):
    """Be a process that ends between a permit and its mark, having answered its client or not."""
    async with deployment.process(ScriptedVendor()) as process:
        note = process.small.house.ledger.note
        process.small.house.ledger.note = lambda *_: hang()
        asking = asyncio.create_task(process.submit())
        async with asyncio.timeout(10):
            while not process.serving.jobs.under_way():  # noqa: ASYNC110  # nobody inside tells of it
                await asyncio.sleep(0.005)
        await process.small.cut_off()
        await asyncio.gather(asking, return_exceptions=True)
        process.small.house.ledger.note = note
        (job,) = process.serving.jobs.under_way()
        if told:
            await process.told(job)
        return job


# ── at any step ──────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("resends", list(Resend), ids=lambda each: each.value)
@pytest.mark.parametrize("sending", SENDINGS.values(), ids=SENDINGS.keys())
async def test_a_crash_at_any_step_makes_one_job_of_one_intent(small_deployment, tmp_path, sending, resends):
    """The SDK sends the same bytes again when it got no answer; what it was answered is never lost."""
    shutil.copytree(small_deployment.state_dir, tmp_path / "fresh")
    for at in range(1, MOST_STEPS):
        shutil.rmtree(small_deployment.state_dir)
        shutil.copytree(tmp_path / "fresh", small_deployment.state_dir)
        vendor, doom, told = ScriptedVendor(resends=resends, **sending), Doom(at), None
        async with small_deployment.process(vendor) as process:
            doom.over(process)
            with suppress(Crash, asyncio.CancelledError):
                told = await process.submit()
            await asyncio.gather(*process.serving.gate.submitter.dispatcher.under_way, return_exceptions=True)

        await _one_job(small_deployment, vendor.again(), told, at)
        if not doom.fell:
            return
    pytest.fail("the submission takes more steps than were tried")


@pytest.mark.parametrize("resends", list(Resend), ids=lambda each: each.value)
@pytest.mark.parametrize("arrived", [True, False])
async def test_a_crash_at_any_step_of_the_recovery_changes_nothing(small_deployment, tmp_path, resends, arrived):
    first = ScriptedVendor(resends=resends)
    job = await crashes_while(small_deployment, first, at="on_the_way_back" if arrived else "on_the_way")
    shutil.copytree(small_deployment.state_dir, tmp_path / "crashed")
    for at in range(1, MOST_STEPS):
        shutil.rmtree(small_deployment.state_dir)
        shutil.copytree(tmp_path / "crashed", small_deployment.state_dir)
        second, doom = first.again(books=list(first.books)), Doom(at)
        async with small_deployment.process(second) as process:
            doom.over(process)
            with suppress(Crash):
                await process.look_back()
                await process.settles()

        await _one_job(small_deployment, second.again(), job, at)
        if not doom.fell:
            return
    pytest.fail("the recovery takes more steps than were tried")


async def _one_job(deployment, vendor, told, at):
    """Be the next process, to which the client comes back, and let everything settle."""
    async with deployment.process(vendor) as process:
        await process.look_back()
        again = told or await process.submit()
        await process.recorded()
        await process.settles()

        assert len(vendor.books) == 1, f"{len(vendor.books)} jobs at the vendor after a crash at step {at}"
        ended = process.shown(again)
        assert ended is not None, f"the client's job is unknown after a crash at step {at}"
        assert ended.status is JobStatus.QUEUED, f"{ended.status} after a crash at step {at}"
        assert (await process.latest(ended)).vendor_job_id == "vendor-0"


# ── one by one ───────────────────────────────────────────────────────────────────────────────────
async def test_what_was_permitted_and_never_marked_is_given_up_when_its_client_heard_nothing(deployment):
    """Its client submits again: at once, as its SDK does, or when somebody has looked at the error it showed."""
    job = await crashes_before_sending(deployment, told=False)

    vendor = ScriptedVendor()
    async with deployment.process(vendor) as process:
        again = await process.submit()
        await process.look_back()
        await process.settles()

        ended = await process.stored(job)
        assert again.id != job.id
        assert [permit.job_id for permit, _ in vendor.asked] == [again.id]
        assert (ended.status, "submit it again" in ended.reason) == (JobStatus.FAILED, True)
        assert (await process.row(job)).state == "abandoned"
        assert await process.held(job) is None


async def test_a_client_that_comes_back_after_the_next_start_is_not_given_what_was_given_up(small_deployment):
    """A job that never ran must not swallow the submission that was made in its stead."""
    job = await crashes_before_sending(small_deployment, told=False)
    async with small_deployment.process(ScriptedVendor()) as process:
        await process.look_back()

    vendor = ScriptedVendor()
    async with small_deployment.process(vendor) as process:
        again = await process.submit()

        assert again.id != job.id
        assert again.status is JobStatus.QUEUED
        assert len(vendor.books) == 1


async def test_what_a_client_was_told_of_goes_although_it_was_never_marked(deployment):
    job = await crashes_before_sending(deployment)

    vendor = ScriptedVendor()
    async with deployment.process(vendor) as process:
        await process.look_back()

        ((permit, order),) = vendor.asked
        assert (permit.job_id, permit.attempt) == (job.id, 1)
        assert (await process.row(job)).state == "forwarded"
        assert (await process.bodies("job.permitted"))[0]["outgoing"]["digest"] == (await process.row(job)).sent_digest
        assert order.prepared.body.startswith(order.body)
        assert await process.entries() == ["job.permitted", "attempt.claimed", "job.forwarded"]


async def test_what_was_being_sent_is_unknown_until_it_was_looked_for(deployment):
    job = await crashes_while(deployment, ScriptedVendor(), at="on_the_way")

    vendor = ScriptedVendor()
    async with deployment.process(vendor) as process:
        await process.look_back()

        assert vendor.asked == []
        assert process.shown(job).status is JobStatus.UNKNOWN
        assert await process.held(job)


async def test_what_the_vendor_took_is_followed_again(deployment):
    async with deployment.process(ScriptedVendor()) as process:
        job = await process.submit()
        await process.recorded()

    vendor = ScriptedVendor()
    async with deployment.process(vendor) as process:
        await process.look_back()

        attempt, vendor_job_id = vendor.followed[job.id]
        assert (attempt.attempt, attempt.account_id, vendor_job_id) == (1, "account-1", "vendor-0")
        assert vendor.asked == vendor.cancelled == []
        assert await process.entries() == ["job.permitted", "job.forwarded"], "following takes no claim"


@pytest.mark.parametrize("state", ["forwarded", "sending"])
async def test_a_wish_to_stop_outlives_the_process_that_heard_it(deployment, state):
    """A paid job whose owner was told that it stops must not run on because the gateway was restarted."""
    vendor = ScriptedVendor()
    if state == "sending":
        job = await crashes_while(deployment, vendor, at="on_the_way_back")
    async with deployment.process(vendor := vendor.again()) as process:
        if state == "forwarded":
            job = await process.submit()
            await process.recorded()
        await process.cancel(job)

    async with deployment.process(vendor := vendor.again()) as process:
        await process.look_back()
        await process.searches()

        assert len(vendor.books) == 1
        assert vendor.followed[job.id][1] == "vendor-0"
        assert vendor.cancelled == [job.id]


@pytest.mark.parametrize("marked", [True, False])
async def test_a_wish_to_stop_is_honoured_instead_of_sending(deployment, marked):
    if marked:
        job = await crashes_while(deployment, ScriptedVendor(), at="on_the_way")
    else:
        job = await crashes_before_sending(deployment)
    async with deployment.process(ScriptedVendor()) as process:
        await process.cancel(job)

    vendor = ScriptedVendor()
    async with deployment.process(vendor) as process:
        await process.look_back()
        await process.searches(3)

        assert vendor.asked == []
        assert (await process.stored(job)).status is JobStatus.CANCELLED
        assert await process.held(job) is None


@pytest.mark.parametrize("error", [VendorBusyError("busy"), VendorUnreachableError("away")], ids=lambda each: each.code)
async def test_a_job_waits_for_a_vendor_that_is_away_and_is_neither_lost_nor_searched_for(small_deployment, error):
    job = await crashes_before_sending(small_deployment)

    async def away():
        raise error

    vendor = ScriptedVendor(on_the_way=away)
    async with small_deployment.process(vendor) as process:
        await process.look_back()
        await process.serving.recovery.run()
        assert (await process.row(job)).state == "permitted"
        vendor.on_the_way = in_time
        process.clock.passes(61)
        await process.serving.recovery.run()

        assert len(vendor.books) == 1
        assert vendor.searched == []
        assert process.shown(job).status is JobStatus.QUEUED


async def test_a_vendor_that_is_left_alone_costs_no_claims(small_deployment):
    """Two minutes of an outage must not fill the ledger with an entry a second for each waiting job."""
    job = await crashes_before_sending(small_deployment)

    vendor = ScriptedVendor(refusal=VendorBusyError("its breaker is open"))
    async with small_deployment.process(vendor) as process:
        await process.look_back()
        for _ in range(5):
            process.clock.passes(61)
            await process.serving.recovery.run()
        assert await process.entries() == ["job.permitted"]
        assert (await process.row(job)).state == "permitted"
        vendor.refusal = None
        process.clock.passes(61)
        await process.serving.recovery.run()

        assert (await process.row(job)).state == "forwarded"


async def test_a_cancelled_job_does_not_wait_for_its_vendor(small_deployment):
    job = await crashes_before_sending(small_deployment)
    async with small_deployment.process(ScriptedVendor(refusal=VendorBusyError("away"))) as process:
        await process.look_back()
        await process.cancel(job)
        await process.serving.recovery.run()

        assert (await process.stored(job)).status is JobStatus.CANCELLED


async def test_what_would_go_out_differently_after_an_upgrade_is_given_up(small_deployment):
    job = await crashes_before_sending(small_deployment)

    vendor = ScriptedVendor()
    vendor.prepare = lambda *given: replace(ScriptedVendor.prepare(vendor, *given), body=b"something else")
    async with small_deployment.process(vendor) as process:
        await process.look_back()

        ended = await process.stored(job)
        assert vendor.asked == []
        assert (ended.status, "differs from what was permitted" in ended.reason) == (JobStatus.FAILED, True)
        assert await process.held(job) is None


async def test_a_vendors_job_is_taken_up_however_often_the_gateway_restarts(small_deployment):
    """What certainly was not sent is not given up for that: its client was told the job."""
    job = await crashes_before_sending(small_deployment)

    async def away():
        raise VendorUnreachableError("away")

    for _ in range(MOST_CLAIMS + 1):
        async with small_deployment.process(ScriptedVendor(on_the_way=away)) as process:
            await process.look_back()
    async with small_deployment.process(ScriptedVendor()) as process:
        await process.look_back()

        assert process.shown(job).status is JobStatus.QUEUED


async def test_a_defect_met_by_one_attempt_does_not_keep_the_others_waiting(small_deployment):
    vendor = ScriptedVendor()
    async with small_deployment.process(vendor) as process:
        jobs = []
        for _ in range(2):
            jobs.append(await process.submit())
            await process.recorded()

    async with small_deployment.process(vendor := vendor.again()) as process:
        follow = vendor.follow

        async def follow_one(attempt, vendor_job_id):
            if attempt.job_id == jobs[0].id:
                raise KeyError("a bug")
            await follow(attempt, vendor_job_id)

        vendor.follow = follow_one
        await process.look_back()

        assert set(vendor.followed) == {jobs[1].id}
        assert set(process.serving.recovery.left) == {jobs[0].id}
