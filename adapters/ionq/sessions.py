"""Sessions in IonQ's shape. Ending one lets waiting jobs run."""

from typing import Any

from adapters.ionq import names
from adapters.ionq.settings import IonqSettings
from adapters.ionq.wire import SessionBody
from gateway.domain.clock import rfc3339
from gateway.ports import bodies
from gateway.ports.answers import SessionList, SessionView
from gateway.ports.dialect import WireRequest
from gateway.ports.operations import OpenSession

_MINUTE = 60


def open_session(request: WireRequest, settings: IonqSettings) -> OpenSession:
    """Read POST /sessions. Limits on cost and on the number of jobs are not kept here, and so refused."""
    body = bodies.complete(SessionBody, request.body)
    minutes = body.settings.duration_limit_min if body.settings else None
    return OpenSession(
        backend=names.ours(body.backend, simulator=settings.simulator_backend),
        mode="dedicated",
        max_ttl_seconds=minutes and minutes * _MINUTE,
        echo={"settings": {} if minutes is None else {"duration_limit_min": minutes}},
        repeat_token=request.idempotency_key,
    )


def view(shown: SessionView) -> dict[str, Any]:
    """Show a session; `state` and `usage_time` are what the SDK reads of it."""
    session = shown.session
    status = _status(shown)
    return {
        "id": session.id,
        "created_at": rfc3339(session.created_at),
        "organization_id": session.project_id,
        "backend": names.theirs(session.backend),
        "project_id": session.project_id,
        "creator_id": session.principal_id,
        "started_at": rfc3339(session.created_at) if shown.jobs else None,
        "ended_at": None if session.closed_at is None else rfc3339(session.closed_at),
        "ender_id": None if session.closed_at is None else session.principal_id,
        "settings": session.echo.get("settings", {}),
        "active": session.accepting_jobs,
        "status": status,
        "state": status,
        "usage_time": shown.used_seconds,
    }


def view_list(page: SessionList) -> dict[str, Any]:
    """Show a page of sessions."""
    owner = page.sessions[0].session.project_id if page.sessions else ""
    return {"organization_id": owner, "sessions": [view(shown) for shown in page.sessions]}


def _status(shown: SessionView) -> str:
    if not shown.session.accepting_jobs:
        return "ended"
    return "started" if any(shown.jobs.values()) else "created"
