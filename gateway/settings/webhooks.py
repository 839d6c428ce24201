"""Who hears of warnings and of entries, and how they know that it is the gateway who speaks."""

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from gateway.domain.errors import InsecureError
from gateway.settings.addresses import is_private_channel
from gateway.settings.section import Place, Section
from gateway.vendors.settings import VendorHttp


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.fragment or parts.username:
        raise ValueError("an https address without user and fragment, such as https://alerts.example.org/quantum")
    return url


class Webhook(Section):
    """One receiver of warnings about limits, in CloudEvents 1.0, and of entries of the ledger."""

    url: Annotated[str, AfterValidator(_address)] = Field(repr=False)
    """Where warnings are posted; https, unless the receiver is on this machine."""
    secret_file: Place
    """File with the secret by which a receiver checks that a warning is ours; readable by its owner alone."""
    entries: tuple[Annotated[str, Field(pattern=r"^[a-z]+\.(?:[a-z_]+|\*)$")], ...] = ()
    """Entries of the ledger that it gets besides, by event code (`job.denied`) or noun (`key.*`); for a SIEM."""
    format: Literal["cloudevents", "ocsf"] = "cloudevents"
    """How those entries are written; many in one request, as a JSON list."""
    http: VendorHttp = VendorHttp()
    """How it is reached."""

    @model_validator(mode="after")
    def _refuse_exposure(self) -> Self:
        if not is_private_channel(self.url):
            raise InsecureError("a webhook's url is plain http beyond loopback, where warnings can be read; use https")
        return self
