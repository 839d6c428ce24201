"""Budget, memory, settings, herald and clocks: the small parts that everything rests on."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from gateway.domain.secret import Secret
from gateway.vendors.budget import Budget
from gateway.vendors.clocks import Clocks
from gateway.vendors.herald import Herald
from gateway.vendors.memory import Memory
from gateway.vendors.settings import VendorHttp, VendorPace, VendorSettings
from tests.unit.vendors.acme import EVERYBODY, NOON, Outside, Time


@pytest.fixture
def time():
    return Time()


# ── budget ───────────────────────────────────────────────────────────────────────────────────────
async def taken(budget, time, seconds):
    moments = []

    async def take():
        while True:
            await budget.take()
            moments.append(time.seconds)

    running = asyncio.create_task(take())
    await time.passes(seconds)
    running.cancel()
    return moments


async def test_requests_are_paced_after_one_seconds_worth(time):
    moments = await taken(Budget(10, time.timing), time, 5)

    assert moments[:10] == [0] * 10
    assert 58 <= len(moments) <= 61


async def test_a_slow_budget_still_lets_one_through_at_once(time):
    moments = await taken(Budget(0.1, time.timing), time, 25)

    assert moments == pytest.approx([0, 10, 20], abs=0.01)


async def test_whoever_cannot_wait_makes_the_others_wait(time):
    budget = Budget(10, time.timing)
    for _ in range(1000):
        budget.spend()
    moments = await taken(budget, time, 2)

    assert moments[0] == pytest.approx(1.1, abs=0.01), "but no longer than one second's worth"


# ── memory ───────────────────────────────────────────────────────────────────────────────────────
def recalled(memory, account=EVERYBODY, name="token"):
    secret = memory.recall(account, name)
    return None if secret is None else secret.reveal()


def test_a_token_is_recalled_until_shortly_before_its_end(time):
    memory = Memory(time)
    memory.remember(EVERYBODY, "token", Secret(b"t"), NOON + timedelta(seconds=100))

    assert recalled(memory) == b"t"
    time.seconds = 69
    assert recalled(memory) == b"t"
    time.seconds = 70
    assert recalled(memory) is None


def test_a_rotated_credential_forgets_what_came_of_the_old_one(time):
    memory, rotated = Memory(time), replace(EVERYBODY, version=2)
    memory.remember(EVERYBODY, "token", Secret(b"old"), NOON + timedelta(hours=1))

    assert recalled(memory, rotated) is None
    memory.remember(rotated, "token", Secret(b"new"), NOON + timedelta(hours=1))
    assert recalled(memory, rotated) == b"new"
    assert recalled(memory) is None


def test_accounts_and_names_are_apart_and_can_be_forgotten(time):
    memory, other = Memory(time), replace(EVERYBODY, id="other")
    for account, name in ((EVERYBODY, "a"), (EVERYBODY, "b"), (other, "a")):
        memory.remember(account, name, Secret(f"{account.id}/{name}".encode()), NOON + timedelta(hours=1))

    assert recalled(memory, EVERYBODY, "a") == b"a-all/a"
    memory.forget(EVERYBODY)
    assert recalled(memory, EVERYBODY, "b") is None
    assert recalled(memory, other, "a") == b"other/a"


# ── settings ─────────────────────────────────────────────────────────────────────────────────────
def test_a_breaker_cannot_be_set_to_open_after_more_than_ten_failures():
    """The bound that the outage drill is judged by."""
    for name in ("failures_in_a_row", "failures_of_twenty"):
        VendorPace(**{name: 10})
        with pytest.raises(ValidationError):
            VendorPace(**{name: 11})


@pytest.mark.parametrize("url", ["socks5://127.0.0.1:1", "proxy.example.org:3128", "http://:80"])
def test_a_proxy_that_is_none_is_refused_without_being_quoted(url):
    with pytest.raises(ValidationError) as caught:
        VendorHttp(proxy=url)

    assert url not in str(caught.value)


def test_unknown_settings_are_refused_and_every_one_has_words():
    with pytest.raises(ValidationError):
        VendorSettings(pase={})
    for model in (VendorSettings, VendorPace, VendorHttp):
        assert all(field.description for field in model.model_fields.values())


# ── herald and clocks ────────────────────────────────────────────────────────────────────────────
async def test_what_changed_is_told_in_order_and_a_failure_stops_nothing(time):
    outside = Outside()
    tell, failing = outside.tell, [RuntimeError("once")]

    async def flaky(event, body, **_):
        if failing:
            raise failing.pop()
        await tell(event, body)

    outside.tell = flaky
    herald = Herald(outside)
    running = asyncio.create_task(herald.run())
    for number in range(4):
        herald.say("backend.changed", {"n": number})
    with capture_logs() as logs:
        await herald.drain()
    running.cancel()

    assert [body["n"] for _, body in outside.told] == [1, 2, 3]
    assert [line["event"] for line in logs] == ["entry.missed"]


async def test_an_endless_task_that_breaks_begins_again(time):
    begun = []

    async def breaks():
        begun.append(time.seconds)
        raise RuntimeError("a bug")

    clocks = Clocks(time.timing)
    clocks.start({"one": breaks})
    with capture_logs() as logs:
        await time.passes(12)
    await clocks.close()

    assert begun == [0, 5, 10]
    assert [(line["event"], line["worker"]) for line in logs] == [("worker.failed", "one")] * 3


async def test_a_wait_that_is_cancelled_ends(time):
    """A cancel that got lost in the cleaning up would hang every stop of the gateway."""
    event = asyncio.Event()
    waiting = asyncio.create_task(time.timing.wait(event, 100))
    await time.settle()
    event.set()
    await asyncio.sleep(0)
    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
