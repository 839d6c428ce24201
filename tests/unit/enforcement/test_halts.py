"""The kill switch at work: what it refuses, whom it tells to stop, and that one job in trouble spares no other."""

from dataclasses import replace

import pytest

from gateway.domain.halt import Halt, Scope
from gateway.domain.ids import ClientJobId, JobId
from gateway.domain.job import JobStatus
from gateway.enforcement.halts import HaltedError, Halts
from gateway.store import halts as rows
from gateway.store.view import JobView
from tests.fakes import values
from tests.fakes.scripted_vendor import ScriptedVendor
from tests.unit.enforcement.vendor_house import quietly


def halt(scope, target="", *, lifted=None, reason="an audit"):
    return Halt(id="halt-1", scope=scope, target=target, reason=reason, at=values.NOW, lifted_at=lifted)


ALL = halt(Scope.ALL)


@pytest.mark.parametrize(
    ("live", "refused"),
    [
        pytest.param(ALL, True, id="everything"),
        pytest.param(halt(Scope.PROJECT, "project-1"), True, id="this project"),
        pytest.param(halt(Scope.PROJECT, "project-2"), False, id="another project"),
        pytest.param(halt(Scope.VENDOR, "ibm"), True, id="this vendor"),
        pytest.param(halt(Scope.VENDOR, "ionq"), False, id="another vendor"),
    ],
)
def test_a_halt_refuses_what_it_names(live, refused):
    halts = Halts(database=None, jobs=JobView(None), live=(live,))

    if refused:
        with pytest.raises(HaltedError, match="an audit"):
            halts.check(project_id="project-1", upstream="ibm")
    else:
        halts.check(project_id="project-1", upstream="ibm")


def test_a_vendor_that_is_halted_is_no_reason_before_a_place_is_chosen():
    """The job may go elsewhere: only the place that was chosen is checked."""
    Halts(database=None, jobs=JobView(None), live=(halt(Scope.VENDOR, "ibm"),)).check(project_id="project-1")


def under_way(*upstreams):
    view = JobView(None)
    for number, upstream in enumerate(upstreams):
        names = {"id": JobId(f"job-{number}"), "client_job_id": ClientJobId(f"client-{number}")}
        view.put(replace(values.JOB, upstream=upstream, **names))
    return view


def test_each_job_under_way_is_told_until_it_was():
    halts = Halts(database=None, jobs=under_way("ibm", "ionq"), live=(halt(Scope.VENDOR, "ibm"), ALL))

    assert [(job.id, each.scope) for job, each in halts.to_stop()] == [("job-0", Scope.VENDOR), ("job-1", Scope.ALL)]
    halts.told.add(JobId("job-0"))
    assert [job.id for job, _ in halts.to_stop()] == ["job-1"]


def test_a_lifted_halt_stops_nothing_and_a_new_one_stops_all_again():
    halts = Halts(database=None, jobs=under_way("ibm"), live=(ALL,))
    halts.told.add(JobId("job-0"))
    halts.live = ()
    assert halts.to_stop() == []

    halts.live = (ALL,)
    assert [job.id for job, _ in halts.to_stop()] == ["job-0"]


async def begin_halt(process, each=ALL):
    await process.small.house.ledger.record(
        process.serving.entries.draft("halt.set", None, {"scope": each.scope, "target": each.target, "reason": "why"}),
        rows=(rows.write(each),),
    )
    await process.serving.halts.refresh()


async def test_what_runs_at_a_vendor_is_stopped_there_and_stays_so_after_a_restart(deployment):
    vendor = ScriptedVendor()
    async with deployment.process(vendor) as process:
        job = await process.submit()
        await process.recorded()
        await begin_halt(process)
        await process.ticks("halts")
        assert vendor.cancelled == [job.id]
        await begin_halt(process, replace(ALL, lifted_at=values.NOW))

    vendor = vendor.again()
    async with deployment.process(vendor) as process:
        await process.look_back()

        assert process.serving.halts.live == ()
        assert vendor.cancelled == [job.id]


async def test_nothing_new_is_taken_while_it_lasts(small_deployment):
    vendor = ScriptedVendor()
    async with small_deployment.process(vendor) as process:
        await begin_halt(process)

        assert isinstance(await quietly(process.submit()), HaltedError)

        assert vendor.asked == []


async def test_a_job_that_was_halted_before_it_went_says_who_stopped_it(small_deployment):
    vendor = ScriptedVendor()
    async with small_deployment.process(vendor) as process:
        process.breaks_at("note")
        await quietly(process.submit())

    async with small_deployment.process(vendor) as process:
        jobs = process.serving.jobs.under_way()
        await begin_halt(process)
        await process.ticks("halts")
        await process.look_back()

        for job in jobs:
            ended = await process.stored(job)
            assert (ended.status, ended.reason) == (JobStatus.CANCELLED, "stopped by an operator: an audit")


async def test_one_job_that_cannot_be_stopped_now_spares_no_other(small_deployment):
    vendor = ScriptedVendor()
    async with small_deployment.process(vendor) as process:
        jobs = [await process.submit(), await process.submit()]
        await process.recorded()
        await begin_halt(process)
        cancel = vendor.cancel

        async def refuse_one(job_id):
            if job_id == jobs[0].id:
                raise KeyError("a bug")
            return await cancel(job_id)

        vendor.cancel = refuse_one
        await process.ticks("halts")
        assert vendor.cancelled == [jobs[1].id]
        vendor.cancel = cancel
        await process.ticks("halts")

        assert vendor.cancelled == [jobs[1].id, jobs[0].id]


def test_only_the_replica_that_follows_a_job_stops_it():
    """Others would write the same wish down once more, each."""
    view = JobView(None, shared=True)
    for number in range(2):
        names = {"id": JobId(f"job-{number}"), "client_job_id": ClientJobId(f"client-{number}")}
        view.put(replace(values.JOB, upstream="ibm", **names))
    view.own("job-1")

    assert [job.id for job, _ in Halts(database=None, jobs=view, live=(ALL,)).to_stop()] == ["job-1"]
