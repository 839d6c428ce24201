"""Query strings: the filters of a job list, and which calibration is meant.

An unknown filter on a list is refused: ignoring it would show jobs that the client meant to leave out.
"""

import re
from datetime import datetime

from adapters.ibm import labels
from gateway.domain.clock import parse_rfc3339
from gateway.domain.malformed import InvalidValueError, UnknownParameterError
from gateway.ports.dialect import WireRequest
from gateway.ports.operations import ListJobs, ShowCalibration

_FILTERS = frozenset(
    {
        "limit",
        "offset",
        "backend",
        "pending",
        "program",
        "tags",
        "session_id",
        "created_after",
        "created_before",
        "sort",
        "exclude_params",
        "include_mocks",
    }
)
_NUMBER = re.compile(r"[0-9]{1,9}")


class Query:
    """The parameters of one request; for those that may stand once, the last counts as IBM's service does."""

    def __init__(self, request: WireRequest) -> None:
        self._pairs = request.query
        self._last = dict(request.query)

    def names(self) -> set[str]:
        """Tell which parameters there are."""
        return set(self._last)

    def text(self, name: str) -> str | None:
        """Give a parameter; an empty one counts as absent."""
        return self._last.get(name) or None

    def every(self, name: str) -> tuple[str, ...]:
        """Give all values of a parameter that may be repeated."""
        return tuple(value for key, value in self._pairs if key == name)

    def flag(self, name: str) -> bool | None:
        """Read `true` or `false`."""
        match (self.text(name) or "").lower():
            case "":
                return None
            case "true":
                return True
            case "false":
                return False
            case _:
                raise InvalidValueError(place=f"query parameter {name}", allowed="true or false")

    def number(self, name: str, default: int) -> int:
        """Read a whole number that is not negative."""
        text = self.text(name)
        if text is None:
            return default
        if not _NUMBER.fullmatch(text):
            raise InvalidValueError(place=f"query parameter {name}", allowed="a whole number, not negative")
        return int(text)

    def moment(self, name: str) -> datetime | None:
        """Read a date and time; without a zone it is UTC."""
        text = self.text(name)
        try:
            return None if text is None else parse_rfc3339(text)
        except (ValueError, OverflowError):
            raise InvalidValueError(place=f"query parameter {name}", allowed="an ISO 8601 date and time") from None


def list_jobs(request: WireRequest, *, page_limit: int) -> ListJobs:
    """Read the filters of a job list.

    Raises:
        RefusedError: an unknown filter, or one with an impossible value.
    """
    query = Query(request)
    if query.names() - _FILTERS:
        raise UnknownParameterError(known=_FILTERS)
    return ListJobs(
        limit=min(query.number("limit", page_limit) or page_limit, page_limit),
        offset=query.number("offset", 0),
        backend=query.text("backend"),
        pending=query.flag("pending"),
        program=query.text("program"),
        tags=_tags(query),
        session_id=query.text("session_id"),
        created_after=query.moment("created_after"),
        created_before=query.moment("created_before"),
        ascending=_ascending(query),
        parameters=query.flag("exclude_params") is False,
    )


def show_calibration(request: WireRequest, backend: str) -> ShowCalibration:
    """Read which snapshot of a backend is asked for; without a word it is the newest."""
    query = Query(request)
    return ShowCalibration(
        backend=backend, before=query.moment("updated_before"), calibration_id=query.text("calibration_id")
    )


def with_parameters(request: WireRequest) -> bool:
    """Say whether a job is to be shown with what was submitted; it is unless the client says no."""
    return Query(request).flag("exclude_params") is not True


def _tags(query: Query) -> tuple[str, ...]:
    tags = query.every("tags")
    if tags != labels.own(tags):
        raise InvalidValueError(
            place="query parameter tags",
            allowed=f"tags that were submitted; {labels.TAG}… is added when a job is shown",
        )
    return tags


def _ascending(query: Query) -> bool:
    match (query.text("sort") or "DESC").upper():
        case "ASC":
            return True
        case "DESC":
            return False
        case _:
            raise InvalidValueError(place="query parameter sort", allowed="ASC or DESC")
