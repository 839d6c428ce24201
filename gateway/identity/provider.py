"""The one identity provider that may vouch for people: where it is, its keys, and how a code is traded for claims.

Everything starts from the issuer in the settings. What its discovery document names is asked only at hosts that the
settings allow, over TLS unless the issuer itself is on this machine; no redirect is followed and every answer is
bounded. Nothing is asked until somebody signs in. Without a usable answer nobody gets in.
"""

import asyncio
import re
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any, Final, TypeAlias
from urllib.parse import quote_plus, urlencode, urlsplit

from joserfc.jwk import KeySet

from gateway.domain.clock import Clock
from gateway.domain.errors import RefusedError, UnavailableError
from gateway.domain.secret import Secret
from gateway.domain.strict_json import MalformedJsonError, loads
from gateway.identity import id_token
from gateway.identity.id_token import Claims, Expected, UnknownSigningKeyError, claim
from gateway.ports.vendor import VendorAnswer, VendorRequest

DISCOVERY: Final = "/.well-known/openid-configuration"
FRESH: Final = timedelta(hours=1)
"""How long what the provider publishes is used without asking again."""
STALE: Final = timedelta(hours=24)
"""How long it is used while the provider does not answer; after that nobody signs in."""
AGAIN: Final = timedelta(seconds=5)
"""How soon it is asked again after it was silent, so that visitors do not queue for one that hangs."""
PAUSE: Final = timedelta(seconds=30)
"""How soon it may be asked again for keys that it had not published."""
_SECONDS: Final = 10.0
_LARGEST: Final = 256 * 1024
_LONGEST_WORD: Final = 64
_BEARER: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")
"""What may stand in a header as an access token (RFC 6750)."""

Send: TypeAlias = Callable[[VendorRequest], Awaitable[VendorAnswer]]


class ProviderUnavailableError(UnavailableError):
    """The identity provider cannot be asked, or answers with what cannot be used."""

    code = "provider-unavailable"

    def __init__(self, why: str) -> None:
        super().__init__(f"the identity provider cannot be used now: {why}; try again, or sign in with a gateway key")
        self.why = why


class ProviderRefusedError(RefusedError):
    """The identity provider did not let somebody in, or did not take the code that it gave."""

    code = "provider-refused"

    def __init__(self, word: object) -> None:
        # An OAuth error code; whatever else somebody wrote there is not repeated.
        plain = isinstance(word, str) and word.isascii() and word.replace("_", "").isalnum()
        self.word = word[:_LONGEST_WORD] if isinstance(word, str) and plain else "no_reason"
        super().__init__(f"the identity provider refused this sign-in ({self.word}); sign in again")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """This gateway, as the provider knows it."""

    issuer: str
    client_id: str
    client_secret: Secret | None
    """`None` for a public client, which proves itself by PKCE alone."""
    redirect_uri: str
    scopes: Sequence[str]
    algorithms: Sequence[str]
    hosts: frozenset[str] = field(default_factory=frozenset)
    """Besides the issuer's own, where its endpoints may be."""
    claims: Sequence[str] = ()
    """What must be known of a person; the provider is asked for what its ID token lacks of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What one sign-in is recognised by when it comes back."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    """Whose SHA-256 the provider is shown at the beginning, and which it is shown at the end (PKCE, RFC 7636)."""
    challenge: str


@dataclass(frozen=True, slots=True)
class _Published:
    """What the provider publishes, and when it was read."""

    authorization: str
    token: str
    posts_secret: bool
    names_itself: bool
    """Whether it says who it is as it sends people back (RFC 9207)."""
    keys: KeySet
    at: datetime
    userinfo: str | None
    end_session: str | None


class Provider:
    """Asks the provider; remembers what it publishes."""

    def __init__(self, registration: Registration, send: Send, clock: Clock) -> None:
        self.registration = registration
        self._send, self._clock = send, clock
        self._published: _Published | None = None
        self._asked = datetime.min.replace(tzinfo=UTC)
        self._silent: str | None = None
        """Why it could not be asked the last time."""
        self._one_at_a_time = asyncio.Lock()

    async def authorization(self, challenge: Challenge) -> str:
        """Give the address to which somebody is sent to sign in.

        Raises:
            ProviderUnavailableError: it does not publish one that can be used.
        """
        published, ours = await self._current(), self.registration
        asked = {
            "response_type": "code",
            "client_id": ours.client_id,
            "redirect_uri": ours.redirect_uri,
            "scope": " ".join(ours.scopes),
            "state": challenge.state,
            "nonce": challenge.nonce,
            "code_challenge": challenge.challenge,
            "code_challenge_method": "S256",
        }
        return _with(published.authorization, asked)

    async def claims(self, code: str, challenge: Challenge, *, named: str | None) -> Claims:
        """Trade a code for what the provider says of the person; `named` is the issuer in the answer, if any.

        Raises:
            ProviderRefusedError: it does not take the code, or somebody else answered in its place.
            IdTokenError: its token proves nothing.
            ProviderUnavailableError: no usable answer; the code may be spent.
        """
        published = await self._current()
        if (named is not None or published.names_itself) and named != self.registration.issuer:
            raise ProviderRefusedError("another_issuer_answered")
        answer = await self._ask(self._exchange(published, code, challenge))
        document = _document(answer)
        if answer.status != HTTPStatus.OK:
            raise ProviderRefusedError(document.get("error"))
        token = document.get("id_token")
        if not isinstance(token, str):
            raise ProviderUnavailableError("it gave no ID token")
        claims = await self._verified(token, published, challenge)
        return {**claims, **await self._lacking(claims, published, document.get("access_token"))}

    async def sign_out(self) -> str | None:
        """Give the address at which somebody signs out of the provider itself (RP-Initiated Logout), if it has one."""
        try:
            address = (await self._current()).end_session
        except ProviderUnavailableError:
            return None
        return None if address is None else _with(address, {"client_id": self.registration.client_id})

    async def _lacking(self, claims: Claims, published: _Published, access: object) -> Claims:
        """Ask for what the settings need and the ID token does not say at all; what it says is never replaced."""
        names = [name for name in self.registration.claims if claim(claims, name) is None]
        if not names or published.userinfo is None:
            return {}
        if not isinstance(access, str) or not _BEARER.fullmatch(access):
            raise ProviderUnavailableError("it gave no access token to ask for the rest with")
        headers = {"Authorization": f"Bearer {access}", "Accept": "application/json"}
        answer = await self._ask(_request("GET", published.userinfo, headers))
        if answer.status != HTTPStatus.OK:
            raise ProviderUnavailableError(f"it answers {answer.status} where it should say who somebody is")
        told = _document(answer)
        if told.get("sub") != claims["sub"]:
            raise ProviderRefusedError("another_subject_answered")
        wanted = {*names, *(name.partition(".")[0] for name in names)}
        more = {name: told[name] for name in wanted if name in told and name not in claims}
        # Whether an address is verified, only who says the address can say.
        return {**more, "email_verified": told.get("email_verified")} if "email" in more else more

    async def _verified(self, token: str, published: _Published, challenge: Challenge) -> Claims:
        ours = self.registration
        expected = Expected(
            issuer=ours.issuer, client_id=ours.client_id, nonce=challenge.nonce, algorithms=ours.algorithms
        )
        try:
            return id_token.verify(token, published.keys, expected, now=self._clock.now())
        except UnknownSigningKeyError:
            if self._clock.now() < self._asked + PAUSE:
                raise
        newer = await self._current(newer_than=published)
        return id_token.verify(token, newer.keys, expected, now=self._clock.now())

    def _exchange(self, published: _Published, code: str, challenge: Challenge) -> VendorRequest:
        ours = self.registration
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": ours.redirect_uri,
            "code_verifier": challenge.verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if ours.client_secret is None or published.posts_secret:
            form["client_id"] = ours.client_id
        if ours.client_secret is not None:
            text = ours.client_secret.reveal().decode()
            if published.posts_secret:
                form["client_secret"] = text
            else:
                # RFC 6749, 2.3.1: both are form-encoded before they become Basic.
                pair = f"{quote_plus(ours.client_id)}:{quote_plus(text)}"
                headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        return _request("POST", published.token, headers, urlencode(form).encode())

    async def _current(self, *, newer_than: _Published | None = None) -> _Published:
        """Give what is published: as it is remembered, or asked for again where that is too old."""
        async with self._one_at_a_time:
            known, now = self._published, self._clock.now()
            if known is not None and known is not newer_than and now < known.at + FRESH:
                return known
            if self._silent is None or now >= self._asked + AGAIN:
                self._asked = now
                try:
                    self._published, self._silent = await self._read(), None
                except ProviderUnavailableError as error:
                    self._silent = error.why
                else:
                    return self._published
            if known is None or now >= known.at + STALE:
                raise ProviderUnavailableError(self._silent)
            return known

    async def _read(self) -> _Published:
        issuer = self.registration.issuer
        document = await self._get(issuer.rstrip("/") + DISCOVERY)
        if document.get("issuer") != issuer:
            raise ProviderUnavailableError("its discovery document is another issuer's")
        if "S256" not in _listed(document, "code_challenge_methods_supported", ["S256"]):
            raise ProviderUnavailableError("it does not know PKCE with S256")
        methods = _listed(document, "token_endpoint_auth_methods_supported", ["client_secret_basic"])
        try:
            keys = id_token.key_set(await self._get(self._endpoint(document, "jwks_uri")))
        except ValueError:
            raise ProviderUnavailableError("it publishes no key that verifies signatures") from None
        return _Published(
            authorization=self._endpoint(document, "authorization_endpoint"),
            token=self._endpoint(document, "token_endpoint"),
            posts_secret="client_secret_basic" not in methods and "client_secret_post" in methods,
            names_itself=document.get("authorization_response_iss_parameter_supported") is True,
            keys=keys,
            at=self._clock.now(),
            userinfo=self._optional(document, "userinfo_endpoint"),
            end_session=self._optional(document, "end_session_endpoint"),
        )

    def _optional(self, document: Mapping[str, Any], name: str) -> str | None:
        """Give an address that nobody needs to get in; one that the settings do not allow is none."""
        try:
            return self._endpoint(document, name)
        except ProviderUnavailableError:
            return None

    def _endpoint(self, document: Mapping[str, Any], name: str) -> str:
        """Give one of its addresses, where the settings allow it to be."""
        address, own = document.get(name), urlsplit(self.registration.issuer)
        parts = urlsplit(address if isinstance(address, str) else "")
        if parts.scheme not in ({"https", "http"} if _is_loopback(own.hostname) else {"https"}):
            raise ProviderUnavailableError(f"its {name} is no https address")
        if parts.scheme == "http" and not _is_loopback(parts.hostname):
            raise ProviderUnavailableError(f"its {name} is plain http beyond this machine")
        if (
            parts.username is not None
            or parts.fragment
            or parts.hostname not in {own.hostname, *self.registration.hosts}
        ):
            raise ProviderUnavailableError(f"its {name} is at a host that console.oidc.hosts does not allow")
        return str(address)

    async def _get(self, url: str) -> Mapping[str, Any]:
        answer = await self._ask(_request("GET", url, {"Accept": "application/json"}))
        if answer.status != HTTPStatus.OK:
            raise ProviderUnavailableError(f"it answers {answer.status} where its configuration should be")
        return _document(answer)

    async def _ask(self, request: VendorRequest) -> VendorAnswer:
        try:
            return await self._send(request)
        except UnavailableError as error:
            raise ProviderUnavailableError(error.message) from None


def _request(method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> VendorRequest:
    return VendorRequest(method=method, url=url, headers=headers, body=body, seconds=_SECONDS, largest=_LARGEST)


def _with(address: str, asked: Mapping[str, str]) -> str:
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(asked)}"


def _document(answer: VendorAnswer) -> Mapping[str, Any]:
    try:
        document = loads(answer.body)
    except MalformedJsonError:
        raise ProviderUnavailableError("its answer is not strict JSON") from None
    if not isinstance(document, dict):
        raise ProviderUnavailableError("its answer is no JSON object")
    return document


def _listed(document: Mapping[str, Any], name: str, otherwise: list[str]) -> list[Any]:
    value = document.get(name, otherwise)
    return value if isinstance(value, list) else []


def _is_loopback(host: str | None) -> bool:
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"
