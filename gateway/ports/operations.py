"""What a client may ask for: a closed set of operations, the same for every vendor.

A dialect makes them from requests; `enforcement` carries them out. Ids are the clients' own. A dialect may
subclass an operation to remember what it needs for writing the answer; `enforcement` sees only the class here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from gateway.domain.secret import Secret
from gateway.domain.submission import Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeKey:
    """Trade a gateway key for a short-lived access token."""

    key: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class ListInstances:
    """List the accounts or instances this caller may use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowIdentity:
    """Show who the caller is here: principal and virtual account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowPlan:
    """Show the plan of an instance."""

    plan_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListBackends:
    """List backends with their status."""

    detailed: bool = True
    """Whether the client understands more than their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowConfiguration:
    """Show what a backend is."""

    backend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowCalibration:
    """Show how good a backend is, or was at a moment."""

    backend: str
    before: datetime | None
    calibration_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCalibrations:
    """List a backend's snapshots, newest first."""

    backend: str
    after: datetime | None
    before: datetime | None
    limit: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowStatus:
    """Show whether a backend takes work."""

    backend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowUsage:
    """Show what the caller's project has used and may use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateCost:
    """Price a job by its size, without submitting it."""

    backend: str
    circuits: int
    shots: int
    """Of each circuit."""
    seconds: float
    """Estimated execution time; 0 when the client did not say enough."""
    one_qubit_gates: int = 0
    """Of each circuit."""
    two_qubit_gates: int = 0
    mitigated: bool | None = None
    """Whether with the vendor's error mitigation; `None` leaves it to the vendor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPrices:
    """List what backends charge for; the one list that a vendor's client may ask for without a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowLimits:
    """Show the limits that count the caller's jobs, with what is left of them."""

    backend: str | None
    """Only those that count jobs there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowCost:
    """Show what a job was quoted and what it has cost."""

    client_job_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """Run a program."""

    submission: Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowJob:
    """Show one job; with `parameters`, also what was submitted."""

    client_job_id: str
    parameters: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListJobs:
    """List the caller's jobs, newest first unless `ascending`."""

    limit: int
    offset: int = 0
    backend: str | None = None
    pending: bool | None = None
    program: str | None = None
    tags: tuple[str, ...] = ()
    """All of these."""
    session_id: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    ascending: bool = False
    parameters: bool = False
    statuses: tuple[str, ...] = ()
    """`JobStatus` values, any of these; empty is all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowResults:
    """Fetch one document of a finished job's results."""

    client_job_id: str
    document: str = "result"
    """Which one, where a vendor has several; `result` is there for every completed job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowMetrics:
    """Show a job's timestamps and usage."""

    client_job_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowLogs:
    """Show what a job logged."""

    client_job_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelJob:
    """Stop a job that has not finished."""

    client_job_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelJobs:
    """Stop several jobs; those that ended already stay as they are."""

    client_job_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteJobs:
    """Delete several finished jobs, all or none."""

    client_job_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteJob:
    """Hide a finished job and erase its payload and results; the ledger keeps its entries."""

    client_job_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TagJob:
    """Change a job's tags."""

    client_job_id: str
    tags: tuple[str, ...]
    keep: bool = False
    """Whether tags it has already stay, unless `dropped` begins one of them."""
    dropped: tuple[str, ...] = ()
    """Beginnings of tags to take away, such as `owner=`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """Open a session or batch on a backend."""

    backend: str
    mode: str
    max_ttl_seconds: int | None
    echo: Mapping[str, Any] = field(default_factory=dict)
    """What the dialect shows again when it is asked for the session."""
    repeat_token: str | None = None
    """`Idempotency-Key`: the client's own word for which openings are one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSessions:
    """List the project's sessions, newest first."""

    backend: str | None
    active: bool | None
    limit: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowSession:
    """Show one session."""

    session_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseSession:
    """Stop taking jobs into a session; with `cancel`, stop its waiting jobs too."""

    session_id: str
    cancel: bool


Operation: TypeAlias = (
    ExchangeKey
    | ListInstances
    | ShowIdentity
    | ShowPlan
    | ListBackends
    | ShowConfiguration
    | ShowCalibration
    | ListCalibrations
    | ShowStatus
    | ShowUsage
    | EstimateCost
    | ListPrices
    | ShowLimits
    | ShowCost
    | Submit
    | ShowJob
    | ListJobs
    | ShowResults
    | ShowMetrics
    | ShowLogs
    | CancelJob
    | CancelJobs
    | DeleteJob
    | DeleteJobs
    | TagJob
    | OpenSession
    | ListSessions
    | ShowSession
    | CloseSession
)
