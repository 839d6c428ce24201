"""Query strings: the filters of lists, which calibration is meant, and what an estimate is about.

An unknown filter on a list is refused: ignoring it would show what the client meant to leave out.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from adapters.ionq import ids, names
from adapters.ionq.asked import Estimate, ListChildren, ShowPeriod
from adapters.ionq.settings import IonqSettings
from gateway.domain.clock import parse_rfc3339
from gateway.domain.job import JobStatus
from gateway.domain.malformed import InvalidValueError, MissingFieldError, UnknownParameterError
from gateway.ports.dialect import WireRequest
from gateway.ports.operations import ListCalibrations, ListJobs, ListSessions

STATUSES: Mapping[str, tuple[JobStatus, ...]] = {
    "submitted": (JobStatus.AWAITING, JobStatus.PERMITTED),
    "ready": (JobStatus.QUEUED,),
    "queued": (JobStatus.AWAITING, JobStatus.PERMITTED, JobStatus.QUEUED),
    "started": (JobStatus.RUNNING, JobStatus.UNKNOWN),
    "completed": (JobStatus.COMPLETED,),
    "failed": (JobStatus.FAILED,),
    "canceled": (JobStatus.CANCELLED,),
}
"""`queued` is not in IonQ's list, but its SDK asks for it to cancel a session's waiting jobs."""

MOST_CHARACTERIZATIONS = 10
_NUMBER = re.compile(r"[0-9]{1,9}")
_ONE_QUBIT_SECONDS, _TWO_QUBIT_SECONDS, _READOUT_SECONDS = 130e-6, 970e-6, 150e-6
"""As IonQ publishes for its devices; enough for an estimate that has no circuit to look at."""


class Query:
    """The parameters of one request; for those that may stand once, the last counts."""

    def __init__(self, request: WireRequest) -> None:
        self._last = dict(request.query)

    def only(self, known: Iterable[str]) -> None:
        """Refuse what would change nothing here."""
        if self._last.keys() - set(known):
            raise UnknownParameterError(known=known)

    def text(self, name: str) -> str | None:
        """Give a parameter; an empty one counts as absent."""
        return self._last.get(name) or None

    def needed(self, name: str) -> str:
        """Give a parameter that must be there."""
        if (text := self.text(name)) is None:
            raise MissingFieldError(pointer=f"query parameter {name}")
        return text

    def one_of(self, name: str, allowed: Iterable[str]) -> str | None:
        """Give one of a few words."""
        text = self.text(name)
        if text is not None and text not in set(allowed):
            raise InvalidValueError(place=f"query parameter {name}", allowed=", ".join(allowed))
        return text

    def flag(self, name: str) -> bool | None:
        """Read `true` or `false`; the SDK writes them as Python does."""
        word = (self.text(name) or "").lower()
        if word not in {"", "true", "false"}:
            raise InvalidValueError(place=f"query parameter {name}", allowed="true or false")
        return word == "true" if word else None

    def number(self, name: str, default: int, *, least: int = 0, most: int = 10**9) -> int:
        """Read a whole number within bounds."""
        text = self.text(name) or str(default)
        if not _NUMBER.fullmatch(text) or not least <= int(text) <= most:
            raise InvalidValueError(place=f"query parameter {name}", allowed=f"a whole number from {least} to {most}")
        return int(text)

    def moment(self, name: str) -> datetime | None:
        """Read a date, or a date and time; without a zone it is UTC."""
        text = self.text(name)
        try:
            return None if text is None else parse_rfc3339(text)
        except (ValueError, OverflowError):
            raise InvalidValueError(place=f"query parameter {name}", allowed="an ISO 8601 date") from None


def list_jobs(
    request: WireRequest, settings: IonqSettings, *, session_id: str | None = None
) -> ListJobs | ListChildren:
    """Read the filters of a job list; `next` is where the last page ended."""
    query = Query(request)
    query.only({"parent_job_id", "status", "target", "session_id", "limit", "next"})
    if parent := query.text("parent_job_id"):
        return ListChildren(client_job_id=ids.split(parent)[0], parameters=True)
    status = query.one_of("status", STATUSES)
    return ListJobs(
        limit=min(query.number("limit", settings.page_limit, least=1), settings.page_limit),
        offset=query.number("next", 0),
        backend=_target(query, settings),
        session_id=session_id or query.text("session_id"),
        parameters=True,
        statuses=() if status is None else tuple(each.value for each in STATUSES[status]),
    )


def list_sessions(request: WireRequest, settings: IonqSettings) -> ListSessions:
    """Read the filter of a session list."""
    query = Query(request)
    query.only({"active"})
    return ListSessions(backend=None, active=query.flag("active"), limit=settings.page_limit, offset=0)


def list_calibrations(request: WireRequest, backend: str) -> ListCalibrations:
    """Read which page of a backend's characterizations is asked for."""
    query = Query(request)
    query.only({"start", "end", "limit", "page"})
    limit = query.number("limit", MOST_CHARACTERIZATIONS, least=1, most=MOST_CHARACTERIZATIONS)
    return ListCalibrations(
        backend=backend,
        after=query.moment("start"),
        before=query.moment("end"),
        limit=limit,
        offset=(query.number("page", 1, least=1) - 1) * limit,
    )


def estimate(request: WireRequest, settings: IonqSettings) -> Estimate:
    """Read what is to be priced: a size, no circuit."""
    query = Query(request)
    backend, shots = query.needed("backend"), query.number("shots", 1000)
    one, two = query.number("1q_gates", 0), query.number("2q_gates", 0)
    return Estimate(
        backend=names.ours(backend, simulator=settings.simulator_backend),
        circuits=1,
        shots=shots,
        one_qubit_gates=one,
        two_qubit_gates=two,
        mitigated=query.flag("error_mitigation") or False,
        seconds=shots * (one * _ONE_QUBIT_SECONDS + two * _TWO_QUBIT_SECONDS + _READOUT_SECONDS),
        inputs={
            "backend": backend,
            "type": query.text("type") or "ionq.circuit.v1",
            "qubits": query.number("qubits", 25),
            "shots": shots,
            "1q_gates": one,
            "2q_gates": two,
            "error_mitigation": query.flag("error_mitigation") or False,
            "session": query.flag("session") or False,
        },
    )


def usage(request: WireRequest, organization: str) -> ShowPeriod:
    """Read which report of usage is asked for; whether its dates can be answered shows with the answer."""
    query = Query(request)
    query.only({"start_date", "end_date", "group_by", "modality"})
    return ShowPeriod(
        organization=organization,
        start=query.needed("start_date"),
        end=query.needed("end_date"),
        group_by=query.one_of("group_by", ("project",)) or "project",
        modality=query.one_of("modality", ("monthly",)) or "monthly",
    )


def _target(query: Query, settings: IonqSettings) -> str | None:
    target = query.text("target")
    if target and "," in target:
        raise InvalidValueError(place="query parameter target", allowed="one backend at a time")
    return target and names.ours(target, simulator=settings.simulator_backend)
