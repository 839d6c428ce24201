"""What is answered to each operation, in our words; a dialect writes it in the vendor's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from gateway.domain.backend import Backend, BackendStatus, Calibration
from gateway.domain.budget import Standing
from gateway.domain.job import JobRecord, Session
from gateway.domain.money import Quote, Tariff
from gateway.domain.secret import Secret


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
class IdentityView:
    """To `ShowIdentity`."""

    instance: Instance
    principal_id: str
    principal_name: str
    project_id: str
    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceList:
    """To `ListInstances` and, with one element, to `ShowPlan`."""

    instances: tuple[Instance, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendView:
    """To `ShowConfiguration` and `ShowStatus`; many of them to `ListBackends`."""

    backend: Backend
    status: BackendStatus
    calibration: Calibration | None = None
    """Its newest snapshot, for vendors that describe a backend by it."""
    tariff: Tariff | None = None
    """What it charges for, where that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendList:
    """To `ListBackends` and `ListPrices`, in the order they should be tried."""

    backends: tuple[BackendView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationView:
    """To `ShowCalibration`."""

    backend: Backend
    calibration: Calibration | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationList:
    """To `ListCalibrations`, newest first."""

    backend: Backend
    calibrations: tuple[Calibration, ...]
    count: int
    """How many match in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostEstimate:
    """To `EstimateCost`; `quote` is `None` where no price is known."""

    backend: Backend
    quote: Quote | None
    seconds: float
    queue_length: int
    at: datetime
    tariff: Tariff | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CostView:
    """To `ShowCost`, in micros of `currency`; `None` where nothing was held, or nothing is settled yet."""

    job: JobRecord
    currency: str
    held_micros: int | None
    settled_micros: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """One limit put as time on a quantum computer, whatever it counts: what is left is what may still be run."""

    limit: str
    """Its name."""
    allowed_milliseconds: int
    taken_milliseconds: int
    """Held and settled; may be more than is allowed, where a vendor billed more than was held."""
    begins_at: datetime | None
    resets_at: datetime | None
    """`None` where nothing resets it by itself."""

    @property
    def left_milliseconds(self) -> int:
        """What may still be taken."""
        return max(0, self.allowed_milliseconds - self.taken_milliseconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageView:
    """To `ShowUsage`."""

    instance: Instance
    used_seconds: float
    period_start: datetime
    period_end: datetime
    allowance: Allowance | None = None
    """The tightest limit, put as time; `None` where nothing limits it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsView:
    """To `ShowLimits`."""

    project_id: str
    standings: tuple[Standing, ...]
    backends: tuple[Backend, ...]
    """Those that the caller may use and jobs of which they count."""


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
    envelope: bytes | None = field(default=None, repr=False)
    """The vendor's own description of the job (its JSON), where it ran at the vendor whose dialect this is."""
    metrics: bytes | None = field(default=None, repr=False)
    """Likewise the vendor's own account of time and usage, to `ShowMetrics`."""


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
    """To `ShowResults`: the document asked for, as the vendor or the dialect made it; `None` while there is none."""

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
class SessionList:
    """To `ListSessions`."""

    sessions: tuple[SessionView, ...]
    count: int
    """How many match in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """To whatever cancels, deletes or tags: it happened; `job` is how it stands now, where there is one."""

    job: JobRecord | None = None


Answer: TypeAlias = (
    TokenGranted
    | IdentityView
    | InstanceList
    | BackendView
    | BackendList
    | CalibrationView
    | CalibrationList
    | CostEstimate
    | CostView
    | UsageView
    | LimitsView
    | Accepted
    | JobView
    | JobList
    | ResultBody
    | LogLines
    | SessionView
    | SessionList
    | Done
)
