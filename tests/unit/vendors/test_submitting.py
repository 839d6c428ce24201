"""Submissions: sent once, refused while a breaker is open, and never repeated without proof."""

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from gateway.domain import lease as leases
from gateway.domain.errors import UnavailableError
from gateway.domain.lease import Lease, LeaseLostError
from gateway.domain.marks import mark
from gateway.ports.upstream import UpstreamContext
from gateway.ports.vendor import (
    AnswerLostError,
    Prepared,
    Resend,
    VendorBusyError,
    VendorCredentialError,
    VendorRefusedError,
    VendorUnreachableError,
)
from gateway.telemetry.metrics import Metrics
from gateway.vendors.errors import VendorAccountError
from gateway.vendors.settings import VendorPace
from gateway.vendors.upstream import VendorUpstream
from tests.unit.vendors.acme import LAB, Acme, Time, permit

LOST = AnswerLostError("acme was asked and gave no usable answer")
REFUSED = VendorRefusedError(vendor="acme", status=400, words="too many qubits")


async def test_a_submission_goes_out_once_with_the_attempts_own_mark(house):
    assert await house.submit() == "v-1"

    assert [about for _, question, about in house.acme.asked if question == "submit"] == [mark("job", 1)]
    assert house.outside.opened.count(("a-all", "submit")) == 1


async def test_what_is_followed_already_is_not_sent_again(house):
    await house.submit()

    assert await house.submit() == "v-1"
    assert len(house.acme.times("submit")) == 1


async def test_preparing_uses_the_projects_own_account_first(house):
    house.outside.live.append(LAB)

    assert house.upstream.prepare("job", 1, "lab", "qpu", house.order()).account_id == "a-lab"
    assert house.upstream.prepare("job", 1, "other", "qpu", house.order()).account_id == "a-all"


async def test_without_an_account_nothing_can_go(house):
    house.outside.live.clear()

    with pytest.raises(VendorAccountError, match="no account at acme for this project"):
        house.upstream.prepare("job", 1, "lab", "qpu", house.order())
    with pytest.raises(VendorAccountError, match="was not prepared"):
        await house.upstream.submit(permit(), house.order())


async def test_a_job_is_sent_with_the_account_it_was_prepared_for_even_if_that_was_replaced(house):
    """Judged for one account means sent with it: another one may pay."""
    house.outside.live.clear()
    house.outside.gone.append(LAB)

    await house.upstream.submit(permit(), prepared_for("a-lab", house.order()))

    assert ("a-lab", "submit") in house.outside.opened


@pytest.mark.parametrize(
    "error",
    [
        VendorUnreachableError("no"),
        VendorBusyError("no"),
        REFUSED,
        LOST,
        VendorCredentialError(vendor="acme", status=401, words="no"),
    ],
    ids=lambda error: error.code,
)
async def test_a_vendors_no_reaches_the_caller_as_it_is_and_is_not_tried_again(house, error):
    house.acme.answers("submit", error)

    with pytest.raises(type(error)) as caught:
        await house.submit()

    assert caught.value is error
    assert len(house.acme.times("submit")) == 1
    assert house.upstream.queue_position("job") is None


async def test_a_defect_after_something_left_is_a_lost_answer(house):
    """An adapter that cannot read a 200 has very likely started a paid job."""
    house.acme.answers("submit", KeyError("id"))

    with capture_logs() as logs, pytest.raises(AnswerLostError, match="in a way the gateway does not understand"):
        await house.submit()

    assert [line["event"] for line in logs] == ["vendor.failed"]


async def test_a_defect_before_anything_left_is_itself(house):
    async def broken(account, purpose):
        raise KeyError("vault")

    house.outside.credential = broken
    with capture_logs(), pytest.raises(KeyError):
        await house.submit()


async def test_a_process_whose_lease_ran_out_before_the_first_byte_sends_nothing(house):
    """It may have slept between its mark and its send; another one may be looking for this job by now."""
    lease, before = Lease(10.0), len(house.outside.sent)
    house.upstream._may_send = lease.check

    with pytest.raises(LeaseLostError, match="nothing was sent"):
        await house.submit()
    assert len(house.outside.sent) == before

    lease.renewed(leases.now())
    assert await house.submit() == "v-1"


async def test_a_search_for_what_a_dead_process_sent_counts_from_the_takeover(house):
    house.upstream.take_over("job", 1)
    house.time.seconds += 1.0
    house.acme.answers("find", None)
    await house.upstream.find(house.attempt())
    assert house.upstream.resend(house.attempt(), searched=3, now=house.time.now()) is None

    house.time.seconds += 1000.0
    await house.upstream.find(house.attempt())
    assert house.upstream.resend(house.attempt(), searched=4, now=house.time.now()) is Resend.AFTER_SEARCH


# ── the breakers ─────────────────────────────────────────────────────────────────────────────────
async def fail(house, error, times):
    house.acme.answers("submit", error)
    for number in range(times):
        with pytest.raises(UnavailableError):
            await house.submit(f"job-{number}")


@pytest.mark.parametrize("error", [LOST, VendorBusyError("no"), VendorUnreachableError("no")], ids=lambda e: e.code)
async def test_five_failures_of_the_vendor_stop_all_sending(house, error):
    await fail(house, error, 5)
    house.acme.answers("submit", "v-2")

    with pytest.raises(
        VendorBusyError, match="acme failed too often and is sent nothing now; it is tried again in 5 s"
    ):
        house.upstream.prepare("job", 1, "lab", "qpu", house.order())
    with pytest.raises(VendorBusyError):
        await house.upstream.submit(permit(), prepared_for("a-all", house.order()))

    assert len(house.acme.times("submit")) == 5
    assert house.upstream.status("qpu").online is False
    assert "sent nothing now" in house.upstream.status("qpu").message


async def test_refusals_stop_nothing(house):
    """A thousand bad jobs say nothing about the vendor."""
    house.acme.answers("submit", REFUSED)
    for number in range(30):
        with pytest.raises(VendorRefusedError):
            await house.submit(f"job-{number}")

    assert house.upstream.status("qpu").online


async def test_a_5xx_called_a_refusal_still_counts(house):
    house.acme.answers("submit", VendorRefusedError(vendor="acme", status=500, words="oops"))
    for number in range(5):
        with pytest.raises(VendorRefusedError):
            await house.submit(f"job-{number}")

    assert not house.upstream.status("qpu").online


async def test_the_refresh_probes_and_every_transition_is_told(house):
    await fail(house, VendorUnreachableError("no"), 5)
    house.acme.answers(
        "backends", VendorUnreachableError("no"), VendorUnreachableError("no"), house.acme.script["backends"][0]
    )
    before = len(house.acme.times("backends"))

    await house.time.passes(40)

    assert [round(moment) for moment in house.acme.times("backends")[before:]][:3] == [5, 15, 35]
    assert house.outside.events("vendor.degraded", "vendor.recovered") == [
        ("vendor.degraded", {"vendor": "acme", "reason": "unreachable", "failures": 5}),
        ("vendor.recovered", {"vendor": "acme", "seconds": 35}),
    ]
    house.acme.answers("submit", "v-2")
    assert await house.submit("job-9") == "v-2"


async def test_nobodys_submission_probes_a_vendor(house):
    await fail(house, VendorUnreachableError("no"), 5)
    house.acme.answers("backends", asyncio.get_running_loop().create_future())
    await house.time.passes(6)

    with pytest.raises(VendorBusyError):
        await house.submit("job-9")

    assert len(house.acme.times("submit")) == 5


async def test_one_backends_failures_pause_it_alone_and_one_submission_probes_it(make_house):
    house = await make_house(requests_per_second=1000)
    await fail(house, LOST, 5)
    await house.time.passes(4.9)
    # The vendor recovered by its probe; the backend is tried by the next submission.
    house.acme.answers("submit", LOST, "v-2")
    await house.time.passes(0.2)

    assert house.upstream.status("qpu").online
    with pytest.raises(AnswerLostError):
        await house.submit("job-6")
    assert not house.upstream.status("qpu").online
    assert "qpu at acme failed too often" in house.upstream.status("qpu").message
    with pytest.raises(VendorBusyError, match="tried again in 10 s"):
        await house.submit("job-7")

    await house.time.passes(10)
    assert await house.submit("job-8") == "v-2"
    await house.time.settle()
    assert [body["state"] for _, body in house.outside.events("backend.changed")] == ["paused", "online"]


async def test_a_backend_that_is_probed_takes_no_second_submission_meanwhile(make_house):
    house = await make_house()
    await fail(house, LOST, 5)
    await house.time.passes(6)
    pending = asyncio.get_running_loop().create_future()
    house.acme.answers("submit", pending, "v-3")
    probe = asyncio.create_task(house.submit("job-6"))
    await house.time.settle()

    with pytest.raises(VendorBusyError):
        await house.submit("job-7")
    pending.set_result("v-2")
    assert await probe == "v-2"
    assert await house.submit("job-7") == "v-3"


async def test_a_caller_who_gives_up_leaves_no_verdict_and_no_proof(house):
    """The request may have arrived; and a cancelled probe must not block the next one."""
    house.acme.answers("submit", asyncio.get_running_loop().create_future())
    running = asyncio.create_task(house.submit())
    await house.time.settle()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    await house.time.passes(59)
    for _ in range(3):
        assert await house.upstream.find(house.attempt()) is None
    assert not house.upstream.resend(house.attempt(), searched=3, now=house.time.now())
    assert house.counted("gateway_vendor_requests_total", "acme", "submit", "cancelled") == 1


async def test_a_vendor_cannot_be_asked_without_a_way_out():
    time = Time()
    context = UpstreamContext(clock=time, progress=None, state_dir=None, readers={})

    with pytest.raises(ValueError, match="way out"):
        VendorUpstream(Acme(time), context, VendorPace(), metrics=Metrics().vendors)


def prepared_for(account_id, order):
    return replace(order, prepared=Prepared(body=b"{}", edits=(), account_id=account_id))
