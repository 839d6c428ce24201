"""A job of the fake, the words IBM describes it with, and which jobs a list shows."""

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from multidict import MultiMapping

from tests.fakes.vendors.ibm.refusals import bad_request

RAN_TOO_LONG: Final = 1305
PAGE: Final = 200
_DATES = ("created", "running", "finished")
_FILTERS = {
    *("limit", "offset", "sort", "exclude_params"),
    *("pending", "program", "backend", "created_after", "created_before", "tags", "session_id"),
}


@dataclass(kw_only=True)
class Job:
    """One job, whatever becomes of it; a deleted one is kept for the books and shown to nobody."""

    id: str
    crn: str
    user: str
    program: str
    backend: str
    params: dict[str, Any]
    body_sha256: str
    created: datetime
    calibration_id: str
    estimated_seconds: float
    caller: str | None = None
    tags: list[str] = field(default_factory=list)
    cost: int = 0
    session_id: str | None = None
    runtime: str | None = None
    private: bool = False
    status: str = "Queued"
    reason: str | None = None
    reason_code: int | None = None
    running: datetime | None = None
    finished: datetime | None = None
    charged_seconds: float = 0.0
    result: str | None = None
    read_once: bool = False
    """Private, and its results were fetched: there is nothing left of them."""
    deleted: bool = False
    cancels: int = 0
    """How often it was asked to stop."""

    @property
    def ended(self) -> bool:
        """Tell whether nothing will happen to it any more."""
        return self.status in {"Completed", "Cancelled", "Failed"}

    def end(self, status: str, at: datetime, *, reason: str | None = None, code: int | None = None) -> None:
        """Bring it to its last status."""
        self.status, self.finished, self.reason, self.reason_code = status, at, reason, code

    def kept(self) -> dict[str, Any]:
        """Write everything but the large parts, which do not change and are kept once."""
        values = {name: value for name, value in asdict(self).items() if name not in {"params", "result"}}
        return values | {name: instant(getattr(self, name)) for name in _DATES}

    @classmethod
    def of(cls, kept: dict[str, Any], params: dict[str, Any], result: str | None) -> "Job":
        """Read what `kept` wrote."""
        dates = {name: datetime.fromisoformat(kept[name]) if kept[name] else None for name in _DATES}
        return cls(**{**kept, **dates, "params": params, "result": result})


def show(job: Job, *, params: bool) -> dict[str, Any]:
    """Write a job as `GET /jobs/{id}` does; absent values are left out."""
    state = {"status": job.status, "reason": job.reason, "reason_code": job.reason_code}
    too_long = job.reason_code == RAN_TOO_LONG
    shown = {
        "id": job.id,
        "backend": job.backend,
        "state": _present(state),
        "status": "Cancelled - Ran too long" if too_long else job.status,
        "program": {"id": job.program},
        "created": instant(job.created),
        "runtime": job.runtime,
        "cost": job.cost,
        "tags": job.tags,
        "session_id": job.session_id,
        "user_id": job.user,
        "usage": _usage(job),
        "private": job.private or None,
        "estimated_running_time_seconds": job.estimated_seconds,
        "calibration_id": job.calibration_id,
        "params": job.params if params and not job.private else None,
    }
    return _present(shown)


def metrics(job: Job, waiting: int) -> dict[str, Any]:
    """Write `GET /jobs/{id}/metrics`; until it has ended its usage is pending."""
    times = {name: instant(getattr(job, name)) for name in _DATES}
    usage = _usage(job)
    return _present(
        {
            "timestamps": _present(times),
            "usage": {**usage, "quantum_seconds": job.charged_seconds, "seconds": job.charged_seconds},
            "bss": {"seconds": job.charged_seconds},
            "circuits_execution_time_ns": job.charged_seconds * 1e9,
            "qiskit_version": "2.6.2",
            "caller": job.caller,
            "position_in_queue": waiting if job.status == "Queued" else None,
        }
    )


class Wanted:
    """The filters of a job list; an unknown one is refused, and a page beyond the limits is the default page."""

    def __init__(self, query: MultiMapping[str]) -> None:
        unknown = set(query) - _FILTERS
        if unknown:
            raise bad_request(f"unknown query parameter: {min(unknown)}")
        self.limit = _number(query.get("limit"), PAGE, least=1, most=PAGE)
        self.offset = _number(query.get("offset"), 0, least=0, most=2**31 - 1)
        self.params = flag(query.get("exclude_params"), default=True) is False
        self.newest_first = _choice(query.get("sort"), "DESC", ("ASC", "DESC")) == "DESC"
        self._pending = flag(query.get("pending"), default=None)
        self._after = moment(query.get("created_after"))
        self._before = moment(query.get("created_before"))
        self._tags = set(query.getall("tags", []))
        self._same = {name: query.get(name) for name in ("program", "backend", "session_id") if query.get(name)}

    def __contains__(self, job: object) -> bool:
        """Tell whether a job is to be listed."""
        return (
            isinstance(job, Job)
            and all(getattr(job, name) == value for name, value in self._same.items())
            and self._tags <= set(job.tags)
            and self._pending in {None, not job.ended}
            and (self._after is None or job.created >= self._after)
            and (self._before is None or job.created <= self._before)
        )


def instant(date: datetime | None) -> str | None:
    """Write a moment as IBM does."""
    return None if date is None else date.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def moment(text: str | None) -> datetime | None:
    """Read a moment of a query; without a zone it is UTC."""
    if text is None:
        return None
    try:
        date = datetime.fromisoformat(text)
    except ValueError as error:
        raise bad_request("a date must be ISO 8601") from error
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def flag(text: str | None, *, default: bool | None) -> bool | None:
    """Read a truth value of a query."""
    if text is None:
        return default
    return _choice(text.lower(), "", ("true", "false")) == "true"


def _usage(job: Job) -> dict[str, Any]:
    status = "complete" if job.ended else "pending"
    return {"status": status, "qpu_charge_time_seconds": job.charged_seconds}


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _number(text: str | None, default: int, *, least: int, most: int) -> int:
    if text is None:
        return default
    try:
        number = int(text)
    except ValueError as error:
        raise bad_request("limit and offset must be whole numbers") from error
    return number if least <= number <= most else default


def _choice(text: str | None, default: str, allowed: tuple[str, ...]) -> str:
    if text is None:
        return default
    if text not in allowed:
        raise bad_request(f"a query parameter must be one of {', '.join(allowed)}")
    return text
