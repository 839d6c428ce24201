"""Jobs that wait for a second person: they go once, after a yes, and whatever ends the waiting ends it once."""

import json
from dataclasses import dataclass, field, replace

import pytest

from gateway.casework.approvals import ApproverRefusedError
from gateway.casework.fsck import jobs as fsck_jobs
from gateway.domain.approval import ApprovalState
from gateway.domain.decision import Finding, Obligation
from gateway.domain.errors import NotFoundError
from gateway.domain.halt import Scope
from gateway.domain.job import JobStatus
from gateway.domain.principal import PrincipalKind
from gateway.enforcement.errors import JobEndedError
from gateway.store import approvals, damage, warnings
from gateway.store.approvals import ApprovalDecidedError
from gateway.store.commit import LedgerUnavailableError
from tests.fakes.scripted_vendor import ScriptedVendor
from tests.fault.small_house import ToyPolicy
from tests.unit.enforcement.approvers import approver, given
from tests.unit.enforcement.vendor_house import deploy

pytestmark = pytest.mark.long

DEMAND = {"permission": "job.approve", "reason": "costly", "hours": 24}


@dataclass
class Asking(ToyPolicy):
    """Demands an approval, as the rule `approval/required` does, and what it is told afterwards."""

    demands: tuple = (DEMAND,)
    denies: bool = False
    asked: list = field(default_factory=list)

    async def decide(self, facts, *, decision_id):
        approval = json.loads(facts)["approval"]
        self.asked.append(approval)
        decided = await super().decide(facts, decision_id=decision_id)
        if self.denies and approval["granted"]:
            return replace(decided, allow=False, deny=(Finding(rule="budget/money", message="spent", remedy=""),))
        demands = () if approval["granted"] and len(self.demands) == 1 else self.demands
        obligations = tuple(Obligation(kind="require-approval", parameters=each) for each in demands)
        return replace(decided, obligations=obligations)


@pytest.fixture
def vendor():
    return ScriptedVendor()


def asking(process, **policy):
    """Let policy demand approvals; gives it."""
    policy = Asking(**policy)
    process.serving.gate.submitter.judge.chooser.decision_point.decide = policy.decide
    return policy


async def waiting(process, **headers):
    """Submit a job that waits, and write down that its client knows of it."""
    job = await process.submit(**headers)
    await process.told(job)
    return job


async def request_of(process, job):
    async with process.small.house.database.reading() as connection:
        return await approvals.load(connection, job.id)


async def test_a_job_waits_and_goes_once_after_a_yes(deployment, vendor):
    """Nothing is held and nothing is sent before; afterwards it is a job like any other, under the same id."""
    async with deployment.process(vendor) as process:
        policy, house = asking(process), process.small.house
        job = await waiting(process)
        await process.ticks("approvals")
        assert (job.status, process.shown(job).status) == (JobStatus.AWAITING, JobStatus.AWAITING)
        assert (vendor.books, await process.held(job), await process.latest(job)) == ([], None, None)

        await house.approvals.approve(job.client_job_id, await approver(house), reason="checked")
        await process.ticks("approvals")
        await process.ticks("approvals")
        await process.recorded()

        assert (len(vendor.books), process.shown(job).status) == (1, JobStatus.QUEUED)
        assert process.shown(job).client_job_id == job.client_job_id
        assert await process.held(job) is not None
        assert [each["granted"] for each in policy.asked] == [False, True]
        assert await process.entries() == ["job.permitted", "job.forwarded"]
        permitted = (await process.bodies("job.permitted"))[0]
        asked = (await process.bodies("approval.requested"))[0]
        granted = (await process.bodies("approval.granted"))[0]
        assert (permitted["approval"]["by"], permitted["job_id"]) == (granted["by"], asked["job_id"])
        assert (await request_of(process, job)).state is ApprovalState.SUBMITTED


async def test_a_waiting_job_is_found_in_order(small_deployment, vendor):
    """It has no attempt, and that is no damage; nothing that was sealed for it is sealed twice."""
    async with small_deployment.process(vendor) as process:
        asking(process)
        job, house = await waiting(process), process.small.house
        async with house.database.reading() as connection:
            assert await damage.unattempted_jobs(connection) == []
        assert (await house.inspection.job(job.client_job_id)).sealed == ("payload", "submission")
        await house.approvals.approve(job.id, await approver(house), reason="checked")
        await process.ticks("approvals")
        await process.recorded()

        report = await house.inspection.job(job.client_job_id)
        assert [each.type for each in report.entries][:3] == ["approval.requested", "approval.granted", "job.permitted"]
        assert [each async for each in fsck_jobs.rows(house.database, house.administration.budgets)] == []


@pytest.mark.parametrize("approved", [False, True])
async def test_a_crash_loses_nothing(deployment, vendor, approved):
    """Before the yes it goes on waiting; after it, it goes from the next process, once."""
    async with deployment.process(vendor) as process:
        asking(process)
        job = await waiting(process)
        if approved:
            await process.small.house.approvals.approve(job.id, await approver(process.small.house), reason="yes")

    async with deployment.process(vendor) as process:
        asking(process)
        await process.settles()
        assert (vendor.books, process.shown(job).status) == ([], JobStatus.AWAITING)
        if not approved:
            await process.small.house.approvals.approve(job.id, await approver(process.small.house), reason="yes")
        await process.ticks("approvals")
        await process.recorded()

    async with deployment.process(vendor) as process:
        asking(process)
        await process.ticks("approvals")
        assert len(vendor.books) == 1


async def test_a_rejection_ends_it_with_the_reason(deployment, vendor):
    async with deployment.process(vendor) as process:
        asking(process)
        job, house = await waiting(process), process.small.house
        await house.approvals.reject(job.id, await approver(house), reason="too dear for a test")
        await process.ticks("recovery")
        await process.ticks("approvals")

        shown = process.shown(job)
        assert (shown.status, shown.reason) == (JobStatus.FAILED, "not approved: too dear for a test")
        assert (await process.stored(job)).status is JobStatus.FAILED
        assert vendor.books == []
        with pytest.raises(ApprovalDecidedError):
            await house.approvals.approve(job.id, await approver(house, "eve"), reason="I would")


async def test_nobody_approves_in_time(deployment, vendor, clock):
    async with deployment.process(vendor) as process:
        asking(process)
        job, house = await waiting(process), process.small.house
        who = await approver(house)
        clock.passes(24 * 3600 - 30)
        await process.ticks("approvals")
        assert process.shown(job).status is JobStatus.AWAITING
        clock.passes(31)
        with pytest.raises(ApprovalDecidedError):
            await house.approvals.approve(job.id, who, reason="late")
        await process.ticks("approvals")

        shown = process.shown(job)
        assert (shown.status, vendor.books) == (JobStatus.FAILED, [])
        assert "nobody approved it in 24 hours" in shown.reason
        assert "costly" in shown.reason
        assert await process.entries() == ["job.failed"]


async def test_its_owner_cancels_it(deployment, vendor):
    """At once, and it sticks: no later yes lets it go."""
    async with deployment.process(vendor) as process:
        asking(process)
        job, house = await waiting(process), process.small.house
        await process.cancel(job)

        assert process.shown(job).status is JobStatus.CANCELLED
        with pytest.raises(ApprovalDecidedError):
            await house.approvals.approve(job.id, await approver(house), reason="too late")
        with pytest.raises(JobEndedError):
            await process.cancel(job)
        await process.ticks("approvals")
        assert vendor.books == []


async def test_a_cancel_that_the_ledger_does_not_take_is_heeded_before_it_goes(small_deployment, vendor):
    async with small_deployment.process(vendor) as process:
        asking(process)
        job, house = await waiting(process), process.small.house
        await house.approvals.approve(job.id, await approver(house), reason="yes")
        mended = process.breaks_at("record")
        with pytest.raises(LedgerUnavailableError):
            await process.cancel(job)
        mended()
        await process.ticks("approvals")

        assert (vendor.books, process.shown(job).status) == ([], JobStatus.CANCELLED)


async def test_a_yes_and_a_cancel_at_once_let_one_win(deployment, vendor):
    """The permit moves the request on in its own transaction: who comes second changes nothing."""
    async with deployment.process(vendor) as process:
        asking(process)
        job, house = await waiting(process), process.small.house
        await house.approvals.approve(job.id, await approver(house), reason="yes")
        before = await request_of(process, job)
        assert await process.serving.approved.waiting.withdraw(process.shown(job), "changed my mind")

        await process.serving.approved._send(before, job)

        assert (vendor.books, (await process.stored(job)).status) == ([], JobStatus.CANCELLED)
        assert await process.latest(job) is None
        assert await process.held(job) is None


async def test_two_processes_send_it_once(deployment, vendor):
    async with deployment.process(vendor) as process:
        asking(process)
        job, house = await waiting(process), process.small.house
        await house.approvals.approve(job.id, await approver(house), reason="yes")
        before = await request_of(process, job)
        await process.serving.approved._send(before, job)
        await process.serving.approved._send(before, job)
        await process.recorded()

        assert (len(vendor.books), process.shown(job).status) == (1, JobStatus.QUEUED)


async def test_what_policy_denies_by_then_ends_with_its_words(deployment, vendor):
    """A yes of a person is a fact, and not a decision."""
    async with deployment.process(vendor) as process:
        asking(process, denies=True)
        job, house = await waiting(process), process.small.house
        await house.approvals.approve(job.id, await approver(house), reason="yes")
        await process.ticks("approvals")

        assert process.shown(job).status is JobStatus.FAILED
        assert "budget/money: spent" in process.shown(job).reason
        denied = (await process.bodies("job.denied"))[0]
        assert (denied["job_id"], denied["approval"]["request"]) == (job.id, (await request_of(process, job)).event_id)
        assert (await request_of(process, job)).state is ApprovalState.REFUSED


async def test_what_needs_another_approval_by_then_does_not_go(small_deployment, vendor):
    async with small_deployment.process(vendor) as process:
        asking(process, demands=(DEMAND, {"role": "security", "reason": "dearer than approved", "hours": 1}))
        job, house = await waiting(process), process.small.house
        await house.approvals.approve(job.id, await approver(house), reason="yes")
        await process.ticks("approvals")

        assert (vendor.books, process.shown(job).status) == ([], JobStatus.FAILED)
        assert "dearer than approved" in process.shown(job).reason


async def test_while_nothing_can_be_decided_it_stays_approved(small_deployment, vendor, clock):
    async with small_deployment.process(vendor) as process:
        asking(process)
        job, house = await waiting(process), process.small.house
        await house.approvals.approve(job.id, await approver(house), reason="yes")
        mended = process.breaks_at("permit")
        await process.ticks("approvals")
        assert (vendor.books, process.shown(job).status) == ([], JobStatus.AWAITING)

        mended()
        await process.ticks("approvals")
        assert vendor.books == [], "each try is a decision, so it takes its time"
        clock.passes(60)
        await process.ticks("approvals")
        await process.recorded()
        assert len(vendor.books) == 1


async def test_a_client_that_was_told_nothing_has_its_job_given_up(small_deployment, vendor, clock):
    """It submitted again, and both must not run."""
    async with small_deployment.process(vendor) as process:
        asking(process)
        job, house = await process.submit(), process.small.house
        await house.approvals.approve(job.id, await approver(house), reason="yes")
        await process.ticks("approvals")
        assert process.shown(job).status is JobStatus.AWAITING
        clock.passes(601)
        await process.ticks("approvals")

        assert (vendor.books, process.shown(job).status) == ([], JobStatus.FAILED)
        assert "was not told of it" in process.shown(job).reason


async def test_a_token_stands_for_a_job_that_waits(deployment, vendor):
    """The same submission again is the same request, in this process and in the next; a rejected one is free again."""
    async with deployment.process(vendor) as process:
        asking(process)
        job = await waiting(process, **{"idempotency-key": "once"})
        assert (await process.submit(**{"idempotency-key": "once"})).id == job.id

    async with deployment.process(vendor) as process:
        asking(process)
        assert (await process.submit(**{"idempotency-key": "once"})).id == job.id
        house = process.small.house
        assert len(await house.approvals.every(None)) == 1
        await house.approvals.reject(job.id, await approver(house), reason="no")

    async with deployment.process(vendor) as process:
        asking(process)
        assert (await process.submit(**{"idempotency-key": "once"})).id != job.id


async def test_a_key_that_ended_meanwhile_sends_nothing(small_deployment, vendor):
    async with small_deployment.process(vendor) as process:
        asking(process)
        house = process.small.house
        job, who = await waiting(process), await approver(house)
        await house.approvals.approve(job.id, who, reason="yes")
        await house.administration.keys.revoke(job.key_id)
        await house.identity.refresh()
        await process.ticks("approvals")

        assert (vendor.books, process.shown(job).status) == ([], JobStatus.FAILED)
        assert "was revoked" in process.shown(job).reason


async def test_a_halt_ends_what_waits(small_deployment, vendor):
    async with small_deployment.process(vendor) as process:
        asking(process)
        job, house = await waiting(process), process.small.house
        await house.administration.halts.set(Scope.ALL, reason="a leak")
        await process.serving.halts.refresh()
        await process.ticks("approvals")

        assert process.shown(job).status is JobStatus.CANCELLED
        assert "a leak" in process.shown(job).reason


async def test_nobody_approves_what_they_submitted(small_deployment, vendor):
    """Not even with another key, and not through a service."""
    async with small_deployment.process(vendor) as process:
        asking(process)
        job, house = await waiting(process), process.small.house
        own = process.small.caller
        same_person = given(replace(own, key=replace(own.key, id="another", roles=("security",))))
        robot = await approver(house, "robot", kind=PrincipalKind.SERVICE)
        outsider = replace(await approver(house, "lena", role="lead"), projects=frozenset())
        scientist = await approver(house, "sam", role="scientist")

        for who, why in (
            (same_person, "submitted it yourself"),
            (robot, "service"),
            (scientist, "carries job.approve"),
        ):
            with pytest.raises(ApproverRefusedError, match=why):
                await house.approvals.approve(job.id, who, reason="please")
        with pytest.raises(NotFoundError):
            await house.approvals.named(job.id, outsider)
        assert await house.approvals.every(outsider) == []
        assert (await request_of(process, job)).state is ApprovalState.WAITING


async def test_a_role_may_be_asked_for(small_deployment, vendor):
    async with small_deployment.process(vendor) as process:
        asking(process, demands=({"role": "lead", "reason": "costly", "hours": 2},))
        job, house = await waiting(process), process.small.house

        with pytest.raises(ApproverRefusedError, match="the role lead"):
            await house.approvals.approve(job.id, await approver(house), reason="I may any")
        await house.approvals.approve(job.id, await approver(house, "lena", role="lead"), reason="mine")
        assert (await request_of(process, job)).verdict.roles == ("lead",)


async def test_whoever_listens_is_told_and_the_age_is_shown(tmp_path, clock, vendor):
    """The letter is durable with the request; it names no person and no circuit."""
    secret = tmp_path / "secret"
    secret.write_bytes(b"x" * 40)
    secret.chmod(0o600)
    hooks = {
        "GATEWAY_WEBHOOKS__OPS__URL": "https://hooks.example.org/approvals",
        "GATEWAY_WEBHOOKS__OPS__SECRET_FILE": str(secret),
    }
    deployment = await deploy(tmp_path, clock, **hooks)
    async with deployment.process(vendor) as process:
        asking(process)
        job, house = await waiting(process), process.small.house
        clock.passes(3600)
        async with house.database.reading() as connection:
            (letter,) = await warnings.due(connection, clock.now(), most=9)
        told = json.loads(letter.body)
        assert (told["type"], told["subject"]) == ("qgw.approval.requested", job.client_job_id)
        assert told["data"]["reasons"] == ["costly"]
        await process.ticks("approvals")
        gauges = house.metrics.registry
        assert gauges.get_sample_value("gateway_approvals_waiting") == 1
        assert gauges.get_sample_value("gateway_approval_oldest_seconds") >= 3600
