"""Where a job runs: a vendor's API, or a simulator. An upstream never sees a client's wire format."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from gateway.domain.backend import Backend, BackendStatus, Calibration, ExecutionKind, Feasibility
from gateway.domain.circuit import ProgramFacts
from gateway.domain.clock import Clock
from gateway.domain.permit import Permit
from gateway.domain.result import ProgramResult
from gateway.domain.secret import Secret
from gateway.ports.vendor import Account, Prepared, Resend, VendorAnswer, VendorJob, VendorRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to run under a permit: the received bytes and which reader understands them."""

    reader: str
    body: bytes = field(repr=False)
    program: str
    facts: ProgramFacts
    principal_id: str
    """For fairness between principals; an upstream may not send it anywhere."""
    max_seconds: int | None
    calibration: Calibration | None
    prepared: Prepared | None = field(default=None, repr=False)
    """What `prepare` made of the body before the permit; simulators take the body as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt as an upstream must know it to look for it, or to follow it after a restart."""

    job_id: str
    attempt: int
    project_id: str
    backend: str
    account_id: str | None
    permitted_at: datetime
    body: bytes = field(repr=False)
    """What was sent or would have been."""
    sent_at: datetime | None = None
    """When its first byte may have left, last: after a crash long after its permit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Something happened to a forwarded job."""

    job_id: str
    attempt: int
    status: str
    """A `JobStatus` value: `queued`, `running`, `completed`, `failed`, `cancelled`."""
    at: datetime
    reason: str = ""
    reason_code: int | None = None
    result: ProgramResult | None = field(default=None, repr=False)
    """In our words; a vendor's result that cannot be read comes as documents only."""
    documents: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """The vendor's own, byte for byte; empty for a simulator."""
    envelope: bytes = field(default=b"", repr=False)
    """The vendor's description of the job as it is now."""
    vendor: VendorJob | None = field(default=None, repr=False)
    """Timestamps, usage and calibration as the vendor tells them."""
    calibration: str | None = None
    """Digest of the snapshot that was valid when it ran."""


ProgressSink: TypeAlias = Callable[[Progress], Awaitable[None]]


class Outside(Protocol):
    """What an upstream outside this machine may use besides: accounts, the wire, and somebody to tell."""

    def account(self, vendor: str, project_id: str | None) -> Account | None:
        """Give a project's own account, else the one for everybody; `None` when there is neither."""
        ...

    def account_by_id(self, account_id: str) -> Account | None:
        """Give an account, also one that was replaced: jobs are followed where they were sent."""
        ...

    def accounts(self, vendor: str) -> Sequence[Account]:
        """List a vendor's live accounts."""
        ...

    async def credential(self, account: Account, purpose: str) -> Mapping[str, Secret]:
        """Open an account's credential for one purpose; counted, and recorded once a minute per purpose."""
        ...

    async def send(self, vendor: str, request: VendorRequest) -> VendorAnswer:
        """Send one request over the vendor's own bounded HTTP session."""
        ...

    async def tell(self, event: str, body: Mapping[str, Any], *, calibration: Calibration | None = None) -> None:
        """Record an event of the registry in `audit.entry`; while the ledger takes none it is logged and dropped."""
        ...

    async def kept(self, backend: str, limit: int) -> Sequence[Calibration]:
        """Read a backend's newest stored snapshots; none where the database does not answer."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamContext:
    """All an upstream may use of the house."""

    clock: Clock
    progress: ProgressSink
    state_dir: Path
    readers: Mapping[str, str]
    """Reader name to `module:attribute`, for worker processes to load."""
    outside: Outside | None = None
    """The way out to vendors; simulators have none."""
    may_send: Callable[[], None] = lambda: None
    """Asked right before the bytes of a submission leave; raises where another process may have taken the job over."""
    leads: Callable[[], bool] = lambda: True
    """Says whether what must be done once in the deployment is done by this process."""


class Upstream(Protocol):
    """One place where jobs run."""

    name: str
    kind: ExecutionKind
    dialect: str | None
    """Whose bodies it takes untouched; `None` reads every reader's, as a simulator does."""
    bounds_time: bool
    """Whether it stops a job that has run for `Order.max_seconds`."""

    async def start(self) -> None:
        """Bring up what it needs; called once before anything else."""
        ...

    async def close(self) -> None:
        """Stop everything it started."""
        ...

    def backends(self) -> Sequence[Backend]:
        """List what it offers now, from memory."""
        ...

    def status(self, backend: str) -> BackendStatus:
        """Say whether a backend takes work, from memory."""
        ...

    def calibration(self, backend: str, *, before: datetime | None = None) -> Calibration | None:
        """Give the newest snapshot (at or before a moment), from memory."""
        ...

    def feasible(self, facts: ProgramFacts, backend: Backend, options: Mapping[str, Any]) -> Feasibility:
        """Say whether a program could run here; hardware says yes to what fits."""
        ...

    def options_not_applied(self, program: str, options: Mapping[str, Any]) -> tuple[str, ...]:
        """List submitted options (dotted paths) that would change nothing here.

        Raises:
            RefusedError: an option this upstream must not ignore (`option-refused`).
        """
        ...

    def prepare(self, job_id: str, attempt: int, project_id: str, backend: str, order: Order) -> Prepared | None:
        """Make what will be sent, before the permit; `None` when it is the body itself. The mark is `domain.marks`'s.

        Raises:
            UnavailableError: it could not go now: no account, or the breaker is open.
        """
        ...

    async def submit(self, permit: Permit, order: Order) -> str:
        """Start one attempt; gives the upstream's own job id. Returns before the job ran, and then follows it.

        Raises:
            AnswerLostError: nobody knows whether it started; look for it before anything else.
            RefusedError, UnavailableError: certainly not started.
        """
        ...

    async def find(self, attempt: Attempt) -> str | None:
        """Look for an attempt whose answer was lost; gives the upstream's own job id.

        Raises:
            UnavailableError: it could not be asked.
        """
        ...

    def resend(self, attempt: Attempt, *, searched: int, now: datetime) -> Resend | None:
        """Say by what proof an attempt that was not found may be sent again, after so many empty searches.

        `IDEMPOTENT` sends the same attempt once more, `AFTER_SEARCH` opens the next; `None` is: not now.
        """
        ...

    def take_over(self, job_id: str, attempt: int) -> None:
        """Note that another process may have been sending an attempt until now."""
        ...

    def absent(self, attempt: Attempt, *, searched: int, now: datetime) -> bool:
        """Say whether an attempt that was not found is proven not to have arrived, whether or not it may go again."""
        ...

    async def follow(self, attempt: Attempt, vendor_job_id: str) -> None:
        """Take up following a job that was forwarded before."""
        ...

    async def cancel(self, job_id: str) -> bool:
        """Stop a job; false when it had already ended."""
        ...

    def queue_position(self, job_id: str) -> int | None:
        """Give the place in the queue, 1 is next; `None` when it does not wait."""
        ...

    def envelope(self, job_id: str) -> bytes | None:
        """Give the vendor's newest description of a job that has not ended, from memory."""
        ...
