"""A provider on loopback, and a gateway that is registered with it."""

from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest

from gateway.domain.secret import Secret
from gateway.identity.challenge import Challenges
from gateway.identity.provider import (
    Provider,
    Registration,
)
from gateway.vendors.http import VendorSession
from gateway.vendors.settings import VendorHttp
from tests.fakes.id_tokens import CLIENT
from tests.fakes.oidc_provider import SECRET, OidcProvider
from tests.unit.identity.conftest import Deriver, Watch

CALLBACK = "https://gateway.example.org/console/sign-in/callback"


@pytest.fixture
def clock():
    """Tokens are signed by the real clock's time."""
    return Watch(datetime.now(UTC))


@pytest.fixture
def login():
    with OidcProvider() as login:
        login.people = {"audrey": {"sub": "audrey", "groups": ["audit"]}}
        yield login


@pytest.fixture
async def send():
    session = VendorSession("identity provider", VendorHttp())
    yield session.send
    await session.close()


@pytest.fixture
def registration(login):
    return Registration(
        issuer=login.issuer,
        client_id=CLIENT,
        client_secret=Secret.of(SECRET),
        redirect_uri=CALLBACK,
        scopes=("openid", "profile"),
        algorithms=("RS256",),
    )


@pytest.fixture
def provider(registration, send, clock):
    return Provider(registration, send, clock)


@pytest.fixture
def challenge(clock):
    return Challenges(Deriver(), clock).begin("/console").challenge


async def came_back(provider, login, challenge, name="audrey"):
    """Go to the provider and back, as a browser would; gives code and issuer."""
    asked = dict(parse_qsl(urlsplit(await provider.authorization(challenge)).query))
    return dict(parse_qsl(urlsplit(login.authorize(asked, name)).query))


async def signed_in(provider, login, challenge):
    said = await came_back(provider, login, challenge)
    return await provider.claims(said["code"], challenge, named=said["iss"])
