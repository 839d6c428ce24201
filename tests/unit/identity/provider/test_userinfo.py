"""What the ID token does not say is asked for, and people are sent where the provider forgets them."""

from dataclasses import replace

import pytest

from gateway.identity.provider import (
    Provider,
    ProviderRefusedError,
    ProviderUnavailableError,
)
from tests.fakes.id_tokens import CLIENT
from tests.unit.identity.provider.conftest import signed_in


@pytest.fixture
def needing(registration, send, clock):
    """A provider of which certain claims are needed."""
    return lambda *claims: Provider(replace(registration, claims=claims), send, clock)


async def test_what_the_id_token_lacks_is_asked_for(needing, login, challenge):
    login.people = {"audrey": {"sub": "audrey"}}
    login.userinfo = {"audrey": {"groups": ["audit"], "hobby": "chess"}}

    claims = await signed_in(needing("sub", "groups"), login, challenge)

    assert (claims["sub"], claims["groups"]) == ("audrey", ["audit"])
    assert "hobby" not in claims


async def test_nothing_is_asked_where_the_id_token_says_it_all(needing, login, challenge):
    await signed_in(needing("sub", "groups"), login, challenge)

    assert "/userinfo" not in login.seen


async def test_what_is_needed_within_a_claim_is_taken_whole(needing, login, challenge):
    login.people = {"audrey": {"sub": "audrey"}}
    login.userinfo = {"audrey": {"realm_access": {"roles": ["audit"]}}}

    claims = await signed_in(needing("sub", "realm_access.roles"), login, challenge)

    assert claims["realm_access"] == {"roles": ["audit"]}


async def test_what_the_id_token_says_is_never_replaced(needing, login, challenge):
    login.people = {"audrey": {"sub": "audrey", "realm_access": {"level": 1}}}
    login.userinfo = {"audrey": {"realm_access": {"roles": ["admin"]}, "nonce": "another", "groups": ["admin"]}}

    claims = await signed_in(needing("sub", "realm_access.roles"), login, challenge)

    assert claims["realm_access"] == {"level": 1}
    assert claims["nonce"] == challenge.nonce
    assert "groups" not in claims


async def test_an_address_is_verified_by_whoever_says_it(needing, login, challenge):
    """Else a provider's word about one address would count for another."""
    login.people = {"audrey": {"sub": "audrey", "email_verified": True}}
    login.userinfo = {"audrey": {"email": "audrey@example.org", "email_verified": False}}

    claims = await signed_in(needing("email"), login, challenge)

    assert (claims["email"], claims["email_verified"]) == ("audrey@example.org", False)


async def test_an_answer_about_somebody_else_is_refused(needing, login, challenge):
    login.people = {"audrey": {"sub": "audrey"}}
    login.userinfo = {"audrey": {"sub": "mallory", "groups": ["audit"]}}

    with pytest.raises(ProviderRefusedError, match="another_subject_answered"):
        await signed_in(needing("groups"), login, challenge)


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        pytest.param({}, "it answers 401 where it should say who somebody is", id="it says nothing"),
        pytest.param({"userinfo_endpoint": "https://elsewhere.example.org/me"}, None, id="at a host not allowed"),
        pytest.param({"userinfo_endpoint": None}, None, id="nowhere"),
    ],
)
async def test_without_a_usable_answer_nothing_is_added(needing, login, challenge, metadata, told):
    login.people, login.metadata = {"audrey": {"sub": "audrey"}}, metadata
    provider = needing("groups")

    if told is None:
        assert "groups" not in await signed_in(provider, login, challenge)
    else:
        with pytest.raises(ProviderUnavailableError, match=told):
            await signed_in(provider, login, challenge)


async def test_people_are_sent_to_where_the_provider_forgets_them(provider, login):
    assert await provider.sign_out() == f"{login.issuer}/leave?client_id={CLIENT}"


@pytest.mark.parametrize("address", ["https://elsewhere.example.org/leave", "javascript:alert(1)", None, 7])
async def test_nobody_is_sent_where_the_settings_do_not_allow(provider, login, address):
    login.metadata = {"end_session_endpoint": address}

    assert await provider.sign_out() is None


async def test_a_provider_that_is_silent_keeps_nobody_from_leaving(provider, login):
    login.mischief = "moved"

    assert await provider.sign_out() is None
