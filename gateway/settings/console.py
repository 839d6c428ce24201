"""The console: who may come in, and for how long."""

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from gateway.domain.errors import InsecureError
from gateway.settings.addresses import is_private_channel
from gateway.settings.listeners import HostName
from gateway.settings.section import Place, Section
from gateway.vendors.settings import VendorHttp

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519"]


def _issuer(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("the provider's issuer exactly as it writes it, such as https://login.example.org/realms/lab")
    return url


class Oidc(Section):
    """The one identity provider (OpenID Connect) that may vouch for people."""

    issuer: Annotated[str, AfterValidator(_issuer)]
    """Its issuer, letter by letter; https, unless it is on this machine. Everything else is read from there."""
    client_id: Annotated[str, Field(min_length=1, max_length=255)]
    """What the provider calls this gateway; register `<server.public_url>/console/sign-in/callback` with it."""
    client_secret_file: Place | None = None
    """File with the client secret, readable by its owner alone; absent for a public client, which PKCE protects."""
    name: Annotated[str, Field(min_length=1, max_length=64)] = "your organisation"
    """How the sign-in page calls the provider."""
    scopes: tuple[str, ...] = ("openid", "profile")
    """What is asked for; `openid` must be among them."""
    hosts: tuple[HostName, ...] = ()
    """Hosts besides the issuer's at which the provider's endpoints may be."""
    algorithms: Annotated[tuple[Algorithm, ...], Field(min_length=1)] = ("RS256", "PS256", "ES256", "Ed25519")
    """Signatures that are believed."""
    principal_claim: Annotated[str, Field(min_length=1)] = "sub"
    """Claim that says who it is: one that its owner cannot change. `email` counts only if the provider verified it."""
    principals: dict[str, str] = Field(default={})
    """Principal of this gateway by value of that claim; a value that is not listed is itself the principal's name."""
    roles_claim: Annotated[str, Field(min_length=1)] = "groups"
    """Claim with a person's groups; dots lead into objects, as in `realm_access.roles`. What the ID token lacks of the
    two claims is asked for at the provider's userinfo endpoint."""
    roles: Annotated[dict[str, Annotated[tuple[str, ...], Field(min_length=1)]], Field(min_length=1)]
    """Roles by value of that claim; who has none does not get in."""
    http: VendorHttp = VendorHttp()
    """How the provider is reached."""

    @model_validator(mode="after")
    def _refuse_exposure(self) -> Self:
        if not is_private_channel(self.issuer):
            raise InsecureError("console.oidc.issuer is plain http beyond loopback, where anybody can vouch; use https")
        if "openid" not in self.scopes:
            raise ValueError("scopes must contain openid, without which no provider says who signs in")
        return self


class Console(Section):
    """The web console for auditors and operators, below `/console`."""

    enabled: bool = True
    """Whether it is served."""
    idle_minutes: Annotated[int, Field(ge=1, le=1440)] = 30
    """After so long without use a session is over."""
    session_hours: Annotated[int, Field(ge=1, le=24)] = 8
    """After so long a session is over in any case."""
    keys: bool = True
    """Whether people may sign in with a gateway key; else only through `oidc`."""
    attempts_per_minute: Annotated[int, Field(ge=1, le=1000)] = 10
    """Sign-ins that may fail from one address in a minute; more wait."""
    oidc: Oidc | None = None
    """The identity provider; absent means that people sign in with gateway keys alone."""

    @model_validator(mode="after")
    def _refuse_a_door_without_handle(self) -> Self:
        if self.enabled and not self.keys and self.oidc is None:
            raise ValueError("nobody could sign in: set console.oidc, or let console.keys be true")
        return self
