"""Who decides, by which rules, and where those come from."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gateway.domain.errors import InsecureError
from gateway.settings.addresses import is_private_channel
from gateway.settings.listeners import HttpUrl
from gateway.settings.section import Place, Section


class Opa(Section):
    """Real OPA servers, for engine `opa`. Each pulls rules and tables from this gateway."""

    urls: tuple[HttpUrl, ...] = ()
    """Addresses, the preferred one first; the next decides when one before it cannot be believed."""
    token_file: Place | None = None
    """File with the bearer token that OPA asks for; absent means that it asks for none."""

    @model_validator(mode="after")
    def _refuse_exposure(self) -> Self:
        if exposed := [url for url in self.urls if not is_private_channel(url)]:
            raise InsecureError(
                f"policy.opa.urls has {exposed[0]}, plain http beyond loopback, where answers can be forged; use https"
            )
        return self


class Policy(Section):
    """Who decides, by which rules."""

    engine: Literal["embedded", "opa"] = "embedded"
    """`embedded` runs regorus in a child process; `opa` asks real OPA servers."""
    directory: Place | None = None
    """Policy tree; absent means the one that came with the gateway."""
    overrides: Place | None = None
    """Directory laid over the tree: tables (`org/<name>/data.json`) that it replaces, rules that it adds."""
    bundle: Place | None = None
    """Signed rules, as `gateway policy build` writes them; they take the place of all rules of the tree."""
    bundle_key: Place | None = None
    """PEM file with the public key that signed them; needed by `bundle`."""
    bundle_scope: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")] = "rules"
    """What the rules' signature must be for; another scope for each stage keeps a trial's rules out of production."""
    workers: Annotated[int, Field(ge=1, le=16)] = 1
    """Child processes of the embedded engine."""
    deadline_ms: Annotated[int, Field(ge=10, le=10_000)] = 250
    """How long one decision may take, all servers that are tried included; no answer in time is a denial."""
    watch: bool = False
    """Whether a running gateway takes changed policy files in by itself; else only `gateway policy reload` does."""
    canary_decisions: Annotated[int, Field(ge=0, le=10_000)] = 200
    """How many recent submissions a new revision must decide before a running gateway takes it."""
    canary_denials_percent: Annotated[int, Field(ge=0, le=100)] = 50
    """A new revision that denies a larger share of those that were allowed is refused, if there are 20 or more."""
    override_days: Annotated[int, Field(ge=1, le=365)] = 30
    """How long an override of a soft rule may hold."""
    break_glass_hours: Annotated[int, Field(ge=1, le=72)] = 4
    """How long break-glass may hold."""
    opa: Opa = Opa()
    """Real OPA servers."""

    @model_validator(mode="after")
    def _refuse_what_cannot_be(self) -> Self:
        if self.engine == "opa" and not self.opa.urls:
            raise ValueError("engine opa needs opa.urls, such as http://127.0.0.1:8181")
        if (self.bundle is None) != (self.bundle_key is None):
            raise ValueError("bundle and bundle_key belong together: rules without a trusted key are not taken")
        return self
