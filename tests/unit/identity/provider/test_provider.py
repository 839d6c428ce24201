"""The provider is asked as the settings say, at the hosts they allow, and believed only as far as it proves itself."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from gateway.domain.secret import Secret
from gateway.identity.challenge import Challenges
from gateway.identity.id_token import IdTokenError
from gateway.identity.provider import (
    AGAIN,
    FRESH,
    PAUSE,
    STALE,
    Provider,
    ProviderRefusedError,
    ProviderUnavailableError,
)
from gateway.ports.vendor import VendorAnswer
from tests.fakes.id_tokens import CLIENT, MISCHIEF
from tests.fakes.oidc_provider import OidcProvider
from tests.unit.identity.conftest import Deriver
from tests.unit.identity.provider.conftest import CALLBACK, came_back, signed_in


async def test_a_code_is_traded_for_what_the_provider_says(provider, login, challenge):
    claims = await signed_in(provider, login, challenge)

    assert (claims["sub"], claims["groups"]) == ("audrey", ["audit"])


async def test_what_is_asked_for_shows_the_challenge_and_never_the_verifier(provider, challenge):
    url = await provider.authorization(challenge)

    asked = dict(parse_qsl(urlsplit(url).query))
    assert asked == {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": CALLBACK,
        "scope": "openid profile",
        "state": challenge.state,
        "nonce": challenge.nonce,
        "code_challenge": challenge.challenge,
        "code_challenge_method": "S256",
    }
    assert challenge.verifier not in url


async def test_a_secret_is_posted_where_the_provider_takes_it_only_so(provider, login, challenge):
    login.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}

    assert (await signed_in(provider, login, challenge))["sub"] == "audrey"


async def test_a_public_client_shows_no_secret(registration, send, clock, challenge):
    with OidcProvider(secret=None) as login:
        login.people = {"audrey": {"sub": "audrey"}}
        provider = Provider(replace(registration, issuer=login.issuer, client_secret=None), send, clock)

        assert (await signed_in(provider, login, challenge))["sub"] == "audrey"


async def test_a_wrong_secret_lets_nobody_in(registration, send, clock, login, challenge):
    provider = Provider(replace(registration, client_secret=Secret.of("wrong")), send, clock)

    with pytest.raises(ProviderRefusedError, match="invalid_client"):
        await signed_in(provider, login, challenge)


async def test_a_code_is_good_once(provider, login, challenge):
    said = await came_back(provider, login, challenge)
    await provider.claims(said["code"], challenge, named=said["iss"])

    with pytest.raises(ProviderRefusedError, match="invalid_grant"):
        await provider.claims(said["code"], challenge, named=said["iss"])


async def test_a_code_of_somebody_elses_sign_in_is_refused(provider, login, challenge, clock):
    """Whoever caught a code has not the verifier."""
    said = await came_back(provider, login, challenge)
    another = Challenges(Deriver(), clock).begin("/console").challenge

    with pytest.raises(ProviderRefusedError, match="invalid_grant"):
        await provider.claims(said["code"], another, named=said["iss"])


@pytest.mark.parametrize("mischief", MISCHIEF)
async def test_no_token_that_proves_nothing_is_believed(provider, login, challenge, mischief):
    login.mischief = mischief

    with pytest.raises(IdTokenError):
        await signed_in(provider, login, challenge)


@pytest.mark.parametrize("named", [None, "https://login.example.org"])
async def test_an_answer_in_anothers_name_is_refused_before_the_code_is_spent(provider, login, challenge, named):
    said = await came_back(provider, login, challenge)

    with pytest.raises(ProviderRefusedError, match="another_issuer_answered"):
        await provider.claims(said["code"], challenge, named=named)

    assert "/token" not in login.seen


@pytest.mark.parametrize(
    ("mischief", "error"),
    [
        pytest.param("moved", "answers 303", id="discovery leads elsewhere"),
        pytest.param("enormous", "identity provider", id="an answer without end"),
        pytest.param("no-token", "no ID token", id="no token"),
    ],
)
async def test_an_answer_that_cannot_be_used_lets_nobody_in(provider, login, challenge, mischief, error):
    login.mischief = mischief

    with pytest.raises(ProviderUnavailableError, match=error):
        await signed_in(provider, login, challenge)


async def test_a_redirect_takes_the_secret_nowhere(provider, login, challenge):
    login.mischief = "token-moved"

    with pytest.raises(ProviderUnavailableError, match="strict JSON"):
        await signed_in(provider, login, challenge)


@pytest.mark.parametrize(
    ("published", "error"),
    [
        pytest.param({"issuer": "https://login.example.org"}, "another issuer's", id="another issuer"),
        pytest.param({"code_challenge_methods_supported": ["plain"]}, "PKCE", id="no S256"),
        pytest.param(
            {"token_endpoint": "http://169.254.169.254/token"}, "beyond this machine", id="a metadata service"
        ),
        pytest.param({"token_endpoint": "https://10.0.0.7/token"}, "hosts", id="an address inside"),
        pytest.param({"jwks_uri": "https://keys.example.org/"}, "hosts", id="another host"),
        pytest.param({"jwks_uri": "file:///etc/passwd"}, "no https", id="a file"),
        pytest.param({"jwks_uri": "http://127.1/keys"}, "beyond this machine", id="an odd spelling of loopback"),
        pytest.param({"jwks_uri": "http://root@localhost/keys"}, "hosts", id="with a user"),
        pytest.param({"authorization_endpoint": 7}, "no https", id="no text"),
        pytest.param({"authorization_endpoint": None}, "no https", id="none"),
    ],
)
async def test_what_the_provider_publishes_must_be_where_the_settings_allow(
    provider, login, challenge, published, error
):
    login.metadata = published

    with pytest.raises(ProviderUnavailableError, match=error):
        await provider.authorization(challenge)


async def test_a_host_that_the_settings_name_is_allowed(registration, send, clock, login, challenge):
    login.metadata = {"authorization_endpoint": "https://sign-in.example.org/authorize?tenant=7"}
    provider = Provider(replace(registration, hosts=frozenset({"sign-in.example.org"})), send, clock)

    url = await provider.authorization(challenge)

    assert url.startswith("https://sign-in.example.org/authorize?tenant=7&response_type=code&")


async def test_an_issuer_beyond_this_machine_may_not_lead_to_plain_http(registration, clock, challenge):
    """Only a loopback issuer may use it; another one's discovery document could name a service of this machine."""
    issuer = "https://login.example.org"

    async def answer(request):
        body = b'{"issuer": "https://login.example.org", "jwks_uri": "http://localhost/keys"}'
        return VendorAnswer(status=200, headers={}, body=body)

    provider = Provider(replace(registration, issuer=issuer), answer, clock)

    with pytest.raises(ProviderUnavailableError, match="jwks_uri is no https address"):
        await provider.authorization(challenge)


async def test_what_is_published_is_asked_for_once_an_hour(provider, login, challenge, clock):
    for _ in range(3):
        await provider.authorization(challenge)
    assert login.seen == ["/.well-known/openid-configuration", "/keys"]

    clock.moment += FRESH
    await provider.authorization(challenge)

    assert login.seen == ["/.well-known/openid-configuration", "/keys"] * 2


async def test_a_new_key_of_the_provider_is_found(provider, login, challenge, clock):
    await provider.authorization(challenge)
    login.rotate()
    clock.moment += PAUSE

    assert (await signed_in(provider, login, challenge))["sub"] == "audrey"


async def test_unknown_keys_do_not_make_us_ask_and_ask(provider, login, challenge):
    """Otherwise anybody with tokens of nobody could make this gateway a nuisance to the provider."""
    await provider.authorization(challenge)
    login.rotate()
    login.seen.clear()

    for _ in range(3):
        with pytest.raises(IdTokenError, match="does not publish"):
            await signed_in(provider, login, challenge)

    assert "/keys" not in login.seen


async def test_while_the_provider_is_silent_its_keys_are_kept_for_a_day_and_no_longer(
    provider, login, challenge, clock
):
    await provider.authorization(challenge)
    login.mischief = "moved"
    clock.moment += STALE - timedelta(seconds=1)

    assert (await provider.authorization(challenge)).startswith(login.issuer)

    clock.moment += timedelta(seconds=2)
    with pytest.raises(ProviderUnavailableError):
        await provider.authorization(challenge)


async def test_a_silent_provider_is_asked_every_five_seconds_and_not_by_every_visitor(
    provider, login, challenge, clock
):
    login.mischief = "moved"
    for _ in range(3):
        with pytest.raises(ProviderUnavailableError):
            await provider.authorization(challenge)
    assert len(login.seen) == 1

    login.mischief = ""
    clock.moment += AGAIN

    assert await provider.authorization(challenge)


async def test_a_provider_that_is_not_there_is_told_in_words(registration, send, clock, challenge):
    provider = Provider(replace(registration, issuer="http://127.0.0.1:9"), send, clock)

    with pytest.raises(ProviderUnavailableError, match="no connection"):
        await provider.authorization(challenge)


@pytest.mark.parametrize("word", [None, "", "access denied", "<script>", "x" * 300, 7])
def test_only_an_error_code_is_repeated(word):
    message = ProviderRefusedError(word).message

    assert len(message) < 200
    assert "<" not in message
