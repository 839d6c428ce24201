"""What proves that a submission never arrived, and when it may be sent again."""

from datetime import timedelta

import pytest

from gateway.ports.vendor import AnswerLostError, Resend, VendorJob, VendorRefusedError
from gateway.vendors.errors import VendorAccountError
from tests.unit.vendors.acme import missing

LOST = AnswerLostError("acme was asked and gave no usable answer")
REFUSED = VendorRefusedError(vendor="acme", status=400, words="too many qubits")


async def lose(house):
    house.acme.answers("submit", LOST, "v-2")
    with pytest.raises(AnswerLostError):
        await house.submit()
    return house.attempt()


async def test_a_token_makes_sending_again_safe_at_once(house):
    house.acme.resend = Resend.IDEMPOTENT
    attempt = await lose(house)

    assert house.upstream.resend(attempt, searched=0, now=house.time.now()) is Resend.IDEMPOTENT


async def test_an_operator_may_forbid_all_sending_again(make_house):
    house = await make_house(resend="never")
    house.acme.resend = Resend.IDEMPOTENT
    attempt = await lose(house)

    assert not house.upstream.resend(attempt, searched=99, now=house.time.now() + timedelta(days=1))


@pytest.mark.parametrize("resend", ["proven", "never"])
@pytest.mark.parametrize("resends", list(Resend))
async def test_that_it_never_arrived_is_known_whether_or_not_it_may_go_again(make_house, resend, resends):
    """A job that its owner does not want any more has to end some day."""
    house = await make_house(resend=resend)
    house.acme.resend = resends
    attempt = await lose(house)
    for _ in range(3):
        assert await house.upstream.find(attempt) is None
    assert not house.upstream.absent(attempt, searched=3, now=house.time.now()), "all three searches came too early"

    await house.time.passes(60)
    assert await house.upstream.find(attempt) is None

    assert house.upstream.absent(attempt, searched=4, now=house.time.now())
    assert not house.upstream.absent(attempt, searched=2, now=house.time.now())


async def test_only_a_search_after_the_settling_time_proves_absence(house):
    attempt = await lose(house)
    for _ in range(3):
        assert await house.upstream.find(attempt) is None
    await house.time.passes(600)
    assert not house.upstream.resend(attempt, searched=3, now=house.time.now()), "all three searches came too early"

    assert await house.upstream.find(attempt) is None
    assert house.upstream.resend(attempt, searched=4, now=house.time.now())
    assert not house.upstream.resend(attempt, searched=2, now=house.time.now())


@pytest.mark.parametrize(("waited", "proven"), [(59, False), (60, True)])
async def test_the_settling_time_is_kept_to_the_second(house, waited, proven):
    attempt = await lose(house)
    await house.time.passes(waited)
    await house.upstream.find(attempt)

    assert house.upstream.resend(attempt, searched=3, now=house.time.now()) is (Resend.AFTER_SEARCH if proven else None)


async def test_after_a_resend_the_proof_begins_anew(house):
    attempt = await lose(house)
    await house.time.passes(60)
    await house.upstream.find(attempt)
    house.acme.answers("submit", LOST)
    with pytest.raises(AnswerLostError):
        await house.submit()

    assert not house.upstream.resend(attempt, searched=9, now=house.time.now())
    await house.upstream.find(attempt)
    assert not house.upstream.resend(attempt, searched=9, now=house.time.now())


@pytest.mark.parametrize(("waited", "proven"), [(59, False), (181, True)])
async def test_after_a_restart_the_last_send_may_have_been_a_moment_before(house, waited, proven):
    """Another process sent it, nobody knows when; its permit may be hours old and the resend a second."""
    old = house.attempt(permitted_at=house.time.now() - timedelta(hours=5))
    fresh = house.attempt("job-2", permitted_at=house.time.now())
    await house.time.passes(waited)
    for attempt in (old, fresh):
        await house.upstream.find(attempt)
        assert house.upstream.resend(attempt, searched=3, now=house.time.now()) is (
            Resend.AFTER_SEARCH if proven else None
        )


async def test_a_fresh_permit_of_another_process_may_still_be_on_its_way(house):
    await house.time.passes(1000)
    attempt = house.attempt(permitted_at=house.time.now() - timedelta(seconds=100))
    await house.upstream.find(attempt)

    assert not house.upstream.resend(attempt, searched=3, now=house.time.now())


async def test_a_search_that_is_refused_or_fails_is_no_empty_search(house):
    attempt = await lose(house)
    await house.time.passes(60)
    house.acme.answers("find", missing(), LOST)

    with pytest.raises(VendorAccountError, match="lets the account not be searched"):
        await house.upstream.find(attempt)
    with pytest.raises(AnswerLostError):
        await house.upstream.find(attempt)

    assert not house.upstream.resend(attempt, searched=3, now=house.time.now())


async def test_what_is_found_is_followed(house):
    attempt = await lose(house)
    house.acme.answers("find", VendorJob(id="v-7", status="queued"))
    assert await house.upstream.find(attempt) == "v-7"
    await house.upstream.follow(attempt, "v-7")
    await house.time.passes(2)

    assert house.acme.asked[-1][1:] == ("show", "v-7")
    assert house.statuses == ["queued"]


async def test_a_search_needs_the_account_of_the_attempt(house):
    with pytest.raises(VendorAccountError, match="is gone"):
        await house.upstream.find(house.attempt(account_id="a-old"))
