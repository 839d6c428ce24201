"""What can be configured of IBM: `adapters.ibm` in the settings, and what an account at IBM needs."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field, SecretStr

CRN: Final = r"^crn:v1:[a-z0-9-]{1,32}:public:quantum-computing:[a-z0-9-]{1,32}:a/[0-9a-f]{1,64}:[0-9a-f-]{1,64}::$"
_ADDRESS: Final = r"^https?://[^\s?#]+$"


class IbmSettings(BaseModel):
    """How the gateway speaks to IBM clients, and where IBM is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    docs_url: str = Field(
        default="docs/reference/errors.md",
        description="Where refusals send people: the error's code is appended as a fragment (`more_info`).",
    )
    plan_name: str = Field(
        default="Gateway",
        description="Name of the plan that the SDK shows beside the virtual instance.",
    )
    page_limit: int = Field(
        default=200,
        ge=1,
        le=1000,
        description="Most jobs in one page of a list; the SDK asks for further pages by itself.",
    )
    iam_url: str = Field(
        default="https://iam.cloud.ibm.com",
        pattern=_ADDRESS,
        description="Where IBM's IAM trades an account's API key for tokens, without a trailing slash.",
    )
    api_url: str = Field(
        default="https://{region}quantum.cloud.ibm.com/api/v1",
        pattern=_ADDRESS,
        description="Where IBM's runtime API is, without a trailing slash. `{region}` becomes the region in an "
        "account's CRN and a dot, and nothing for `us-east`.",
    )


class IbmAccount(BaseModel):
    """What an account at IBM needs beside its key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    crn: str = Field(pattern=CRN, description="The Cloud Resource Name of the instance that pays.")
    plan: str = Field(
        default="pay-as-you-go",
        pattern=r"^[a-z][a-z-]{0,39}$",
        description="The instance's plan at IBM, by which prices are found: `pay-as-you-go`, `flex`, `premium` or "
        "`open`.",
    )


class IbmCredential(BaseModel):
    """The secret of an account at IBM."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    api_key: SecretStr = Field(min_length=8, description="An API key of IBM Cloud's IAM with access to the instance.")
