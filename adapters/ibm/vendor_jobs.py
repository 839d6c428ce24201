"""IBM's jobs in our words. IBM tells times and charged seconds beside the job, in its metrics; money nowhere."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from adapters.ibm.documents import parsed
from adapters.ibm.vendor_edits import MARK
from gateway.domain.clock import parse_rfc3339
from gateway.ports.vendor import VendorJob, plain_words

_STATUS: Final = {
    "queued": "queued",
    "running": "running",
    "completed": "completed",
    "failed": "failed",
    "cancelled": "cancelled",
}
_READABLE_FOR: Final = timedelta(minutes=10)
"""How long after its end a private job that answers nothing may still be getting its results."""


def job(told: Mapping[str, Any], *, envelope: bytes = b"") -> VendorJob:
    """Read a job object, from a list or by itself."""
    state = told.get("state") or {}
    code, calibration = state.get("reason_code"), told.get("calibration_id")
    return VendorJob(
        id=str(told["id"]),
        status=_status(state.get("status") or told.get("status")),
        mark=next((tag for tag in told.get("tags") or () if MARK.fullmatch(str(tag))), None),
        backend=str(told.get("backend") or ""),
        submitted_at=moment(told.get("created")),
        reason=plain_words(str(state["reason"])) if state.get("reason") else "",
        reason_code=code if isinstance(code, int) else None,
        billed_seconds=charged(told),
        calibration_id=calibration if isinstance(calibration, str) else None,
        envelope=envelope,
    )


def measured(known: VendorJob, metrics: Mapping[str, Any]) -> VendorJob:
    """Add what a job's metrics say: when it ran, and what is charged for it."""
    times = metrics.get("timestamps") or {}
    seconds = charged(metrics)
    return replace(
        known,
        started_at=moment(times.get("running")),
        finished_at=moment(times.get("finished")),
        billed_seconds=known.billed_seconds if seconds is None else seconds,
    )


def charged(told: Mapping[str, Any]) -> float | None:
    """Give the charged seconds of a job or its metrics; `None` while IBM still counts."""
    usage = told.get("usage") or {}
    seconds = usage.get("qpu_charge_time_seconds", usage.get("seconds"))
    if usage.get("status") == "pending" or isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    return float(seconds)


def is_read(known: VendorJob, now: datetime) -> bool:
    """Say whether a completed job that answers no results never will: private results are given out once."""
    ended = known.finished_at or known.submitted_at
    return bool(parsed(known.envelope).get("private")) and ended is not None and now - ended > _READABLE_FOR


def moment(text: Any) -> datetime | None:
    """Read a date and time, where there is one."""
    try:
        return parse_rfc3339(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _status(word: Any) -> str:
    """Read `Cancelled - Ran too long` as cancelled; a word not known here ends nothing, as in IBM's own SDK."""
    return _STATUS.get(str(word).partition(" ")[0].lower(), "running")
