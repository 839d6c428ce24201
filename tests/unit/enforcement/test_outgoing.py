"""What goes out under a permit is made once, and is the same after any crash."""

from dataclasses import replace
from hashlib import sha256

import pytest

from gateway.domain.job import JobStatus
from gateway.enforcement.outgoing import SENT, NotTranslatableError, SentBodyChangedError, is_rewritten
from gateway.store.legal_holds import HoldScope
from gateway.vault.vault import ErasedError
from tests.fakes import values
from tests.fakes.scripted_vendor import ENOUGH_SEARCHES, ScriptedVendor, in_time, lost

ELSEWHERE = {"name": "ionq", "dialect": "ionq"}


def at_ibm(**changes):
    return replace(values.JOB, upstream="ibm", dialect="ibm", **changes)


@pytest.mark.parametrize(
    ("job", "dialect", "rewritten"),
    [
        pytest.param(at_ibm(), "ibm", False, id="as it came"),
        pytest.param(at_ibm(), None, False, id="on our simulator"),
        pytest.param(at_ibm(fallback_reason="offline"), None, False, id="on our simulator instead"),
        pytest.param(at_ibm(), "ionq", True, id="at another vendor"),
        pytest.param(at_ibm(fallback_reason="offline"), "ibm", True, id="on other hardware of the same vendor"),
    ],
)
def test_a_program_is_written_anew_for_any_place_it_was_not_written_for(job, dialect, rewritten):
    assert is_rewritten(job, dialect) is rewritten


async def test_the_received_bytes_go_on_as_they_came(small_deployment):
    vendor = ScriptedVendor()
    async with small_deployment.process(vendor) as process:
        job = await process.submit()
        await process.recorded()

        ((_, order),) = vendor.asked
        assert sha256(order.body).hexdigest() == job.payload_digest
        assert order.reader == "ibm"
        with pytest.raises(ErasedError):
            await process.small.house.vault.open(object_id=job.id, kind=SENT)


async def test_what_was_written_for_another_vendor_is_sealed_and_named_in_the_entry(deployment):
    vendor = ScriptedVendor(**ELSEWHERE)
    async with deployment.process(vendor) as process:
        job = await process.submit()
        await process.recorded()

        ((_, order),) = vendor.asked
        assert order.reader == "ionq"
        assert order.body.startswith(b"translation")
        assert await process.small.house.vault.open(object_id=job.id, kind=SENT) == order.body
        (permitted,) = await process.bodies("job.permitted")
        assert set(permitted["sealed"]) == {"payload", "facts", "provenance", SENT}
        (edit,) = permitted["outgoing"]["edits"]
        assert (edit["why"], edit["pointer"]) == ("translated", "")
        assert edit["old_digest"] == job.payload_digest
        assert edit["new"] == f'"{sha256(order.body).hexdigest()}"'


async def test_a_translation_is_sent_again_as_it_was_first_written(deployment):
    """Translating anew could give other bytes, and a vendor's token would not know them."""
    vendor = ScriptedVendor(**ELSEWHERE, on_the_way=lost)
    async with deployment.process(vendor) as process:
        job = await process.submit()
        await process.recorded()
        ((_, first),) = vendor.asked

    vendor = vendor.again()
    async with deployment.process(vendor) as process:
        await process.look_back()
        await process.searches(ENOUGH_SEARCHES)

        ((permit, again),) = vendor.asked
        assert (again.body, again.reader, permit.attempt) == (first.body, "ionq", 2)
        assert {attempt.body for attempt in vendor.searched} == {first.body}
        assert process.shown(job).status is JobStatus.QUEUED


async def test_a_translated_job_is_followed_with_what_was_sent(deployment):
    """Results are read with the body that was sent: it says which qubit each bit reads."""
    vendor = ScriptedVendor(**ELSEWHERE)
    async with deployment.process(vendor) as process:
        job = await process.submit()
        await process.recorded()
        ((_, order),) = vendor.asked

    vendor = vendor.again()
    async with deployment.process(vendor) as process:
        await process.look_back()

        assert vendor.followed[job.id][0].body == order.body


async def test_deleting_a_job_erases_what_was_written_of_it(small_deployment):
    async with small_deployment.process(ScriptedVendor(**ELSEWHERE)) as process:
        job = await process.submit()
        await process.recorded()
        await process.small.completed(job.id)

        await process.serving.changes.delete(process.small.caller, job.client_job_id)

        with pytest.raises(ErasedError):
            await process.small.house.vault.open(object_id=job.id, kind=SENT)


async def test_a_legal_hold_beats_the_owners_own_deletion(small_deployment):
    """The job is hidden from its owner all the same; what was sealed of it stays for whoever ordered the hold."""
    async with small_deployment.process(ScriptedVendor(**ELSEWHERE)) as process:
        job = await process.submit()
        await process.recorded()
        await process.small.completed(job.id)
        house = process.small.house
        await house.keeping.legal_holds.set(HoldScope.JOB, job.client_job_id, reason="case 7")

        await process.serving.changes.delete(process.small.caller, job.client_job_id)

        assert await house.vault.open(object_id=job.id, kind=SENT)
        assert [each async for each in house.keeping.fsck.check()] == []


async def test_nothing_is_sent_where_nobody_speaks_both_languages(small_deployment):
    vendor = ScriptedVendor(**ELSEWHERE)
    async with small_deployment.process(vendor) as process:
        chooser = process.serving.gate.submitter.judge.chooser
        object.__setattr__(chooser.outbound, "encoders", frozenset())

        with pytest.raises(NotTranslatableError, match="in the words of ibm was placed at ionq"):
            await process.submit()

        assert vendor.asked == []
        assert await process.entries() == []


@pytest.mark.parametrize("account", ["account-1", "account-2"])
async def test_an_order_made_again_is_the_permitted_one_or_none(small_deployment, account):
    vendor = ScriptedVendor(on_the_way=lost)
    async with small_deployment.process(vendor) as process:
        job = await process.submit()
        await process.recorded()
        row, outbound = await process.row(job), process.serving.search.outbound
        vendor.on_the_way, vendor.account = in_time, account

        if account == row.account_id:
            order = await outbound.order_again(job, row)
            assert sha256(order.prepared.body).hexdigest() == row.sent_digest
        else:
            with pytest.raises(SentBodyChangedError):
                await outbound.order_again(job, row)


async def test_an_attempt_is_dated_by_when_it_was_sent(small_deployment):
    """A crash may lie between permit and sending, and proof counts from the sending."""
    vendor = ScriptedVendor(on_the_way=lost)
    async with small_deployment.process(vendor) as process:
        job = await process.submit()
        await process.recorded()
        row = await process.row(job)

        attempt = await process.serving.search.outbound.attempt(job, row)

        assert attempt.sent_at == row.sent_at is not None
