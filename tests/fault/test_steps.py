"""The process ends, or the ledger fails, between two steps of a submission; the next process makes it good.

Audit comes before act: what is not recorded is not forwarded, and what was acknowledged is never lost.
"""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.audit.ledger import LEASE
from gateway.domain.backend import ExecutionKind
from gateway.domain.errors import UnavailableError
from gateway.domain.job import JobStatus
from gateway.enforcement.errors import NotForwardedError
from gateway.enforcement.recover import MOST_CLAIMS
from gateway.store import commit
from gateway.store.commit import LedgerUnavailableError
from tests.fault.small_house import ToyUpstream, begin, opened
from tests.records import StillClock

pytestmark = pytest.mark.long


async def hang(_permit, _order):
    await asyncio.Event().wait()


@pytest.fixture
async def state(tmp_path):
    return tmp_path / "state", await begin(tmp_path / "state")


async def crashed(state, upstream) -> None:
    """Be a process that ends while its upstream is asked to take a job."""
    async with opened(*state, upstream) as small:
        asking = asyncio.create_task(small.submit())
        await upstream.asked.wait()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


async def test_nothing_is_forwarded_when_the_ledger_takes_no_entry(state):
    """Without a permit no upstream is called; the client hears that asking again is safe."""
    async with opened(*state, ToyUpstream()) as small:
        mend = small.break_ledger()

        with pytest.raises(LedgerUnavailableError) as refused:
            await small.submit()

        assert refused.value.retry_after_seconds > 0
        assert small.upstream.submitted == []
        assert small.house.serving.missing()[0].startswith("ledger: ")
        mend()
        assert await small.stored() == []
        assert (await small.submit()).status is JobStatus.QUEUED
        assert small.house.serving.missing() == []


async def test_a_crash_between_permit_and_forwarding_leaves_a_job_that_is_forwarded_later(state):
    await crashed(state, ToyUpstream(reaction=hang))

    async with opened(*state, ToyUpstream()) as small:
        (left,) = await small.stored()
        assert left.status is JobStatus.PERMITTED
        await small.recover()

        ((permit, order),) = small.upstream.submitted
        assert (permit.job_id, permit.attempt, order.program) == (left.id, 1, "sampler")
        await small.completed(left.id)
        assert await small.entries() == ["job.permitted", "attempt.claimed", "job.forwarded", "job.completed"]
        assert await small.stored() == []


async def test_a_crash_between_forwarding_and_its_entry_runs_a_simulation_again(state):
    """Twice costs nothing on a simulator; never would lose an acknowledged job."""
    upstream = ToyUpstream()
    async with opened(*state, upstream) as small:

        async def taken_and_then_full(_permit, _order):
            small.break_ledger()

        upstream.reaction = taken_and_then_full
        acknowledged = await small.submit()
        assert acknowledged.status is JobStatus.QUEUED

    async with opened(*state, ToyUpstream()) as small:
        await small.recover()

        assert [permit.job_id for permit, _ in small.upstream.submitted] == [acknowledged.id]


async def test_a_crash_while_a_job_runs_runs_it_again(state):
    async with opened(*state, ToyUpstream()) as small:
        job = await small.submit()

    async with opened(*state, ToyUpstream()) as small:
        await small.recover()
        await small.completed(job.id)

        assert (await small.house.serving.jobs.find(job.client_job_id)).status is JobStatus.COMPLETED


async def test_what_ended_before_the_crash_is_not_run_again(state):
    async with opened(*state, ToyUpstream()) as small:
        job = await small.submit()
        await small.completed(job.id)

    async with opened(*state, ToyUpstream()) as small:
        await small.recover()

        assert small.upstream.submitted == []


async def test_hardware_is_never_asked_twice(state):
    """A vendor may have started, and would bill twice; only asking the vendor can tell."""
    hardware = ExecutionKind.HARDWARE
    await crashed(state, ToyUpstream(kind=hardware, reaction=hang))

    async with opened(*state, ToyUpstream(kind=hardware)) as small:
        (left,) = await small.stored()
        await small.recover()

        assert small.upstream.submitted == []
        assert small.house.serving.jobs.get(left.client_job_id).status is JobStatus.UNKNOWN


async def test_a_job_that_brings_the_gateway_down_does_not_do_so_for_ever(state):
    await crashed(state, ToyUpstream(reaction=hang))
    for _ in range(MOST_CLAIMS):
        upstream = ToyUpstream(reaction=hang)
        async with opened(*state, upstream) as small:
            taking_up = asyncio.create_task(small.recover())
            await upstream.asked.wait()
            taking_up.cancel()
            await asyncio.gather(taking_up, return_exceptions=True)

    async with opened(*state, ToyUpstream()) as small:
        (left,) = await small.stored()
        await small.recover()

        ended = await small.house.serving.jobs.find(left.client_job_id)
        assert ended.status is JobStatus.FAILED
        assert "submit it again" in ended.reason
        assert small.upstream.submitted == []


async def test_an_upstream_that_takes_nothing_leaves_a_closed_job(state):
    """Certainly not started, so asking again makes another job and nothing runs twice."""

    async def full(_permit, _order):
        raise UnavailableError("the queue is full")

    async with opened(*state, ToyUpstream(reaction=full)) as small:
        with pytest.raises(NotForwardedError, match="the queue is full"):
            await small.submit()

        assert await small.stored() == []
        assert await small.entries() == ["job.permitted", "job.failed"]

    async with opened(*state, ToyUpstream()) as small:
        await small.recover()

        assert small.upstream.submitted == []


async def test_an_outcome_waits_for_the_ledger_and_the_job_runs_on_for_its_owner(state):
    """Nobody is shown an outcome that the ledger does not hold."""
    async with opened(*state, ToyUpstream()) as small:
        job = await small.submit()
        mend = small.break_ledger()
        reporting = asyncio.create_task(small.completed(job.id))
        await small.unrecorded()

        shown = small.house.serving.jobs.get(job.client_job_id)
        assert not shown.status.final
        assert any(reason.startswith("outcomes: 1 ") for reason in small.house.serving.missing())

        mend()
        await reporting
        assert small.house.serving.jobs.get(job.client_job_id).status is JobStatus.COMPLETED
        assert small.house.serving.missing() == []


async def test_an_outcome_that_a_crash_took_along_is_computed_again(state):
    async with opened(*state, ToyUpstream()) as small:
        job = await small.submit()
        small.break_ledger()
        reporting = asyncio.create_task(small.completed(job.id))
        await small.unrecorded()
        reporting.cancel()
        await asyncio.gather(reporting, return_exceptions=True)

    async with opened(*state, ToyUpstream()) as small:
        await small.recover()

        assert [permit.job_id for permit, _ in small.upstream.submitted] == [job.id]


async def test_recovery_that_meets_a_ledger_out_of_order_tries_again(state):
    await crashed(state, ToyUpstream(reaction=hang))

    async with opened(*state, ToyUpstream()) as small:
        mend = small.break_ledger()
        await small.recover()
        assert small.upstream.submitted == []

        mend()
        await small.waited().run()

        assert len(small.upstream.submitted) == 1


async def test_an_entry_that_became_durable_too_late_is_let_go_when_its_lease_lapsed(state, monkeypatch):
    """Its client was told to submit again, so this one must not run too."""
    async with opened(*state, ToyUpstream()) as small:
        mend = small.slow_ledger()
        monkeypatch.setattr(commit, "PATIENCE_SECONDS", 0.05)
        with pytest.raises(LedgerUnavailableError) as refused:
            await small.submit()
        assert refused.value.in_doubt
        mend()
        monkeypatch.undo()
        await small.house.ledger.record(small.house.serving.entries.draft("gateway.started", None, {"version": "1"}))
        (left,) = await small.stored()

        await small.house.serving.recovery.run()
        assert small.upstream.submitted == []
        later = StillClock(datetime.now(UTC) + LEASE + timedelta(seconds=1))
        await replace(small.house.serving.recovery, clock=later).run()

        ended = await small.house.serving.jobs.find_by_id(left.id)
        assert small.upstream.submitted == []
        assert ended.status is JobStatus.FAILED
        assert "submit it again" in ended.reason


async def test_a_defect_of_an_upstream_leaves_a_permitted_job_for_the_next_process(state):
    """Nobody knows whether it started, so the client is not told to submit again; a simulator may be asked again."""

    async def defect(_permit, _order):
        raise RuntimeError("a bug")

    async with opened(*state, ToyUpstream(reaction=defect)) as small:
        seen = await small.submit()
        (left,) = await small.stored()
        assert (seen.id, left.status) == (left.id, JobStatus.PERMITTED)

    async with opened(*state, ToyUpstream()) as small:
        await small.recover()

        assert [permit.job_id for permit, _ in small.upstream.submitted] == [left.id]
