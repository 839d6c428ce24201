"""How many requests a second a key may send: questions wait a little, changes are refused, cancels pass."""

import asyncio
import time
from types import SimpleNamespace

import pytest

from gateway.enforcement.rates import RateExceededError, Rates
from gateway.http.problems import retry_after, status_of
from gateway.ports import operations as ask
from gateway.store.engine import Database, DatabaseUnavailableError

SHOW = ask.ShowJob(client_job_id="job-1", parameters=False)
SUBMIT = ask.Submit(submission=None)
CANCEL = ask.CancelJob(client_job_id="job-1")


def caller(key="key-1", *roles):
    return SimpleNamespace(key=SimpleNamespace(id=key, roles=roles))


async def passed(rates, who, operation, times):
    """Count how many of several requests at once pass."""
    told = await asyncio.gather(*(rates.take(who, operation) for _ in range(times)), return_exceptions=True)
    assert all(each is None or isinstance(each, RateExceededError) for each in told)
    return sum(each is None for each in told)


async def test_without_a_rate_everything_passes():
    assert await passed(Rates(), caller(), SUBMIT, 1000) == 1000


async def test_submissions_beyond_the_rate_are_refused_at_once_and_told_when_to_come_again():
    rates = Rates(keys={"key-1": 2.0}, burst_seconds=2.0)

    assert await passed(rates, caller(), SUBMIT, 10) == 4
    with pytest.raises(RateExceededError, match="may send 2 requests per second") as refused:
        await rates.take(caller(), SUBMIT)
    assert status_of(refused.value) == 403
    assert retry_after(refused.value) == {"retry-after": "1"}


async def test_questions_wait_for_their_turn():
    rates = Rates(keys={"key-1": 20.0}, burst_seconds=0.1)
    began = time.monotonic()

    assert await passed(rates, caller(), SHOW, 8) == 8
    assert 0.2 < time.monotonic() - began < 3


async def test_questions_that_would_wait_too_long_are_refused(monkeypatch):
    monkeypatch.setattr("gateway.enforcement.rates.PATIENCE_SECONDS", 0.2)
    rates = Rates(keys={"key-1": 10.0}, burst_seconds=0.1)

    assert 1 <= await passed(rates, caller(), SHOW, 20) <= 5


async def test_cancels_always_pass():
    """Whoever sent too much must be able to take it back."""
    rates = Rates(keys={"key-1": 1.0}, burst_seconds=1.0)

    assert await passed(rates, caller(), CANCEL, 50) == 50


async def test_of_several_roles_the_highest_rate_counts_and_a_keys_own_decides_before_it():
    rates = Rates(keys={"own": 1.0}, roles={"scientist": 2.0, "service": 5.0}, burst_seconds=1.0)

    assert await passed(rates, caller("a", "scientist", "service"), SUBMIT, 20) == 5
    assert await passed(rates, caller("own", "service"), SUBMIT, 20) == 1
    assert await passed(rates, caller("b", "auditor"), SUBMIT, 20) == 20


@pytest.mark.tool("postgresql")
async def test_replicas_share_a_keys_rate(postgresql_url):
    """Whoever asks two gateways must not get twice as much."""
    databases = [await Database.open(postgresql_url) for _ in range(2)]
    replicas = [Rates(keys={"key-1": 4.0}, burst_seconds=2.0, shared=each) for each in databases]

    got = await asyncio.gather(*(passed(each, caller(), SUBMIT, 20) for each in replicas))

    for each in databases:
        await each.close()
    assert 8 <= sum(got) <= 14


class Away:
    """A database that does not answer."""

    def writing(self):
        raise DatabaseUnavailableError("postgresql")


async def test_while_the_database_is_away_nobody_is_counted():
    """What can be answered from memory stays open; what cannot is refused for better reasons."""
    rates = Rates(keys={"key-1": 1.0}, burst_seconds=1.0, shared=Away())

    assert await passed(rates, caller(), SHOW, 5) == 5
