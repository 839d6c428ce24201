"""One question: what an adapter may use for it, what it costs of the budget, and whose fault a failure is."""

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from gateway.domain.errors import UnavailableError
from gateway.domain.secret import Secret
from gateway.ports.vendor import AnswerLostError, VendorCredentialError, VendorRequest
from gateway.telemetry.metrics import Metrics
from gateway.vendors.asking import Question
from gateway.vendors.desk import Desk
from gateway.vendors.settings import VendorPace
from tests.unit.vendors.acme import EVERYBODY, NOON, Acme, Outside, Time

REQUEST = VendorRequest(method="GET", url="https://acme.example.org/")


class LockedError(UnavailableError):
    code = "key-provider-refused"


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def metrics():
    return Metrics()


@pytest.fixture
async def desk(time, metrics):
    pace = VendorPace(requests_per_second=10)
    return Desk.of(Acme(time), outside=Outside(), pace=pace, timing=time.timing, metrics=metrics.vendors)


def outcomes(metrics, call):
    return {
        sample.labels["outcome"]: sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "gateway_vendor_requests_total" and sample.labels["call"] == call
    }


async def test_a_token_is_kept_for_the_account_from_question_to_question(desk):
    async def first(call):
        call.remember("token", Secret(b"t"), NOON.replace(hour=13))

    async def second(call):
        return call.recall("token").reveal()

    await desk.asker.ask(Question.SHOW, EVERYBODY, first)
    assert await desk.asker.ask(Question.CANCEL, EVERYBODY, second) == b"t"


async def test_a_token_that_was_not_accepted_is_derived_anew(desk):
    async def refused(call):
        call.remember("token", Secret(b"t"), NOON.replace(hour=13))
        raise VendorCredentialError(vendor="acme", status=401, words="expired")

    async def recalled(call):
        return call.recall("token")

    with pytest.raises(VendorCredentialError):
        await desk.asker.ask(Question.SHOW, EVERYBODY, refused)
    assert await desk.asker.ask(Question.SHOW, EVERYBODY, recalled) is None


async def test_every_request_of_a_question_counts_against_the_budget(desk, time):
    async def pages(call):
        for _ in range(20):
            await call.send(REQUEST)

    async def single(call):
        await call.send(REQUEST)
        return time.seconds

    await desk.asker.ask(Question.FIND, EVERYBODY, pages)
    waiting = desk.asker.ask(Question.SHOW, EVERYBODY, single)
    assert await desk.asker.ask(Question.SUBMIT, EVERYBODY, single) == 0, "a submission does not wait"

    polled = asyncio.create_task(waiting)
    await time.passes(5)
    assert 1 < polled.result() < 3


async def test_our_own_trouble_is_not_the_vendors(desk, metrics):
    """A vault that is locked must not make a vendor look degraded."""

    async def locked(call):
        raise LockedError("the key is locked")

    for _ in range(20):
        with pytest.raises(LockedError):
            await desk.asker.ask(Question.CANCEL, EVERYBODY, locked)

    assert desk.breakers.healthy.is_set()
    assert outcomes(metrics, "cancel") == {"unasked": 20}


async def test_an_odd_answer_is_a_lost_one_and_its_cause_stays_out_of_the_words(desk, metrics):
    async def odd(call):
        await call.send(REQUEST)
        raise KeyError("canary")

    with capture_logs(), pytest.raises(AnswerLostError) as caught:
        await desk.asker.ask(Question.SHOW, EVERYBODY, odd)

    assert "canary" not in str(caught.value)
    assert outcomes(metrics, "show") == {"defect": 1}


@pytest.mark.parametrize(("asks", "given"), [(30.0, 10.0), (3.0, 3.0)], ids=["its adapter waits longer", "shorter"])
@pytest.mark.parametrize("question", list(Question))
async def test_what_is_asked_all_the_time_is_not_waited_for_as_long_as_a_submission(desk, question, asks, given):
    """A vendor that hangs is noticed by its polls: a submission has to be given the time that it may really take."""

    async def work(call):
        await call.send(replace(REQUEST, seconds=asks))

    await desk.asker.ask(question, EVERYBODY, work)

    (sent,) = desk.outside.sent
    assert sent.seconds == (given if question in {Question.BACKENDS, Question.SHOW} else asks)
