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


ProgressSink: TypeAlias = Callable[[Progress], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamContext:
    """All an upstream may use of the house."""

    clock: Clock
    progress: ProgressSink
    state_dir: Path
    readers: Mapping[str, str]
    """Reader name to `module:attribute`, for worker processes to load."""


class Upstream(Protocol):
    """One place where jobs run."""

    name: str
    kind: ExecutionKind

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

    async def submit(self, permit: Permit, order: Order) -> str:
        """Start one attempt; gives the upstream's own job id. Returns before the job ran.

        Raises:
            UnavailableError: certainly not started.
        """
        ...

    async def cancel(self, job_id: str) -> bool:
        """Stop a job; false when it had already ended."""
        ...

    def queue_position(self, job_id: str) -> int | None:
        """Give the place in the queue, 1 is next; `None` when it does not wait."""
        ...
