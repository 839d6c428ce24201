"""What can be configured of IonQ: `adapters.ionq` in the settings."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class IonqSettings(BaseModel):
    """How the gateway speaks to IonQ clients."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    simulator_backend: str | None = Field(
        default="sim_heavyhex_127",
        description="Which backend IonQ clients mean by `simulator`. Circuits run as they were submitted, so the "
        "largest emulated device costs no more than a small one. Null means IonQ's own cloud simulator.",
    )
    url: str = Field(
        default="https://api.ionq.co/v0.4",
        pattern=r"^https?://[^\s?#]+$",
        description="Where IonQ's own API is, without a trailing slash.",
    )
    page_limit: int = Field(default=100, ge=1, le=1000, description="Most jobs or sessions in one page of a list.")


class IonqAccount(BaseModel):
    """What an account at IonQ needs beside its key: nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class IonqCredential(BaseModel):
    """The secret of an account at IonQ."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    api_key: SecretStr = Field(min_length=8, description="An API key of IonQ's console.")
