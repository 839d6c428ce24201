"""Signing pairs: derived, bound to their key, and proven in constant time before anything is told."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain.signature import sign
from gateway.identity.authenticate import InvalidCredentialError, KeyRevokedError
from gateway.identity.signing import MAX_SKEW, ClockSkewError, InvalidSignatureError, SigningPairs
from gateway.ports.dialect import Signature
from tests.unit.identity.conftest import NOW, Deriver

STRING = b"AWS4-HMAC-SHA256\n20261122T120000Z\nscope\nhash"


def shown(pair, *, at=NOW, string=STRING, **changes):
    scope = {"day": at.strftime("%Y%m%d"), "region": "us-east-1", "service": "braket"}
    signature = Signature(
        access_key_id=pair.access_key_id,
        signed_at=at,
        string_to_sign=string,
        signature=sign(pair.secret, string, **scope),
        body_signed=True,
        **scope,
    )
    return replace(signature, **changes)


@pytest.fixture
def pair(pairs, key):
    return pairs.of(key.id)


def test_a_pair_has_the_shape_that_sdks_expect(pair, key):
    assert pair.access_key_id == f"QGWK{key.id.upper()}"
    assert len(pair.secret.reveal()) == 40
    assert pair.secret.reveal().isascii()


def test_a_pair_is_the_same_everywhere_and_another_for_another_key_or_deployment(pair, key):
    def secret(master, key_id):
        return SigningPairs(Deriver(master)).of(key_id).secret.reveal()

    assert secret("one deployment", key.id) == pair.secret.reveal()
    assert secret("another", key.id) != pair.secret.reveal()
    assert secret("one deployment", "000000000000") != pair.secret.reveal()


def test_who_signs_with_the_pair_is_its_key_s_owner(door, pair, key):
    caller = door.caller(shown(pair))

    assert (caller.key.id, caller.principal.name) == (key.id, "alice")
    assert key.id in door.take_used()


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"signature": "0" * 64}, id="another signature"),
        pytest.param({"string_to_sign": STRING + b"x"}, id="another request"),
        pytest.param({"region": "eu-north-1"}, id="another region"),
        pytest.param({"service": "s3"}, id="another service"),
        pytest.param({"day": "20261121"}, id="another day"),
        pytest.param({"access_key_id": "QGWK000000000000"}, id="another key"),
        pytest.param({"body_signed": False}, id="a body that is not covered"),
    ],
)
def test_what_the_pair_did_not_sign_proves_nothing(door, pair, wrong):
    with pytest.raises(InvalidSignatureError):
        door.caller(shown(pair, **wrong))
    assert door.take_used() == frozenset()


def test_the_day_of_the_scope_is_the_day_of_the_date(door, pair):
    """Otherwise a signature could be kept for another day."""
    yesterday = shown(pair, at=NOW - timedelta(days=1))

    with pytest.raises(InvalidSignatureError, match="day"):
        door.caller(replace(yesterday, signed_at=NOW))


@pytest.mark.parametrize("skew", [MAX_SKEW, -MAX_SKEW])
def test_the_clocks_may_stand_some_minutes_apart(door, pair, skew):
    assert door.caller(shown(pair, at=NOW + skew))
    with pytest.raises(ClockSkewError, match="5 minutes"):
        door.caller(shown(pair, at=NOW + skew * 1.01))


def test_the_clock_is_told_only_to_who_holds_the_pair(door, pair):
    late = shown(pair, at=NOW - timedelta(hours=1))

    with pytest.raises(InvalidSignatureError):
        door.caller(replace(late, signature="0" * 64))


def test_a_revoked_key_s_pair_ends_with_it_and_says_so_only_when_proven(door, view, pair, key):
    view.change(key.id, revoked_at=NOW)

    with pytest.raises(KeyRevokedError):
        door.caller(shown(pair))
    with pytest.raises(InvalidSignatureError):
        door.caller(shown(pair, signature="0" * 64))


@pytest.mark.parametrize("foreign", ["AKIAIOSFODNN7EXAMPLE", "QGWK", "qgwk0123456789ab", "QGWK0123456789AB\n"])
def test_an_access_key_of_another_shape_is_nobody_s(door, pair, foreign):
    with pytest.raises(InvalidCredentialError):
        door.caller(shown(pair, access_key_id=foreign))


def test_what_to_expect_is_known_before_the_body(door, view, pair, key):
    """It decides how much is read, and proves nothing."""
    unread = shown(pair, body_signed=False, signature="0" * 64)

    assert door.expect(unread)
    assert not door.expect(replace(unread, access_key_id="QGWK000000000000"))
    view.change(key.id, revoked_at=NOW)
    assert not door.expect(unread)


def test_nothing_shows_a_secret(pair):
    assert pair.secret.reveal().decode() not in repr(pair)
    assert "0" * 64 not in repr(shown(pair, signature="0" * 64))
