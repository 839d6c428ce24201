"""The courier: every letter arrives at least once, signed, or is given up aloud after a bounded number of tries."""

import hmac
from base64 import b64encode
from datetime import timedelta
from hashlib import sha256

import pytest
import structlog

from gateway.casework.courier import ATTEMPTS, FIRST_PAUSE, LONGEST_PAUSE, Courier, Webhook, signature
from gateway.domain.secret import Secret
from gateway.ports.vendor import AnswerLostError, VendorAnswer
from gateway.store import warnings
from gateway.store.warnings import Letter

SECRET = "s3cret of the receiver, long enough"
BODY = '{"specversion":"1.0","data":{"limit":"äöü"}}'


class Receiver:
    """What stands at the other end."""

    def __init__(self, *answers):
        self.answers, self.requests = list(answers), []

    async def send(self, request):
        self.requests.append(request)
        answer = self.answers.pop(0) if self.answers else 204
        if isinstance(answer, BaseException):
            raise answer
        return VendorAnswer(status=answer, headers={}, body=b"")

    @property
    def webhook(self):
        return Webhook(url="https://alerts.example.org/hook?x=1", secret=Secret.of(SECRET), send=self.send)


@pytest.fixture
def posting(office):
    async def post(name="finance", event_id="event-1"):
        row = warnings.write_letter(Letter(event_id=event_id, webhook=name, body=BODY), at=office.clock.now())
        await office.ledger.keep(row)

    return post


def courier(office, receiver, **more):
    return Courier(database=office.database, clock=office.clock, webhooks={"finance": receiver.webhook, **more})


async def waiting(office):
    async with office.database.reading() as connection:
        return await warnings.due(connection, office.clock.now() + timedelta(days=30), most=100)


async def test_a_letter_is_sent_once_when_it_is_taken(office, posting):
    receiver = Receiver()
    await posting()
    for _ in range(3):
        await courier(office, receiver).deliver()

    (request,) = receiver.requests
    assert (request.method, request.url, request.body) == (
        "POST",
        "https://alerts.example.org/hook?x=1",
        BODY.encode(),
    )
    assert request.headers["Content-Type"].startswith("application/cloudevents+json")
    assert await waiting(office) == []


async def test_a_receiver_can_check_who_speaks(office, posting):
    receiver = Receiver()
    await posting()
    await courier(office, receiver).deliver()

    headers = receiver.requests[0].headers
    signed = f"{headers['Webhook-Id']}.{headers['Webhook-Timestamp']}.{BODY}".encode()
    expected = b64encode(hmac.new(SECRET.encode(), signed, sha256).digest()).decode()
    assert headers["Webhook-Signature"] == f"v1,{expected}"
    assert signature(Secret.of("another secret"), "event-1", 1, b"") != signature(Secret.of(SECRET), "event-1", 1, b"")


@pytest.mark.parametrize("answer", [500, 503, 404, 302, AnswerLostError("it took too long")])
async def test_what_is_not_taken_is_sent_again_under_the_same_id_after_a_pause(office, posting, answer):
    receiver = Receiver(answer)
    await posting()
    await courier(office, receiver).deliver()
    await courier(office, receiver).deliver()
    assert len(receiver.requests) == 1

    office.clock.moment += FIRST_PAUSE
    await courier(office, receiver).deliver()

    first, second = receiver.requests
    assert (first.headers["Webhook-Id"], first.body) == (second.headers["Webhook-Id"], second.body)
    assert await waiting(office) == []


async def test_after_many_tries_it_is_given_up_aloud(office, posting):
    receiver = Receiver(*[500] * 100)
    await posting()
    with structlog.testing.capture_logs() as lines:
        for _ in range(ATTEMPTS + 3):
            await courier(office, receiver).deliver()
            office.clock.moment += LONGEST_PAUSE

    assert len(receiver.requests) == ATTEMPTS
    assert await waiting(office) == []
    lost = [line for line in lines if line["event"] == "webhook.lost"]
    assert [(line["webhook"], line["code"], line["log_level"]) for line in lost] == [("finance", "500", "error")]


@pytest.mark.parametrize("answers", [[410], []], ids=["the receiver is gone", "the webhook is in no settings"])
async def test_who_is_gone_is_not_asked_again(office, posting, answers):
    receiver = Receiver(*answers)
    await posting("finance" if answers else "former")
    await courier(office, receiver).deliver()

    assert len(receiver.requests) == len(answers)
    assert await waiting(office) == []


async def test_a_process_that_dies_while_it_sends_leaves_the_letter_to_the_next(office, posting):
    class DiesError(BaseException):
        pass

    receiver = Receiver(DiesError())
    await posting()
    with pytest.raises(DiesError):
        await courier(office, receiver).deliver()
    await courier(office, receiver).deliver()
    assert len(receiver.requests) == 1

    office.clock.moment += timedelta(seconds=30)
    await courier(office, receiver).deliver()
    assert len(receiver.requests) == 2
    assert await waiting(office) == []


async def test_two_processes_do_not_send_the_same_letter(office, posting):
    """Both have read that it is due; one takes it."""
    await posting()
    (letter,) = await waiting(office)
    until = office.clock.now() + timedelta(seconds=20)
    async with office.database.writing() as connection:
        assert await warnings.take(connection, letter, until=until)
        assert not await warnings.take(connection, letter, until=until)


async def test_one_slow_receiver_does_not_keep_letters_from_others(office, posting):
    stuck, quick = Receiver(500), Receiver()
    await posting()
    await posting("pager")
    await courier(office, stuck, pager=quick.webhook).deliver()

    assert (len(stuck.requests), len(quick.requests)) == (1, 1)


def test_a_webhook_shows_neither_its_address_nor_its_secret():
    shown = repr(Receiver().webhook)

    assert SECRET not in shown
    assert "alerts.example.org" not in shown
