"""Every call is checked against the view as it is now; nothing a caller once was is remembered."""

import contextlib
import inspect
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain.errors import RefusedError
from gateway.domain.secret import Secret
from gateway.identity import api_keys
from gateway.identity.api_keys import MalformedKeyError, mint
from gateway.identity.authenticate import (
    Authenticator,
    InvalidCredentialError,
    KeyExpiredError,
    KeyNotYetValidError,
    KeyOrphanedError,
    KeyRevokedError,
    MissingCredentialError,
    PrincipalDisabledError,
)
from gateway.identity.tokens import InvalidTokenError
from gateway.ports.dialect import AccessToken, ApiKey
from gateway.ports.operations import ExchangeKey
from tests.unit.identity.conftest import NOW


@pytest.fixture
def by_key(minted):
    return ApiKey(minted.text)


@pytest.fixture
def by_token(door, minted):
    return AccessToken(door.exchange(ExchangeKey(key=minted.text)).token)


@pytest.fixture(params=["key", "token"])
def credential(request, by_key, by_token):
    """Both ways in: what stops one must stop the other."""
    return by_key if request.param == "key" else by_token


def test_a_caller_is_a_key_with_its_principal_and_project(door, credential, key):
    caller = door.caller(credential)

    assert (caller.principal.name, caller.project.name, caller.key) == ("alice", "chemistry", key)


def test_without_a_credential_nobody_asks(door):
    with pytest.raises(MissingCredentialError):
        door.caller(None)


def test_a_revoked_key_and_its_tokens_end_at_once(door, view, key, credential):
    view.change(key.id, revoked_at=NOW)

    with pytest.raises(KeyRevokedError) as refused:
        door.caller(credential)
    assert refused.value.key_id == key.id


def test_a_disabled_principal_is_stopped_at_once_and_comes_back(door, view, credential):
    alice = view.principals["0190-alice"]
    view.principals["0190-alice"] = replace(alice, disabled=True)
    with pytest.raises(PrincipalDisabledError):
        door.caller(credential)

    view.principals["0190-alice"] = alice
    assert door.caller(credential).principal == alice


@pytest.mark.parametrize(
    ("seconds", "error"),
    [
        pytest.param(-0.000001, None, id="just before it expires"),
        pytest.param(0, KeyExpiredError, id="the moment it expires"),
    ],
)
def test_a_key_ends_when_it_expires(door, view, key, clock, by_key, seconds, error):
    clock.moment = key.expires_at + timedelta(seconds=seconds)

    if error is None:
        assert door.caller(by_key).key.id == key.id
    else:
        with pytest.raises(error, match="rotate"):
            door.caller(by_key)


@pytest.mark.parametrize(
    ("seconds", "early"),
    [pytest.param(-0.000001, True, id="just too early"), pytest.param(0, False, id="its first moment")],
)
def test_a_key_begins_when_it_says(door, view, key, clock, by_key, seconds, early):
    view.change(key.id, not_before=NOW - timedelta(seconds=seconds))

    if early:
        with pytest.raises(KeyNotYetValidError):
            door.caller(by_key)
    else:
        assert door.caller(by_key).key.id == key.id


def test_a_shortened_expiry_ends_tokens_too(door, view, key, by_token):
    """Rotation moves the expiry of the old key; a token granted before must not reach beyond it."""
    view.change(key.id, expires_at=NOW)

    with pytest.raises(KeyExpiredError):
        door.caller(by_token)


@pytest.mark.parametrize("gone", ["principals", "projects"])
def test_a_key_of_nobody_is_refused(door, view, credential, gone):
    getattr(view, gone).clear()

    with pytest.raises(KeyOrphanedError):
        door.caller(credential)


def test_an_unknown_key_is_refused_without_saying_why(door, peppers):
    with pytest.raises(InvalidCredentialError):
        door.caller(ApiKey(mint(peppers).text))


def forged(text, key_id):
    """Another secret under a known id, with the right checksum: it is public how to compute that."""
    body = text[:65].replace(text[9:21], key_id)
    return Secret.of(body + api_keys._checksum(body))


def test_another_secret_under_a_known_id_is_refused(door, minted, peppers):
    other = mint(peppers).text.reveal().decode()

    with pytest.raises(InvalidCredentialError):
        door.caller(ApiKey(forged(other, minted.id)))


def test_an_unknown_id_and_a_wrong_secret_cannot_be_told_apart(door, minted, peppers):
    """Whoever guesses learns neither which ids exist nor, by their state, whose they are."""
    other = mint(peppers).text.reveal().decode()
    with pytest.raises(InvalidCredentialError) as unknown:
        door.caller(ApiKey(Secret.of(other)))
    with pytest.raises(InvalidCredentialError) as wrong:
        door.caller(ApiKey(forged(other, minted.id)))

    assert unknown.value.message == wrong.value.message
    assert unknown.value.code == wrong.value.code == "credential-invalid"


def test_a_wrong_secret_of_a_revoked_key_is_not_told_that_it_is_revoked(door, view, minted, key, peppers):
    view.change(key.id, revoked_at=NOW)

    with pytest.raises(InvalidCredentialError):
        door.caller(ApiKey(forged(mint(peppers).text.reveal().decode(), minted.id)))


def test_unknown_ids_cost_the_same_work_as_wrong_secrets(door, minted, peppers, monkeypatch):
    """One MAC and one constant-time comparison each."""
    work = []
    mac, compare = api_keys.Peppers.mac, api_keys.hmac.compare_digest
    monkeypatch.setattr(api_keys.Peppers, "mac", lambda *a, **k: work.append("mac") or mac(*a, **k))
    monkeypatch.setattr(api_keys.hmac, "compare_digest", lambda *a: work.append("compare") or compare(*a))
    other = mint(peppers).text.reveal().decode()
    paths = [Secret.of(other), forged(other, minted.id), minted.text]
    work.clear()
    seen = []

    for text in paths:
        with contextlib.suppress(InvalidCredentialError):
            door.caller(ApiKey(text))
        seen.append(tuple(work))
        work.clear()

    assert seen == [("mac", "compare")] * 3


def test_a_typo_never_reaches_the_view(door, view, minted):
    text = minted.text.reveal().decode()
    typo = text[:-1] + ("0" if text[-1] != "0" else "1")

    with pytest.raises(MalformedKeyError, match="typo"):
        door.caller(ApiKey(Secret.of(typo)))
    assert view.asked == []


def test_a_key_is_no_token_and_a_token_no_key(door, minted, by_token):
    with pytest.raises(InvalidTokenError):
        door.caller(AccessToken(minted.text))
    with pytest.raises(MalformedKeyError):
        door.caller(ApiKey(by_token.token))


def test_a_token_of_a_key_that_is_gone_is_refused(door, view, by_token):
    view.stored.clear()

    with pytest.raises(InvalidCredentialError):
        door.caller(by_token)


@pytest.mark.parametrize("stop", ["revoked", "expired", "disabled"])
def test_what_stops_a_key_stops_its_exchange(door, view, minted, key, clock, stop):
    if stop == "revoked":
        view.change(key.id, revoked_at=NOW)
    elif stop == "expired":
        clock.moment = key.expires_at
    else:
        view.principals["0190-alice"] = replace(view.principals["0190-alice"], disabled=True)

    with pytest.raises(RefusedError):
        door.exchange(ExchangeKey(key=minted.text))


def test_used_keys_are_noted_once_and_taken_once(door, by_key, by_token, key):
    door.caller(by_key)
    door.caller(by_token)

    assert door.used_today == {key.id}
    assert door.take_used() == {key.id}
    assert door.take_used() == frozenset()


def test_a_refused_key_was_not_used(door, view, key, by_key):
    view.change(key.id, revoked_at=NOW)

    with pytest.raises(KeyRevokedError):
        door.caller(by_key)

    assert door.used_today == set()


def test_asking_needs_no_waiting():
    """Every poll comes through here: no awaiting, so no query."""
    assert not inspect.iscoroutinefunction(Authenticator.caller)


def explained(door, text):
    return " | ".join(door.explain(text if isinstance(text, str) else text.reveal().decode()))


def test_a_good_key_is_explained_with_whose_it_is(door, minted):
    said = explained(door, minted.text)

    assert "principal alice, project chemistry, roles scientist" in said
    assert "accepted until 2027-02-10" in said


@pytest.mark.parametrize(
    ("change", "want"),
    [
        pytest.param({"revoked_at": NOW}, "refused (key-revoked)", id="revoked"),
        pytest.param({"expires_at": NOW}, "refused (key-expired)", id="expired"),
        pytest.param({"not_before": NOW + timedelta(hours=1)}, "refused (key-not-yet-valid)", id="too early"),
    ],
)
def test_a_key_past_its_time_is_explained(door, view, minted, key, change, want):
    view.change(key.id, **change)

    assert want in explained(door, minted.text)


def test_a_disabled_principal_is_explained(door, view, minted):
    view.principals["0190-alice"] = replace(view.principals["0190-alice"], disabled=True)

    assert "refused (principal-disabled)" in explained(door, minted.text)


def test_a_lost_principal_is_explained(door, view, minted):
    view.principals.clear()

    assert "belongs to nobody" in explained(door, minted.text)


def test_wrong_keys_are_explained_each_in_its_own_words(door, minted, peppers):
    other = mint(peppers).text.reveal().decode()

    assert "no gateway key" in explained(door, "hunter2")
    assert "typo" in explained(
        door, minted.text.reveal().decode()[:-1] + "!"[:0] + ("0" if minted.text.reveal()[-1:] != b"0" else "1")
    )
    assert "this gateway has no key with the id" in explained(door, other)
    assert "the secret is not the one" in explained(door, forged(other, minted.id))


def test_an_explanation_never_shows_the_secret(door, minted, peppers):
    for text in (minted.text.reveal().decode(), mint(peppers).text.reveal().decode()):
        assert text[22:] not in explained(door, text)


def test_a_key_pasted_with_spaces_is_explained_without_them(door, minted):
    assert "accepted" in explained(door, f"  {minted.text.reveal().decode()}\n")
