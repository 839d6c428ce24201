"""Failed sign-ins are counted by whoever really asks, for a minute."""

from ipaddress import ip_network

import pytest

from gateway.http.console.attempts import Attempts, SignInRateError, client_of

PROXIES = (ip_network("10.0.0.0/8"),)


@pytest.fixture
def moment():
    return [0.0]


@pytest.fixture
def attempts(moment):
    return Attempts(2, lambda: moment[0])


def test_so_many_may_fail_in_a_minute_and_no_more(attempts):
    attempts.check("192.0.2.1")
    attempts.failed("192.0.2.1")
    attempts.check("192.0.2.1")
    attempts.failed("192.0.2.1")

    with pytest.raises(SignInRateError) as error:
        attempts.check("192.0.2.1")

    assert error.value.retry_after_seconds == 60


def test_others_are_not_kept_waiting(attempts):
    for _ in range(5):
        attempts.failed("192.0.2.1")

    attempts.check("192.0.2.2")


def test_the_next_minute_begins_anew(attempts, moment):
    for _ in range(5):
        attempts.failed("192.0.2.1")
    moment[0] = 60.0

    attempts.check("192.0.2.1")


def test_a_crowd_of_addresses_takes_bounded_memory(attempts):
    for number in range(11_000):
        attempts.failed(f"address {number}")

    assert len(attempts._failed) <= 10_001
    with pytest.raises(SignInRateError):
        attempts.check("a new one")


@pytest.mark.parametrize(
    ("peer", "said", "client"),
    [
        pytest.param("192.0.2.1", "", "192.0.2.1", id="nobody in between"),
        pytest.param("192.0.2.1", "203.0.113.9", "192.0.2.1", id="a client that says it is another"),
        pytest.param("10.0.0.1", "192.0.2.1", "192.0.2.1", id="one proxy"),
        pytest.param("10.0.0.1", "203.0.113.9, 192.0.2.1", "192.0.2.1", id="a client that lied to the proxy"),
        pytest.param("10.0.0.1", "192.0.2.1, 10.0.0.2", "192.0.2.1", id="two proxies"),
        pytest.param("10.0.0.1", "", "10.0.0.1", id="a proxy that says nothing"),
        pytest.param("10.0.0.1", "x" * 200, "x" * 64, id="no address"),
    ],
)
def test_the_address_is_the_last_one_that_no_proxy_of_ours_has(peer, said, client):
    headers = {"x-forwarded-for": said} if said else {}

    assert client_of({"client": (peer, 1)}, headers, PROXIES) == client


def test_without_a_declared_proxy_nobody_is_believed():
    assert client_of({"client": ("192.0.2.1", 1)}, {"x-forwarded-for": "203.0.113.9"}, ()) == "192.0.2.1"
    assert client_of({"client": None}, {}, ()) == "unknown"
