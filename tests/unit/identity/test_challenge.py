"""A sign-in that comes back belongs to the browser that began it, for ten minutes, and to nobody else."""

from base64 import urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256

import pytest

from gateway.identity.challenge import LIFETIME, Challenges, SignInLostError
from tests.unit.identity.conftest import Deriver

WAY = "/console/timeline?text=a;b%20c&type=job.*"


@pytest.fixture
def challenges(clock):
    return Challenges(Deriver(), clock)


def test_what_was_begun_is_recognised_with_the_way_to_go_on(challenges):
    begun = challenges.begin(WAY)

    assert challenges.end(begun.cookie, begun.challenge.state) == (begun.challenge, WAY)


def test_another_replica_recognises_it(challenges, clock):
    begun = challenges.begin(WAY)

    assert Challenges(Deriver(), clock).end(begun.cookie, begun.challenge.state) == (begun.challenge, WAY)


def test_another_deployment_does_not(challenges, clock):
    begun = challenges.begin(WAY)

    with pytest.raises(SignInLostError):
        Challenges(Deriver("another"), clock).end(begun.cookie, begun.challenge.state)


def test_no_two_are_alike_and_nothing_in_one_tells_another_part(challenges):
    one, two = challenges.begin(WAY), challenges.begin(WAY)
    values = [
        value
        for each in (one, two)
        for value in (each.challenge.state, each.challenge.nonce, each.challenge.verifier, each.challenge.challenge)
    ]

    assert len(set(values)) == len(values)
    assert not any(value in one.cookie for value in values)
    assert one.challenge.state not in repr(one)


def test_the_challenge_is_the_digest_of_the_verifier(challenges):
    """RFC 7636, S256."""
    challenge = challenges.begin(WAY).challenge

    digest = sha256(challenge.verifier.encode()).digest()
    assert challenge.challenge == urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert 43 <= len(challenge.verifier) <= 128


def test_a_cookie_needs_no_quotes(challenges):
    assert set(challenges.begin(WAY).cookie) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


@pytest.mark.parametrize("seconds", [-30, 0, LIFETIME.total_seconds()])
def test_ten_minutes_are_enough(challenges, clock, seconds):
    begun = challenges.begin(WAY)

    clock.moment += timedelta(seconds=seconds)

    assert challenges.end(begun.cookie, begun.challenge.state)[1] == WAY


@pytest.mark.parametrize("seconds", [-90, LIFETIME.total_seconds() + 1])
def test_what_is_older_or_from_the_future_is_lost(challenges, clock, seconds):
    begun = challenges.begin(WAY)

    clock.moment += timedelta(seconds=seconds)

    with pytest.raises(SignInLostError):
        challenges.end(begun.cookie, begun.challenge.state)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"cookie": ""}, id="no cookie"),
        pytest.param({"cookie": "x.y.z"}, id="no cookie of ours"),
        pytest.param({"state": ""}, id="no state"),
        pytest.param({"state": "é"}, id="a state of other characters"),
    ],
)
def test_whatever_was_changed_is_lost(challenges, change):
    begun = challenges.begin(WAY)

    with pytest.raises(SignInLostError):
        challenges.end(**{"cookie": begun.cookie, "state": begun.challenge.state, **change})


@pytest.mark.parametrize("at", [0, 20, 45, 60])
def test_a_cookie_with_one_other_character_is_lost(challenges, at):
    """Seed, time and way to go on are all bound to the state."""
    begun = challenges.begin(WAY)
    changed = f"{begun.cookie[:at]}{'1' if begun.cookie[at] != '1' else '2'}{begun.cookie[at + 1 :]}"

    with pytest.raises(SignInLostError):
        challenges.end(changed, begun.challenge.state)
