"""What can be configured of Amazon Braket: `adapters.braket` in the settings, and an account with its credential."""

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationInfo, field_validator

from adapters.braket import arns
from gateway.domain.errors import NotFoundError

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_REGION = r"[a-z]{2}-[a-z]+-[0-9]"
_URL = r"^https?://[^\s?#]+$"


class BraketSettings(BaseModel):
    """How the gateway speaks to Amazon Braket clients."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    region: str = Field(
        default="us-east-1",
        pattern=r"^[a-z]{2}-[a-z]+-[0-9]$",
        description="The region that `gateway env braket` names; clients may sign for any other.",
    )
    poll_milliseconds: int = Field(
        default=1000,
        ge=100,
        le=60_000,
        description="How often the SDK asks for a task that has not ended; it follows what a device tells it here.",
    )
    page_limit: int = Field(
        default=100,
        ge=1,
        le=100,
        description="Most tasks or objects in one page of a list; the SDK asks for further pages by itself.",
    )
    price_list: bool = Field(
        default=True,
        description="Whether the SDK's cost tracker gets the price list here. It asks without a key, so "
        "whoever reaches the gateway may read what devices cost; without, it asks AWS itself.",
    )
    braket_url: str = Field(
        default="https://braket.{region}.amazonaws.com",
        pattern=_URL,
        description="Where Braket's own API is; `{region}` stands for the region.",
    )
    s3_url: str = Field(
        default="https://s3.{region}.amazonaws.com",
        pattern=_URL,
        description="Where Amazon S3 is, from which results are fetched; buckets stand in the path.",
    )
    endpoint: str | None = Field(
        default=None,
        pattern=_URL,
        description="One address for both in every region, such as that of a fake; it goes before the other two.",
    )

    def url(self, service: str, region: str) -> str:
        """Give the address of `braket` or `s3` in a region, without a slash at its end."""
        template = self.s3_url if service == "s3" else self.braket_url
        return (self.endpoint or template).replace("{region}", region).rstrip("/")


class BraketAccount(BaseModel):
    """What an account at AWS needs beside its key: where its tasks run, and where their results are put."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    regions: Annotated[str, StringConstraints(pattern=rf"^{_REGION}(?:,{_REGION}){{0,31}}$")] = Field(
        description="Regions whose devices are used, separated by commas; simulators run in the first."
    )
    bucket: str = Field(
        description="The bucket of each region: a name in which `{region}` stands for the region, or pairs such as "
        "`us-east-1=one,eu-north-1=other`."
    )
    prefix: str = Field(
        default="qgw",
        pattern=r"^[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*$",
        max_length=512,
        description="Under which key results are put, each task's below a name of its own.",
    )

    @field_validator("bucket")
    @classmethod
    def _one_for_each_region(cls, bucket: str, info: ValidationInfo) -> str:
        named = [_bucket(bucket, region) for region in info.data.get("regions", "").split(",")]
        if any(not _BUCKET.fullmatch(name) for name in named) or len(set(named)) != len(named):
            raise ValueError(
                "each region needs a bucket of its own, of 3 to 63 lower-case letters, digits, dots and dashes"
            )
        return bucket

    @property
    def places(self) -> tuple[str, ...]:
        """The regions, in order."""
        return tuple(self.regions.split(","))

    def region_of(self, backend: str) -> str:
        """Give the region where tasks for a device are created; what has none is used in the first.

        Raises:
            NotFoundError: this account does not use the device's region.
        """
        region = arns.region(backend) or self.places[0]
        if region not in self.places:
            raise NotFoundError(noun="backend", name=backend)
        return region

    def bucket_in(self, region: str) -> str:
        """Give the bucket of one of the regions."""
        return _bucket(self.bucket, region)


class BraketCredential(BaseModel):
    """The secrets of an account at AWS."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    access_key_id: SecretStr = Field(min_length=16, description="Of the user or role that the gateway acts as.")
    secret_access_key: SecretStr = Field(min_length=16, description="What requests are signed with.")
    session_token: SecretStr | None = Field(
        default=None, min_length=16, description="Of temporary credentials only; rotate them before they end."
    )


def _bucket(text: str, region: str) -> str:
    """Give a region's bucket, empty where none is named."""
    if "=" not in text:
        return text.replace("{region}", region)
    return dict(pair.split("=", 1) for pair in text.split(",") if "=" in pair).get(region, "")
