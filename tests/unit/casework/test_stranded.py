"""Jobs of a vendor that nobody asks any more end when an operator says so, and no others do."""

import pytest

from gateway.casework.inspection import JobUnknownError
from gateway.casework.stranded import ClosingReasonError, JobNotStrandedError
from gateway.domain.job import JobStatus
from gateway.store import attempts, holds
from tests.unit.casework import ledgered
from tests.unit.casework.conftest import NOW

REASON = "the contract with gone ended, and its console shows nothing"


async def left_at(office, vendor, **more):
    """Leave a job at a vendor, money held."""
    job, _ = await ledgered.hold(office, at=NOW, vendor=vendor, **more)
    return job


async def test_only_jobs_that_no_installed_adapter_asks_for_are_stranded(office):
    job = await left_at(office, "gone")
    await left_at(office, "acme")
    await left_at(office, "sim")

    assert [each.id for each in await office.administration.stranded.every()] == [job.id]


@pytest.mark.parametrize(("vendor_job_id", "state"), [("vendor-1", "done"), (None, "abandoned")])
async def test_one_is_closed_with_a_reason_and_frees_its_money(office, vendor_job_id, state):
    job = await left_at(office, "gone", vendor_job_id=vendor_job_id)

    closed = await office.administration.stranded.close(job.client_job_id, reason=REASON)

    async with office.database.reading() as connection:
        assert (await attempts.latest(connection, job.id)).state == state
        assert await holds.held(connection, job.id) is None
    report = await office.inspection.job(job.id)
    assert (closed.status, report.job.status, report.job.reason) == (
        JobStatus.FAILED,
        JobStatus.FAILED,
        f"closed by an operator: {REASON}",
    )
    (entry,) = await office.entries("job.closed")
    assert (entry.body["job_id"], entry.body["reason"]) == (job.id, REASON)
    assert entry.names[entry.body["by"]] == "operator"
    assert await office.administration.stranded.every() == []


async def test_what_somebody_follows_is_not_closed_under_them(office):
    job = await left_at(office, "acme")

    with pytest.raises(JobNotStrandedError, match="is followed at acme"):
        await office.administration.stranded.close(job.id, reason=REASON)


async def test_what_has_ended_is_not_closed_again(office):
    job = await left_at(office, "gone")
    await office.administration.stranded.close(job.id, reason=REASON)

    with pytest.raises(JobNotStrandedError, match="has ended"):
        await office.administration.stranded.close(job.id, reason=REASON)


@pytest.mark.parametrize("reason", ["", "  ", "two\nlines", "x" * 201])
async def test_a_reason_fits_on_a_line(office, reason):
    job = await left_at(office, "gone")

    with pytest.raises(ClosingReasonError):
        await office.administration.stranded.close(job.id, reason=reason)


async def test_an_unknown_job_is_refused(office):
    with pytest.raises(JobUnknownError):
        await office.administration.stranded.close("nobody's", reason=REASON)
