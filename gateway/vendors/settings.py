"""What an operator can choose about one vendor: how it is reached, and how often it is asked."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(gt=0, le=86_400)]


def _proxy(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("http://host:port or https://host:port, if need be with user:password@")
    return url


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True)


class VendorHttp(_Section):
    """How a vendor is reached."""

    connect_seconds: Seconds = 5.0
    """How long a connection may take to each address of a vendor, TLS included."""
    connections: Annotated[int, Field(ge=1, le=1024)] = 64
    """Most connections that are open at once, for questions and for submissions each."""
    ca_file: Path | None = None
    """PEM file of the only certificate authorities that are believed; absent means the system's."""
    proxy: Annotated[str, AfterValidator(_proxy)] | None = Field(default=None, repr=False)
    """Egress proxy to go through; variables such as `HTTPS_PROXY` are not read."""


class VendorPace(_Section):
    """How often a vendor is asked, when it is left alone, and what is proof enough to send again."""

    requests_per_second: Annotated[float, Field(gt=0, le=1000)] = 20.0
    """For polls and refreshes together; submissions and cancels never wait, but count."""
    question_seconds: Seconds = 10.0
    """How long each request of a refresh or a poll may take at most, so that a vendor that hangs is noticed by them."""
    start_seconds: Seconds = 5.0
    """How long the start of the gateway waits for the first list of backends."""
    refresh_seconds: Seconds = 30.0
    """How often backends and their status are asked for; this is also the probe."""
    stale_seconds: Seconds = 120.0
    """After how long without news a backend counts as offline."""
    calibration_seconds: Seconds = 900.0
    """How often each backend's calibration is asked for; twice as long without any is recorded as a gap."""
    calibrations_kept: Annotated[int, Field(ge=1, le=10_000)] = 200
    """Snapshots of each backend that are kept in memory."""
    first_poll_seconds: Seconds = 1.0
    """How soon a job is asked about after it was taken or changed."""
    running_poll_seconds: Seconds = 5.0
    """How slow polls of a running job become."""
    longest_poll_seconds: Seconds = 30.0
    """How slow polls of a waiting job become, and pauses after failures."""
    polls_at_once: Annotated[int, Field(ge=1, le=256)] = 8
    """Jobs that are asked about at the same time."""
    failures_in_a_row: Annotated[int, Field(ge=1, le=10)] = 5
    """Failures after which a vendor, or one of its backends, is left alone for a while."""
    failures_of_twenty: Annotated[int, Field(ge=1, le=10)] = 10
    """Failures among the last twenty calls after which it is left alone, too."""
    shortest_pause_seconds: Seconds = 5.0
    """How long it is left alone first; each failed probe doubles that."""
    longest_pause_seconds: Seconds = 60.0
    """How long it is left alone at most between two probes."""
    resend: Literal["proven", "never"] = "proven"
    """Whether a submission without an answer may be sent again where that is proven safe."""
    searches: Annotated[int, Field(ge=3, le=1000)] = 3
    """Empty searches that proof takes at a vendor without tokens; the last one after its own settling time."""
    settle_seconds: Seconds | None = None
    """How long a job that a vendor took may stay out of its lists; absent is what its adapter knows of it."""
    sweep_seconds: Seconds = 600.0
    """How often a vendor's job list is compared with ours."""
    sweep_hours: Annotated[int, Field(ge=1, le=720)] = 24
    """How far back that comparison goes."""
    cancel_orphans: bool = False
    """Whether a vendor's job that carries our mark, but whose attempt was given up, is cancelled."""


class VendorSettings(_Section):
    """One vendor, as the gateway deals with it; addresses stand in the adapter's own section."""

    http: VendorHttp = VendorHttp()
    """How it is reached."""
    pace: VendorPace = VendorPace()
    """How often it is asked."""
