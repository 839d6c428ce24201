"""A vendor that is left alone after policy has decided: what certainly did not go is decided once more."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from gateway.domain.backend import ExecutionKind
from gateway.domain.decision import PlacementKind, PolicyPlacement
from gateway.domain.job import JobStatus
from gateway.enforcement import submit
from gateway.enforcement.errors import NotForwardedError
from gateway.ports.vendor import VendorBusyError, VendorUnreachableError
from tests.fakes import values
from tests.fakes.scripted_vendor import ScriptedVendor, lost
from tests.fault.small_house import ToyPolicy, ToyUpstream

AWAY = [VendorBusyError("left alone"), VendorUnreachableError("no route")]


@dataclass
class Simulator(ToyUpstream):
    """Stands in for every vendor."""

    def backends(self):
        return (replace(values.BACKEND, name="aer_simulator", kind=ExecutionKind.SIMULATOR, upstream="aer"),)


@dataclass
class Moving(ToyPolicy):
    """Places a job where it was asked for while that is online, else on the simulator."""

    vendor: ScriptedVendor
    moves: bool = True
    asked: list[str] = field(default_factory=list)

    async def decide(self, facts, *, decision_id):
        self.asked.append(decision_id)
        decided = await super().decide(facts, decision_id=decision_id)
        if self.vendor.status().online or not self.moves:
            return decided
        return replace(decided, placement=PolicyPlacement(kind=PlacementKind.SIMULATOR, reason="its backend is away"))


def leaves(vendor):
    """Let the vendor's breaker open."""
    vendor.status = lambda *_: replace(values.STATUS, online=False)


def turned_away(vendor, error, *, opens=True):
    """Let a submission meet an error on its way, which may open the breaker."""

    async def turn_away():
        if opens:
            leaves(vendor)
        raise error

    vendor.on_the_way = turn_away


def standing_by(process, **policy):
    """Put a simulator beside the vendor, and a policy that knows both; gives them."""
    submitter = process.serving.gate.submitter
    submitter.fleet.upstreams["aer"] = simulator = Simulator()
    submitter.judge.chooser.decision_point.decide = (moving := Moving(process.vendor, **policy)).decide
    return simulator, moving


@pytest.mark.parametrize("error", AWAY, ids=lambda each: each.code)
async def test_what_certainly_did_not_go_is_placed_again(small_deployment, error):
    vendor = ScriptedVendor()
    turned_away(vendor, error)
    async with small_deployment.process(vendor) as process:
        simulator, policy = standing_by(process)

        job = await process.submit()

        await process.recorded()
        assert (job.status, job.backend) == (JobStatus.QUEUED, "aer_simulator")
        assert "its backend is away" in job.fallback_reason
        assert (len(vendor.asked), len(simulator.submitted), len(policy.asked)) == (1, 1, 2)
        ((permit, _),) = vendor.asked
        first = await process.row_of(permit)
        assert first.state == "abandoned"
        assert await process.entries() == ["job.permitted", "job.failed", "job.permitted", "job.forwarded"]
        await process.settles()
        assert vendor.books == []


async def test_a_breaker_that_opens_before_the_permit_moves_a_job_without_a_trace_of_the_first_place(small_deployment):
    vendor = ScriptedVendor(refusal=VendorBusyError("left alone"))
    prepare = vendor.prepare

    def opening(*given):
        leaves(vendor)
        return prepare(*given)

    vendor.prepare = opening
    async with small_deployment.process(vendor) as process:
        simulator, _ = standing_by(process)

        job = await process.submit()

        await process.recorded()
        assert job.backend == "aer_simulator"
        assert [permit.job_id for permit, _ in simulator.submitted] == [job.id]
        assert await process.entries() == ["job.permitted", "job.forwarded"]


async def test_a_vendor_that_is_only_busy_is_not_asked_twice(small_deployment):
    """Its client asks again, and by then the vendor may take it."""
    vendor = ScriptedVendor()
    turned_away(vendor, VendorBusyError("too many requests"), opens=False)
    async with small_deployment.process(vendor) as process:
        _, policy = standing_by(process)

        with pytest.raises(NotForwardedError):
            await process.submit()

        assert (len(vendor.asked), len(policy.asked)) == (1, 1)


async def test_policy_is_asked_twice_at_most(small_deployment):
    vendor = ScriptedVendor()
    turned_away(vendor, VendorUnreachableError("no route"))
    async with small_deployment.process(vendor) as process:
        _, policy = standing_by(process, moves=False)

        with pytest.raises(NotForwardedError):
            await process.submit()

        assert (len(vendor.asked), len(policy.asked)) == (2, 2)


async def test_what_may_have_gone_is_never_moved(small_deployment):
    async def lose():
        leaves(vendor)
        await lost()

    vendor = ScriptedVendor(on_the_way=lose)
    async with small_deployment.process(vendor) as process:
        simulator, policy = standing_by(process)

        job = await process.submit()

        assert job.status is JobStatus.UNKNOWN
        assert (simulator.submitted, len(policy.asked)) == ([], 1)


async def test_a_second_place_gets_only_what_is_left_of_the_time_to_answer(small_deployment, monkeypatch):
    """However often a job is placed, its client waits once."""
    monkeypatch.setattr(submit, "ANSWER_SECONDS", 0.2)
    vendor = ScriptedVendor()
    turned_away(vendor, VendorUnreachableError("no route"))
    async with small_deployment.process(vendor) as process:
        simulator, _ = standing_by(process)
        released = asyncio.Event()

        async def slowly(*_):
            await released.wait()

        simulator.reaction = slowly
        began = asyncio.get_running_loop().time()
        job = await process.submit()
        took = asyncio.get_running_loop().time() - began

        assert job.status is JobStatus.PERMITTED
        assert took < 2
        released.set()
        await process.recorded()
        assert process.shown(job).status is JobStatus.QUEUED
