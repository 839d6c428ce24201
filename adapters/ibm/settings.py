"""What can be configured of the IBM dialect: `adapters.ibm` in the settings."""

from pydantic import BaseModel, ConfigDict, Field


class IbmSettings(BaseModel):
    """How the gateway speaks to IBM clients."""

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
