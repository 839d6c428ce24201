"""Who outside this gateway watches its ledger, and whose word counts."""

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from gateway.audit.note import Algorithm, VerifierKey
from gateway.domain.errors import InsecureError
from gateway.settings.addresses import is_private_channel
from gateway.settings.section import Section
from gateway.vendors.settings import VendorHttp


def _prefix(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("the witness's submission prefix, such as https://witness.example.org/one")
    return url.rstrip("/")


def _key(text: str) -> str:
    if VerifierKey.parse(text).algorithm is Algorithm.ED25519:
        raise ValueError("that is a key for plain notes; a witness shows its own with `gateway witness keys`")
    return text


class Witness(Section):
    """One witness that cosigns checkpoints (C2SP tlog-witness): `gateway witness`, or anybody's."""

    url: Annotated[str, AfterValidator(_prefix)]
    """Submission prefix; checkpoints go to `<url>/add-checkpoint`. https, unless the witness is on this machine."""
    keys: Annotated[tuple[Annotated[str, AfterValidator(_key)], ...], Field(min_length=1)]
    """Its verifier keys, `name+id+key`; a cosignature by any of them counts."""
    http: VendorHttp = VendorHttp()
    """How it is reached."""

    @model_validator(mode="after")
    def _refuse_exposure(self) -> Self:
        if not is_private_channel(self.url):
            raise InsecureError("a witness's url is plain http beyond loopback, where it can be held back; use https")
        return self

    @property
    def verifier_keys(self) -> tuple[VerifierKey, ...]:
        """Its keys, parsed."""
        return tuple(map(VerifierKey.parse, self.keys))
