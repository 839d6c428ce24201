"""Entries for SIEMs: in order, each at least once, however long the receiver is away, and few of them waiting."""

import json
from datetime import timedelta

import pytest

from gateway.casework.courier import ATTEMPTS, LONGEST_PAUSE, MANY, Courier, Webhook
from gateway.casework.formats import Form
from gateway.casework.forwarding import WAITING, Forwarding, Subscription
from gateway.domain.secret import Secret
from gateway.ports.vendor import AnswerLostError, VendorAnswer
from gateway.store import warnings


class Siem:
    """What stands at the other end."""

    def __init__(self):
        self.requests, self.away = [], False

    async def send(self, request):
        if self.away:
            raise AnswerLostError("nobody answers")
        self.requests.append(request)
        return VendorAnswer(status=202, headers={}, body=b"")

    @property
    def told(self):
        return [event for request in self.requests for event in json.loads(request.body)]


@pytest.fixture
async def watched(library):
    """A SIEM that wants denials and whatever happens to keys, from now on."""
    siem = Siem()

    def rooms(form=Form.CLOUDEVENTS):
        wanted = Subscription(types=("job.denied", "key.*"), form=form)
        webhook = Webhook(
            url="https://siem.example.org/hook", secret=Secret.of("s" * 32), send=siem.send, many_type=MANY[form]
        )
        database, clock = library.search.database, library.clock
        writing = Forwarding(database=database, search=library.search, clock=clock, subscriptions={"siem": wanted})
        return writing, Courier(database=database, clock=clock, webhooks={"siem": webhook})

    writing, courier = rooms()

    async def round_(writing=writing, courier=courier):
        await library.search.index.follow()
        await writing.run()
        await courier.deliver()

    await library.denied("old/news")
    await round_()
    return library, siem, round_, rooms


async def test_what_is_wanted_arrives_once_and_nothing_from_before(watched):
    library, siem, round_, _ = watched
    first = await library.denied("budget/money")
    await library.permitted("j-1")
    second = await library.tell("key.revoked", None, key="k", by="operator")
    for _ in range(3):
        await round_()

    assert [event["data"]["seq"] for event in siem.told] == [first, second]
    assert siem.requests[0].headers["Content-Type"].startswith("application/cloudevents-batch+json")
    assert siem.requests[0].headers["Webhook-Signature"].startswith("v1,")


async def test_ocsf_is_sent_as_json(watched):
    library, siem, round_, rooms = watched
    await library.denied("budget/money")
    await round_(*rooms(Form.OCSF))

    assert siem.told[0]["metadata"]["event_code"] == "job.denied"
    assert siem.requests[0].headers["Content-Type"].startswith("application/json")


async def test_a_receiver_that_was_away_for_days_gets_everything_in_order(watched, monkeypatch):
    """Warnings are given up after hours; evidence is not, and what waits stays bounded."""
    monkeypatch.setattr("gateway.casework.forwarding.AT_ONCE", 2)
    library, siem, round_, _ = watched
    siem.away = True
    places = [await library.denied("budget/money") for _ in range(4 * WAITING)]
    for _ in range(ATTEMPTS + 8):
        await round_()
        library.clock.advance((LONGEST_PAUSE * 2).total_seconds())
    async with library.search.database.reading() as connection:
        assert await warnings.waiting(connection, "siem") == WAITING

    siem.away = False
    for _ in range(4 * WAITING):
        await round_()
        library.clock.advance((LONGEST_PAUSE * 2).total_seconds())

    assert sorted({event["data"]["seq"] for event in siem.told}) == places
    async with library.search.database.reading() as connection:
        assert await warnings.due(connection, library.clock.now() + timedelta(days=9), most=9) == []


async def test_what_arrived_is_not_kept(watched):
    """A busy gateway's letters would outgrow its ledger."""
    library, siem, round_, _ = watched
    await library.denied("budget/money")
    await round_()

    assert len(siem.requests) == 1
    async with library.search.database.reading() as connection:
        assert await warnings.waiting(connection, "siem") == 0
