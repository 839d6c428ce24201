"""Sessions and batches in IBM's shape. PATCH lets waiting jobs run; DELETE stops them too."""

from typing import Any

from adapters.ibm.wire import CloseSessionBody, OpenSessionBody
from gateway.domain.clock import rfc3339
from gateway.domain.job import JobStatus
from gateway.ports import bodies
from gateway.ports.answers import SessionView
from gateway.ports.dialect import WireRequest
from gateway.ports.operations import CloseSession, OpenSession

INTERACTIVE_TTL_SECONDS = 60
"""What IBM shows; nothing here ends a session for being idle."""


def open_session(request: WireRequest) -> OpenSession:
    """Read POST /sessions."""
    body = bodies.complete(OpenSessionBody, request.body)
    return OpenSession(
        backend=body.backend,
        mode=body.mode,
        max_ttl_seconds=body.max_ttl,
        repeat_token=request.idempotency_key,
    )


def close_session(request: WireRequest, session_id: str) -> CloseSession:
    """Read PATCH /sessions/{id}, which can only close."""
    bodies.complete(CloseSessionBody, request.body)
    return CloseSession(session_id=session_id, cancel=False)


def session_view(view: SessionView) -> dict[str, Any]:
    """Show a session and how many of its jobs are where."""
    session = view.session
    return {
        "id": session.id,
        "backend_name": session.backend,
        "user_id": session.principal_id,
        "mode": session.mode,
        "state": _state(view),
        "accepting_jobs": session.accepting_jobs,
        "max_ttl": session.max_ttl_seconds,
        "active_ttl": session.max_ttl_seconds,
        "interactive_ttl": INTERACTIVE_TTL_SECONDS,
        "elapsed_time": view.used_seconds,
        "started_at": rfc3339(session.created_at),
        "closed_at": None if session.closed_at is None else rfc3339(session.closed_at),
        "jobs": dict(view.jobs),
        "timestamps": [{"status": "open", "timestamp": rfc3339(session.created_at)}],
    }


def _state(view: SessionView) -> str:
    """Choose among the words that `Session.status()` of the SDK understands."""
    unfinished = any(count and not JobStatus(status).final for status, count in view.jobs.items())
    if unfinished:
        return "active"
    if not view.session.accepting_jobs:
        return "closed"
    return "inactive" if any(view.jobs.values()) else "open"
