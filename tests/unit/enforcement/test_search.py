"""The search for submissions whose answer was lost: found is adopted, and only what is proven missing goes again."""

from dataclasses import replace
from itertools import pairwise

import pytest

from gateway.domain.job import JobStatus
from gateway.enforcement.pauses import PAUSES
from gateway.ports.vendor import Resend, VendorBusyError, VendorRefusedError, VendorUnreachableError
from tests.fakes.scripted_vendor import ENOUGH_SEARCHES, ScriptedVendor, in_time, lost

pytestmark = pytest.mark.long

SEARCHES = pytest.mark.parametrize("resends", list(Resend), ids=lambda each: each.value)


async def lose(deployment_process):
    """Submit a job whose answer does not come back."""
    job = await deployment_process.submit()
    await deployment_process.recorded()
    assert job.status is JobStatus.UNKNOWN
    vendor = deployment_process.vendor
    vendor.on_the_way = vendor.on_the_way_back = in_time
    return job


@SEARCHES
async def test_what_is_found_is_adopted_and_never_sent_again(deployment, resends):
    vendor = ScriptedVendor(resends=resends, on_the_way_back=lost)
    async with deployment.process(vendor) as process:
        job = await lose(process)

        await process.searches(5)

        assert process.shown(job).status is JobStatus.QUEUED
        assert vendor.followed[job.id][1] == "vendor-0"
        row = await process.row(job)
        assert (row.state, row.vendor_job_id) == ("forwarded", "vendor-0")
        assert [body["found"] for body in await process.bodies("job.forwarded")] == [True]
        assert len(vendor.books) == len(vendor.asked) == 1
        assert await process.held(job)


async def test_what_never_arrived_goes_again_under_a_new_permit_that_closes_the_old_one(deployment):
    vendor = ScriptedVendor(on_the_way=lost)
    async with deployment.process(vendor) as process:
        job = await lose(process)
        await process.searches(ENOUGH_SEARCHES - 1)
        assert (await process.row(job)).searches == ENOUGH_SEARCHES - 1
        assert len(vendor.asked) == 1

        await process.searches()

        first, second = await process.row(job), await process.row(job, 2)
        assert (first.state, second.state) == ("abandoned", "forwarded")
        assert first.mark != second.mark
        assert [permit.attempt for permit, _ in vendor.asked] == [1, 2]
        (repeated,) = await process.bodies("attempt.repeated")
        assert (repeated["attempt"], repeated["searches"]) == (2, ENOUGH_SEARCHES)
        assert repeated["outgoing"]["digest"] == second.sent_digest
        assert process.shown(job).status is JobStatus.QUEUED
        assert len(vendor.books) == 1


async def test_where_one_token_runs_once_the_same_permit_goes_again(deployment):
    vendor = ScriptedVendor(resends=Resend.IDEMPOTENT, on_the_way=lost)
    async with deployment.process(vendor) as process:
        job = await lose(process)

        await process.searches()

        assert [permit.attempt for permit, _ in vendor.asked] == [1, 1]
        first, again = (order.prepared.body for _, order in vendor.asked)
        assert first == again
        assert (await process.row(job)).state == "forwarded"
        assert await process.row(job, 2) is None
        assert len(vendor.books) == 1


@SEARCHES
async def test_what_would_go_out_differently_stays_where_it_is(deployment, resends):
    """Another body under an old permit would be a job that nobody permitted."""
    vendor = ScriptedVendor(resends=resends, on_the_way=lost)
    async with deployment.process(vendor) as process:
        job = await lose(process)
        prepare = vendor.prepare
        vendor.prepare = lambda *given: replace(prepare(*given), body=b"something else")

        await process.searches(5)

        assert len(vendor.asked) == 1
        assert process.shown(job).status is JobStatus.UNKNOWN
        assert (await process.row(job)).state == "sending"


async def test_a_token_is_not_sent_to_another_account(small_deployment):
    """The vendor there does not know it, and would run the job a second time."""
    vendor = ScriptedVendor(resends=Resend.IDEMPOTENT, on_the_way=lost)
    async with small_deployment.process(vendor) as process:
        job = await lose(process)
        vendor.account = "account-2"

        await process.searches(3)

        assert len(vendor.asked) == 1
        assert process.shown(job).status is JobStatus.UNKNOWN


async def test_a_new_permit_may_name_the_account_that_took_the_old_ones_place(small_deployment):
    vendor = ScriptedVendor(on_the_way=lost)
    async with small_deployment.process(vendor) as process:
        job = await lose(process)
        vendor.account = "account-2"

        await process.searches(ENOUGH_SEARCHES)

        assert (await process.row(job, 2)).account_id == "account-2"
        assert {attempt.account_id for attempt in vendor.searched} == {"account-1"}


@SEARCHES
async def test_a_cancelled_job_is_stopped_where_it_is_found(deployment, resends):
    vendor = ScriptedVendor(resends=resends, on_the_way_back=lost)
    async with deployment.process(vendor) as process:
        job = await lose(process)
        await process.cancel(job)
        vendor.cancelled.clear()

        await process.searches()

        assert vendor.followed[job.id][1] == "vendor-0"
        assert vendor.cancelled == [job.id]


@pytest.mark.parametrize("resends", [*Resend, None], ids=str)
async def test_a_cancelled_job_that_never_arrived_is_closed_instead_of_sent(deployment, resends):
    """Also where an operator wants nothing to be sent again: that it is not there can be known all the same."""
    vendor = ScriptedVendor(resends=resends, on_the_way=lost)
    async with deployment.process(vendor) as process:
        job = await lose(process)
        await process.cancel(job)

        await process.searches(3)

        ended = await process.stored(job)
        assert (ended.status, ended.reason) == (JobStatus.CANCELLED, "cancelled by the user")
        assert (await process.row(job)).state == "abandoned"
        assert await process.held(job) is None
        assert vendor.books == []


async def test_a_cancelled_job_is_not_closed_before_it_is_proven_not_to_be_there(small_deployment):
    """One token runs once, so sending again is safe at once; that says nothing about where the first one is."""
    vendor = ScriptedVendor(resends=Resend.IDEMPOTENT, on_the_way=lost)
    async with small_deployment.process(vendor) as process:
        job = await lose(process)
        await process.cancel(job)

        await process.searches(ENOUGH_SEARCHES - 1)

        assert process.shown(job).status is JobStatus.UNKNOWN
        assert await process.held(job)


async def test_a_refusal_the_second_time_ends_the_job_with_the_vendors_words(small_deployment):
    async def refuse():
        raise VendorRefusedError(vendor="vendor", status=400, words="no such gate")

    vendor = ScriptedVendor(on_the_way=lost)
    async with small_deployment.process(vendor) as process:
        job = await lose(process)
        vendor.on_the_way = refuse

        await process.searches(ENOUGH_SEARCHES)

        assert process.shown(job).status is JobStatus.FAILED
        assert "no such gate" in process.shown(job).reason
        assert await process.held(job) is None


async def test_an_answer_lost_again_is_looked_for_again(small_deployment):
    vendor = ScriptedVendor(on_the_way=lost)
    async with small_deployment.process(vendor) as process:
        job = await lose(process)
        vendor.on_the_way_back = lost
        await process.searches(ENOUGH_SEARCHES)
        assert (await process.row(job, 2)).state == "sending"
        vendor.on_the_way_back = in_time

        await process.searches(3)

        assert (await process.row(job, 2)).vendor_job_id == "vendor-0"
        assert len(vendor.books) == 1


@pytest.mark.parametrize("error", [VendorBusyError("busy"), VendorUnreachableError("no route")], ids=lambda e: e.code)
async def test_a_new_attempt_that_could_not_go_now_goes_later_without_a_search(small_deployment, error):
    vendor = ScriptedVendor(on_the_way=lost)

    async def away():
        raise error

    async with small_deployment.process(vendor) as process:
        job = await lose(process)
        vendor.on_the_way = away
        await process.searches(ENOUGH_SEARCHES)
        assert (await process.row(job, 2)).state == "permitted"
        searched = len(vendor.searched)
        vendor.on_the_way = in_time

        await process.settles()

        assert (await process.row(job, 2)).state == "forwarded"
        assert len(vendor.books) == 1
        assert len(vendor.searched) == searched


async def test_a_token_that_could_not_go_again_now_is_still_looked_for(small_deployment):
    """Its first sending may have arrived, so it is not taken for one that certainly did not go."""
    vendor = ScriptedVendor(resends=Resend.IDEMPOTENT, on_the_way=lost)

    async def away():
        raise VendorUnreachableError("no route")

    async with small_deployment.process(vendor) as process:
        job = await lose(process)
        vendor.on_the_way = away
        await process.searches(2)
        assert (await process.row(job)).state == "sending"
        vendor.on_the_way = in_time

        await process.searches()

        assert (await process.row(job)).state == "forwarded"
        assert process.shown(job).status is JobStatus.QUEUED


async def test_a_vendor_that_cannot_be_searched_counts_for_nothing(small_deployment):
    vendor = ScriptedVendor(on_the_way=lost)
    async with small_deployment.process(vendor) as process:
        job = await lose(process)
        vendor.refusal = VendorUnreachableError("no route")

        await process.searches(5)

        assert (await process.row(job)).searches == 0
        assert len(vendor.asked) == 1


async def test_a_defect_met_by_one_attempt_does_not_end_the_search_for_others(small_deployment):
    vendor = ScriptedVendor(on_the_way_back=lost)
    async with small_deployment.process(vendor) as process:
        first = await process.submit()
        await process.recorded()
        second = await process.submit()
        await process.recorded()
        vendor.on_the_way_back = in_time
        find = vendor.find

        async def find_one(attempt):
            if attempt.job_id == first.id:
                raise KeyError("a bug")
            return await find(attempt)

        vendor.find = find_one
        await process.searches()

        assert process.shown(first).status is JobStatus.UNKNOWN
        assert process.shown(second).status is JobStatus.QUEUED


async def test_searches_become_rarer(small_deployment):
    vendor = ScriptedVendor(on_the_way=lost)
    async with small_deployment.process(vendor) as process:
        await lose(process)
        vendor.resend = lambda *_, **__: None
        moments = []
        for second in range(200):
            before = len(vendor.searched)
            await process.serving.search.run()
            if len(vendor.searched) > before:
                moments.append(second)
            process.clock.passes(1)

        pauses = [after - before for before, after in pairwise(moments)]
        assert pauses[:5] == [round(pause) for pause in PAUSES[:5]]


async def test_what_is_being_sent_is_not_looked_for(small_deployment):
    """A search that overtakes the submission would find nothing, and prove nothing."""
    vendor = ScriptedVendor()
    async with small_deployment.process(vendor) as process:

        async def search():
            await process.serving.search.run()

        vendor.on_the_way = search
        await process.submit()

        assert vendor.searched == []
