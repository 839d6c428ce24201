"""Where the ledger is taken away to, and how often."""

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from gateway.domain.errors import InsecureError
from gateway.settings.addresses import is_private_channel
from gateway.settings.section import Place, Section
from gateway.vendors.settings import VendorHttp


def _endpoint(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("an address without a path, such as https://s3.eu-central-1.amazonaws.com")
    return url.rstrip("/")


class Bucket(Section):
    """A bucket with object lock, at Amazon S3 or what speaks like it; addressed by path."""

    endpoint: Annotated[str, AfterValidator(_endpoint)]
    """Address of the service; https, unless it is on this machine."""
    region: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")] = "us-east-1"
    """What requests are signed for."""
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    """The bucket; it must have been made with object lock."""
    prefix: Annotated[str, Field(pattern=r"^(?:[A-Za-z0-9._=-]{1,64}/){0,8}$")] = ""
    """Goes before the names of objects; ends with a slash."""
    access_key_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,128}$")]
    """Whose requests they are: may put and get objects and their retention, and nothing else."""
    secret_file: Place
    """File with the secret access key; readable by its owner alone."""
    retain_days: Annotated[int, Field(ge=1, le=36_500)]
    """How long nobody can change or delete an object."""
    mode: Literal["COMPLIANCE", "GOVERNANCE"] = "COMPLIANCE"
    """`COMPLIANCE` binds the account's owner, too."""
    http: VendorHttp = VendorHttp()
    """How it is reached."""

    @model_validator(mode="after")
    def _refuse_exposure(self) -> Self:
        if not is_private_channel(self.endpoint):
            raise InsecureError("an export's endpoint is plain http beyond loopback; use https")
        return self


class Export(Section):
    """One scheduled export: what was signed since the last time, piece by piece, under names that never change."""

    format: Literal["ledger", "jsonl", "csv", "cloudevents", "ocsf"] = "ledger"
    """`ledger` can be verified by anybody; the others are for programs that watch and count."""
    directory: Place | None = None
    """A directory that exists; its files are written once and read-only."""
    bucket: Bucket | None = None
    """Or a bucket."""
    every_seconds: Annotated[float, Field(ge=1, le=86_400)] = 3600.0
    """How long entries wait at most; a piece that is full goes at once."""
    entries: Annotated[int, Field(ge=100, le=20_000)] = 5000
    """Entries of one piece at most."""

    @model_validator(mode="after")
    def _refuse_two_places(self) -> Self:
        if (self.directory is None) == (self.bucket is None):
            raise ValueError("an export goes to a directory or to a bucket: name one of them")
        return self
