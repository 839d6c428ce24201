"""A client that was told "nothing was forwarded" submits again, so what it was told must stay true for good."""

from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from gateway.audit.ledger import LEASE
from gateway.domain.ids import JobId
from gateway.domain.job import JobStatus
from gateway.enforcement.void import TokenUnsettledError, Void
from gateway.ports.vendor import VendorBusyError
from gateway.store import commit
from gateway.store.commit import LedgerUnavailableError
from tests.fakes import values
from tests.fakes.scripted_vendor import ScriptedVendor
from tests.unit.enforcement.vendor_house import Hands

TOKEN = {"idempotency-key": "mine"}


async def written(process):
    """Wait until everything is written: units are, in the order in which they came."""
    await process.small.house.ledger.record(process.serving.entries.draft("gateway.started", None, {"version": "1"}))


@asynccontextmanager
async def in_doubt(process, monkeypatch, **headers):
    """Let a client be told no while its permit is on the way to the disk; afterwards it is there."""
    finish = process.small.slow_ledger()
    with monkeypatch.context() as patch:
        patch.setattr(commit, "PATIENCE_SECONDS", 0.05)
        with pytest.raises(LedgerUnavailableError) as refused:
            await process.submit(**headers)
    assert refused.value.in_doubt
    yield
    finish()
    await written(process)


@pytest.mark.parametrize("crashes", [True, False])
async def test_a_permit_that_became_durable_too_late_is_never_used(deployment, monkeypatch, crashes):
    vendor = ScriptedVendor()
    async with deployment.process(vendor) as process:
        async with in_doubt(process, monkeypatch):
            pass
        (late,) = await process.small.stored()
        if not crashes:
            again = await process.submit()
            await process.settles()

    async with deployment.process(vendor) as process:
        if crashes:
            again = await process.submit()
        await process.settles()

        assert len(vendor.books) == 1
        assert [permit.job_id for permit, _ in vendor.asked] == [again.id]
        assert (await process.stored(late)).status is JobStatus.FAILED
        assert await process.held(late) is None


async def test_its_money_is_free_at_once(small_deployment, monkeypatch):
    async with small_deployment.process(ScriptedVendor()) as process:
        async with in_doubt(process, monkeypatch):
            pass
        (late,) = await process.small.stored()
        assert await process.held(late)

        await process.serving.recovery.run()

        assert await process.held(late) is None


async def test_its_token_stands_for_nothing_until_it_is_closed_and_then_for_the_next_one(small_deployment, monkeypatch):
    """Joined, the client would be told of a job that nobody will run."""
    vendor = ScriptedVendor()
    async with small_deployment.process(vendor) as process:
        async with in_doubt(process, monkeypatch, **TOKEN):
            with pytest.raises(TokenUnsettledError):
                await process.submit(**TOKEN)
        with pytest.raises(TokenUnsettledError):
            await process.submit(**TOKEN)
        await process.serving.recovery.run()

        again = await process.submit(**TOKEN)

        assert [permit.job_id for permit, _ in vendor.asked] == [again.id]
        assert (await process.submit(**TOKEN)).id == again.id


async def test_after_a_crash_its_token_is_free_as_soon_as_it_is_closed(small_deployment, monkeypatch):
    vendor = ScriptedVendor()
    async with small_deployment.process(vendor) as process, in_doubt(process, monkeypatch, **TOKEN):
        pass

    async with small_deployment.process(vendor) as process:
        with pytest.raises(TokenUnsettledError):
            await process.submit(**TOKEN)
        await process.look_back()

        again = await process.submit(**TOKEN)

        assert [permit.job_id for permit, _ in vendor.asked] == [again.id]


def test_what_never_became_durable_is_forgotten_with_its_lease():
    clock = Hands()
    void = Void(clock=clock)
    for name in ("in doubt", "left by a crash"):
        void.note(replace(values.JOB, id=JobId(name), created_at=clock.now()))
    clock.passes(LEASE.total_seconds() - 1)
    void.forget_lapsed(())
    assert len(void.jobs) == 2

    clock.passes(2)
    void.forget_lapsed({"left by a crash"})

    assert set(void.jobs) == {"left by a crash"}


async def test_a_job_whose_closing_became_durable_too_late_is_shown_as_it_ended(small_deployment, monkeypatch):
    """Its client was told that it waits, and asks for it until it has an end."""
    finish = []

    async def busy_and_slow():
        finish.append(process.small.slow_ledger())
        monkeypatch.setattr(commit, "PATIENCE_SECONDS", 0.05)
        raise VendorBusyError("takes nothing now")

    vendor = ScriptedVendor(on_the_way=busy_and_slow)
    async with small_deployment.process(vendor) as process:
        job = await process.submit()
        assert job.status is JobStatus.PERMITTED
        monkeypatch.undo()
        finish.pop()()
        await written(process)

        await process.serving.recovery.run()

        assert process.shown(job).status is JobStatus.FAILED
        assert len(vendor.asked) == 1
