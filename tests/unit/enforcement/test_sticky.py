"""A cancel sticks: helpers that submit again what did not succeed are refused, people who mean it are not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain.principal import Caller
from gateway.enforcement import sticky
from gateway.enforcement.sticky import RERUN_TAG, STICKY, Cancelled, WorkCancelledError
from tests.fakes import values
from tests.fakes.scripted_vendor import ScriptedVendor
from tests.policy.cast import KEY, PRINCIPAL, PROJECT, SUBMISSION
from tests.unit.enforcement.vendor_house import quietly

ALICE = Caller(principal=PRINCIPAL, project=PROJECT, key=KEY)
SUBMITTED = replace(SUBMISSION, body_digest="ab" * 32, work_digest="", tags=())
JOB = replace(values.JOB, principal_id=PRINCIPAL.id, payload_digest="ab" * 32, work_digest="ab" * 32)
SECOND = timedelta(seconds=1)


@pytest.fixture
def cancelled():
    memory = Cancelled()
    memory.note(JOB, values.NOW)
    return memory


def test_the_same_work_is_refused_with_the_way_to_mean_it(cancelled):
    with pytest.raises(WorkCancelledError) as refused:
        cancelled.check(ALICE, SUBMITTED, values.NOW + SECOND)

    assert JOB.client_job_id in refused.value.message
    assert RERUN_TAG in refused.value.message
    assert "2026-03-01T12:02:00" in refused.value.message


@pytest.mark.parametrize(
    ("submitted", "later"),
    [
        pytest.param(SUBMITTED, STICKY, id="after a while"),
        pytest.param(replace(SUBMITTED, tags=(RERUN_TAG,)), SECOND, id="said so"),
        pytest.param(replace(SUBMITTED, body_digest="cd" * 32), SECOND, id="other work"),
    ],
)
def test_whoever_means_it_runs_it_again(cancelled, submitted, later):
    cancelled.check(ALICE, submitted, values.NOW + later)


def test_somebody_elses_cancel_stops_nobody(cancelled):
    cancelled.check(replace(ALICE, principal=replace(PRINCIPAL, id="other")), SUBMITTED, values.NOW + SECOND)


def test_a_token_in_the_body_does_not_make_it_other_work():
    """Braket's SDK sends a new client token each time: what is to be done is the same."""
    memory = Cancelled()
    memory.note(replace(JOB, payload_digest="12" * 32), values.NOW)

    with pytest.raises(WorkCancelledError):
        memory.check(ALICE, replace(SUBMITTED, body_digest="34" * 32, work_digest="ab" * 32), values.NOW)


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(sticky, "_CAPACITY", 3)
    memory = Cancelled()
    for number in range(10):
        memory.note(replace(JOB, work_digest=f"{number:064}"), values.NOW)

    assert len(memory.recent) == 3


async def test_a_cancel_sticks_across_a_restart_from_the_moment_it_was_asked_for(deployment):
    """The vendor may take its time: what counts is what its owner said."""
    async with deployment.process(ScriptedVendor()) as process:
        job = await process.submit()
        await process.recorded()
        await process.cancel(job)
        assert isinstance(await quietly(process.submit()), WorkCancelledError)
        await process.ticks("answers")

    async with deployment.process(ScriptedVendor()) as process:
        assert isinstance(await quietly(process.submit()), WorkCancelledError)
        process.clock.passes(STICKY.total_seconds())

        assert not isinstance(await quietly(process.submit()), WorkCancelledError)


async def test_what_an_operator_stopped_may_be_submitted_again(deployment):
    """Nobody cancelled that work; a halt refuses for as long as it lasts."""
    async with deployment.process(ScriptedVendor()) as process:
        job = await process.submit()
        await process.recorded()
        await process.serving.changes.stop(job, reason="stopped by an operator: an audit")

    async with deployment.process(ScriptedVendor()) as process:
        assert not isinstance(await quietly(process.submit()), WorkCancelledError)
