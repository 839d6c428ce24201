"""IonQ's jobs in our words."""

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from gateway.domain.clock import parse_rfc3339
from gateway.domain.wire_edit import WireEdit
from gateway.ports.vendor import AnswerLostError, VendorJob, plain_words

_STATUS: Final = {
    "submitted": "queued",
    "ready": "queued",
    "started": "running",
    "completed": "completed",
    "failed": "failed",
    "canceled": "cancelled",
}
_MARK: Final = "qgw_mark"
_MICROS: Final = 1_000_000


def job(told: Mapping[str, Any], *, envelope: bytes = b"") -> VendorJob:
    """Read a job object, from a list or by itself."""
    status = _STATUS.get(str(told.get("status")))
    if status is None:
        raise AnswerLostError("ionq shows a job in a status that the gateway does not know")
    failure, stats = told.get("failure") or {}, told.get("stats") or {}
    billed = stats.get("billed_quantum_compute_time_us")
    words = failure.get("message") or failure.get("error") or failure.get("code") or ""
    return VendorJob(
        id=str(told["id"]),
        status=status,
        mark=(told.get("metadata") or {}).get(_MARK),
        backend=str(told.get("backend", "")),
        submitted_at=_moment(told.get("submitted_at")),
        started_at=_moment(told.get("started_at")),
        finished_at=_moment(told.get("completed_at")),
        reason=plain_words(str(words)) if words else "",
        billed_seconds=billed / _MICROS if isinstance(billed, int | float) else _duration(told),
        envelope=envelope,
    )


def priced(told: VendorJob, cost: Mapping[str, Any]) -> VendorJob:
    """Add what a job cost, where IonQ says so in dollars."""
    amount = cost.get("cost") or {}
    value, unit = amount.get("value"), str(amount.get("unit", "")).lower()
    if unit != "usd" or isinstance(value, bool) or not isinstance(value, int | float):
        return told
    micros = Decimal(str(value)) * _MICROS
    if not micros.is_finite() or micros < 0:
        return told
    return replace(told, cost_micros=math.ceil(micros))


def without_session(session_id: Any) -> WireEdit:
    """Declare that a session was left out: it is the gateway's own, and IonQ knows none of that id."""
    digest = sha256(json.dumps(session_id).encode()).hexdigest()
    return WireEdit(pointer="/session_id", old_digest=digest, new="null", why="session")


def _duration(told: Mapping[str, Any]) -> float | None:
    milliseconds = told.get("execution_duration_ms")
    return milliseconds / 1000 if isinstance(milliseconds, int | float) else None


def _moment(text: Any) -> datetime | None:
    return parse_rfc3339(text) if isinstance(text, str) else None
