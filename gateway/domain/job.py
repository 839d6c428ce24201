"""A job's life after its permit: status, who may see it, and what its dialect must repeat."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from gateway.domain.backend import ExecutionKind
from gateway.domain.changes import Obliged
from gateway.domain.ids import ClientJobId, JobId, KeyId, PrincipalId, ProjectId


class JobStatus(StrEnum):
    """`PERMITTED` is recorded but not known to be forwarded; only the last three are final."""

    AWAITING = "awaiting"
    """Recorded, and not permitted: a second person must approve it first. It has no attempt, and holds no money."""
    PERMITTED = "permitted"
    QUEUED = "queued"
    RUNNING = "running"
    UNKNOWN = "unknown"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether nothing will change any more."""
        return self in {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """One job as polls see it; a frozen value, replaced whole on every change."""

    id: JobId
    client_job_id: ClientJobId
    dialect: str
    project_id: ProjectId
    principal_id: PrincipalId
    key_id: KeyId
    program: str
    asked_backend: str
    backend: str
    upstream: str
    kind: ExecutionKind
    fallback_reason: str
    """Why the job is not where the caller asked; empty when it is."""
    status: JobStatus
    reason: str
    """Why it failed or was cancelled, in words; empty otherwise."""
    reason_code: int | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    tags: tuple[str, ...]
    session_id: str | None
    private: bool
    max_execution_seconds: int | None
    circuits: int
    total_shots: int
    estimated_seconds: float
    usage_seconds: float
    """Execution seconds so far; what was simulated cost nothing but is counted all the same."""
    calibration_digest: str | None
    decision_id: str
    payload_digest: str
    program_digest: str
    """SHA-256 over the canonical circuits, hexadecimal."""
    stages: Mapping[str, str]
    """When each stage was passed, RFC 3339: `received`, `measured`, `decided`, `permitted`, `forwarded`.

    Where a second person was asked also `awaiting` and `approved`.
    """
    echo: Mapping[str, Any] = field(repr=False)
    deleted: bool = False
    repeat_token: str | None = None
    """The client's own word for which submissions are one."""
    work_digest: str = ""
    """SHA-256 of what is to be done; differs from `payload_digest` where the body also holds a token."""
    execution_calibration: str | None = None
    """Digest of the snapshot that was valid when it ran; `calibration_digest` is the one it was judged by."""
    obliged: Obliged = field(default_factory=Obliged)
    """What policy obliged the gateway to do about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Several jobs held together; `dedicated` waits for more, `batch` does not."""

    id: str
    project_id: ProjectId
    principal_id: PrincipalId
    dialect: str
    backend: str
    mode: str
    accepting_jobs: bool
    max_ttl_seconds: int
    created_at: datetime
    closed_at: datetime | None
    echo: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Fields the dialect shows again when it is asked for the session."""
