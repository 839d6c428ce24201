"""How a client speaks. A dialect maps each route of a vendor's API to one of a closed set of operations.

It only translates, and is pure: no I/O, no clock, no policy. `enforcement` carries every operation out,
written once for all vendors.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias

from gateway.domain.backend import Backend, BackendStatus, Calibration
from gateway.domain.errors import GatewayError
from gateway.domain.job import JobRecord, Session
from gateway.domain.result import ProgramResult
from gateway.domain.secret import Secret
from gateway.domain.submission import Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class WireRequest:
    """One HTTP request below a dialect's mount, unjudged."""

    method: str
    path: str
    """Raw (still percent-encoded) path below the mount, beginning with `/`."""
    query: tuple[tuple[str, str], ...]
    """Decoded pairs in order; duplicates are kept."""
    headers: Mapping[str, str]
    """Lower-case names; the door refused duplicates of those that matter."""
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WireAnswer:
    """One HTTP answer in the dialect's words."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


# ── who asks ─────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class ApiKey:
    """The caller showed a gateway key itself."""

    key: Secret


@dataclass(frozen=True, slots=True)
class AccessToken:
    """The caller showed a short-lived token that the gateway signed for a key."""

    token: Secret


Credential: TypeAlias = ApiKey | AccessToken


# ── operations: the closed set ───────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeKey:
    """Trade a gateway key for a short-lived access token."""

    key: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class ListInstances:
    """List the accounts or instances this caller may use."""


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
class ShowStatus:
    """Show whether a backend takes work."""

    backend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowUsage:
    """Show what the caller's project has used and may use."""


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
    offset: int
    backend: str | None
    pending: bool | None
    program: str | None
    tags: tuple[str, ...]
    """All of these."""
    session_id: str | None
    created_after: datetime | None
    created_before: datetime | None
    ascending: bool
    parameters: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowResults:
    """Fetch a finished job's results."""

    client_job_id: str


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
class DeleteJob:
    """Hide a finished job and erase its payload and results; the ledger keeps its entries."""

    client_job_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TagJob:
    """Replace a job's tags."""

    client_job_id: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """Open a session or batch on a backend."""

    backend: str
    mode: str
    max_ttl_seconds: int | None


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
    | ShowPlan
    | ListBackends
    | ShowConfiguration
    | ShowCalibration
    | ShowStatus
    | ShowUsage
    | Submit
    | ShowJob
    | ListJobs
    | ShowResults
    | ShowMetrics
    | ShowLogs
    | CancelJob
    | DeleteJob
    | TagJob
    | OpenSession
    | ShowSession
    | CloseSession
)


# ── answers ──────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True, kw_only=True)
class TokenGranted:
    """To `ExchangeKey`."""

    token: Secret
    issued_at: int
    expires_at: int
    """Unix seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One virtual account: a project of the caller in the vendor's shape."""

    id: str
    """Stable, opaque, 32 hexadecimal digits, derived from the project."""
    name: str
    region: str
    backends: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceList:
    """To `ListInstances` and, with one element, to `ShowPlan`."""

    instances: tuple[Instance, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendView:
    """To `ShowConfiguration` and `ShowStatus`; many of them to `ListBackends`."""

    backend: Backend
    status: BackendStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendList:
    """To `ListBackends`, in the order they should be tried."""

    backends: tuple[BackendView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationView:
    """To `ShowCalibration`."""

    backend: Backend
    calibration: Calibration | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageView:
    """To `ShowUsage`."""

    instance: Instance
    used_seconds: float
    period_start: datetime
    period_end: datetime
    allocation_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """To `Submit`."""

    job: JobRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """To `ShowJob` and `ShowMetrics`; `body` is the submitted body where parameters were asked for."""

    job: JobRecord
    body: bytes | None = field(repr=False)
    queue_position: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobList:
    """To `ListJobs`."""

    jobs: tuple[JobView, ...]
    count: int
    """How many match in all."""
    limit: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultBody:
    """To `ShowResults`: what `encode_results` made, or `None` while there is none."""

    job: JobRecord
    body: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLines:
    """To `ShowLogs`."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """To `OpenSession`, `ShowSession` and `CloseSession`."""

    session: Session
    jobs: Mapping[str, int]
    """How many jobs by status."""
    used_seconds: float = 0.0
    """Execution seconds of its jobs so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """To `CancelJob`, `DeleteJob` and `TagJob`: it happened, there is nothing to show."""


Answer: TypeAlias = (
    TokenGranted
    | InstanceList
    | BackendView
    | BackendList
    | CalibrationView
    | UsageView
    | Accepted
    | JobView
    | JobList
    | ResultBody
    | LogLines
    | SessionView
    | Done
)


class Dialect(Protocol):
    """A vendor's wire language, both ways."""

    name: str
    """Also the name of its reader, such as `ibm`."""
    mounts: tuple[str, ...]
    """Path prefixes it answers under, such as `/ibm`."""

    def credential(self, request: WireRequest) -> Credential | None:
        """Find the caller's credential where the vendor's SDK puts it; `None` when there is none."""
        ...

    def open_to_all(self, request: WireRequest) -> bool:
        """Say whether a request may come without a credential, because it brings a key to be exchanged."""
        ...

    def operation(self, request: WireRequest) -> Operation:
        """Say what a request asks for.

        Raises:
            RefusedError: no such route (`unknown-operation`), or the request is malformed.
        """
        ...

    def answer(self, operation: Operation, answer: Answer) -> WireAnswer:
        """Write an answer as the vendor would.

        Raises:
            RefusedError: the answer has no shape that the vendor's SDK would not misread.
        """
        ...

    def refuse(self, request: WireRequest, error: GatewayError, *, status: int, request_id: str) -> WireAnswer:
        """Write a refusal in the shape whose text the vendor's SDK shows to its user best."""
        ...

    def client_job_id(self, entropy: bytes) -> str:
        """Mint a job id in the vendor's shape from 16 random bytes."""
        ...

    def session_id(self, entropy: bytes) -> str:
        """Mint a session id in the vendor's shape from 16 random bytes."""
        ...

    def encode_results(self, submitted: bytes, result: ProgramResult) -> bytes:
        """Write results as the vendor's body; `submitted` is the received body, for what must be echoed."""
        ...

    def environment(self, *, url: str, instance: Instance, key: str) -> Mapping[str, str]:
        """Give the environment variables that point the unmodified SDK here; `url` has no trailing slash."""
        ...

    def answer_headers(self, job: JobRecord) -> Mapping[str, str]:
        """Give the headers that carry the truth about where a job ran."""
        ...
