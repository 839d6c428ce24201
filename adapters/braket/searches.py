"""SearchQuantumTasks and SearchDevices: filters, pages, and what is found."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from adapters.braket import arns, tasks
from adapters.braket.wire import SearchDevicesBody, SearchTasksBody, TaskFilter
from gateway.domain.backend import ExecutionKind
from gateway.domain.clock import parse_rfc3339
from gateway.domain.job import JobStatus
from gateway.domain.malformed import InvalidValueError
from gateway.ports import bodies
from gateway.ports.answers import BackendList, BackendView, JobList
from gateway.ports.dialect import WireRequest
from gateway.ports.operations import ListBackends, ListJobs

_STATUSES: Mapping[str, tuple[JobStatus, ...]] = {
    word: tuple(status for status in JobStatus if tasks.STATUS[status] == word) for word in tasks.STATUS.values()
}
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchDevices(ListBackends):
    """Devices of the region that the request was signed for."""

    region: str
    arns: frozenset[str] | None
    """Only these; `None` is all."""


def devices(request: WireRequest, *, region: str) -> SearchDevices:
    """Read SearchDevices; the SDK sends one per region it knows."""
    body = bodies.complete(SearchDevicesBody, request.body)
    named = [frozenset(filter_.values) for filter_ in body.filters]
    return SearchDevices(region=region, arns=frozenset.intersection(*named) if named else None)


def found_devices(operation: SearchDevices, answer: BackendList) -> dict[str, Any]:
    """Show the devices that can be reached in this region, and match."""
    shown = [device_summary(view) for view in answer.backends]
    return {
        "devices": [
            device
            for device in shown
            if arns.region(device["deviceArn"]) in {"", operation.region}
            if operation.arns is None or device["deviceArn"] in operation.arns
        ]
    }


def device_summary(view: BackendView) -> dict[str, str]:
    """Name a device as Braket does; an emulated one is a simulator of the provider `gateway`, whatever it emulates."""
    backend = view.backend
    arn = arns.device(backend.name, backend.kind)
    name, provider = arn.rpartition("/")[2], backend.vendor
    if backend.vendor == "braket":
        name, provider = backend.processor_revision, backend.processor_family
    return {
        "deviceArn": arn,
        "deviceName": name,
        "providerName": provider,
        "deviceType": "QPU" if backend.kind is ExecutionKind.HARDWARE else "SIMULATOR",
        "deviceStatus": "ONLINE" if view.status.online else "OFFLINE",
    }


def tasks_matching(request: WireRequest, *, page_limit: int) -> ListJobs:
    """Read SearchQuantumTasks; filters narrow one another.

    Raises:
        RefusedError: a filter that is not known, or with an impossible value.
    """
    body = bodies.complete(SearchTasksBody, request.body)
    search = ListJobs(limit=min(body.most or page_limit, page_limit), offset=int(body.page or 0))
    for filter_ in body.filters:
        search = _FILTERS[filter_.name](search, filter_)
    return search


def found_tasks(operation: ListJobs, answer: JobList) -> dict[str, Any]:
    """Show a page, and where the next one begins."""
    found = [tasks.summary(view) for view in answer.jobs if tasks.is_task(view.job)]
    page: dict[str, Any] = {"quantumTasks": found}
    following = operation.offset + len(answer.jobs)
    return {**page, "nextToken": str(following)} if answer.jobs and following < answer.count else page


def _by_device(search: ListJobs, filter_: TaskFilter) -> ListJobs:
    return replace(search, backend=arns.backend(_only(filter_)))


def _by_status(search: ListJobs, filter_: TaskFilter) -> ListJobs:
    _equal(filter_)
    wanted = [status.value for word in filter_.values for status in _STATUSES.get(word, ())]
    if not wanted:
        raise InvalidValueError(place="the filter status", allowed=f"some of {', '.join(_STATUSES)}")
    return replace(search, statuses=tuple(wanted))


def _by_creation(search: ListJobs, filter_: TaskFilter) -> ListJobs:
    moments = [_moment(value) for value in filter_.values]
    match filter_.operator, moments:
        case "BETWEEN", [first, last]:
            return replace(search, created_after=first, created_before=last)
        case "GT" | "GTE", [first]:
            return replace(search, created_after=first + _INSTANT if filter_.operator == "GT" else first)
        case "LT" | "LTE", [last]:
            return replace(search, created_before=last - _INSTANT if filter_.operator == "LT" else last)
        case _:
            raise InvalidValueError(
                place="the filter createdAt", allowed="GT, GTE, LT or LTE with one moment, BETWEEN with two"
            )


_FILTERS: Mapping[str, Callable[[ListJobs, TaskFilter], ListJobs]] = {
    "deviceArn": _by_device,
    "status": _by_status,
    "createdAt": _by_creation,
}


def _equal(filter_: TaskFilter) -> None:
    if filter_.operator != "EQUAL":
        raise InvalidValueError(place=f"the operator of the filter {filter_.name}", allowed="EQUAL")


def _only(filter_: TaskFilter) -> str:
    _equal(filter_)
    values: Sequence[str] = filter_.values
    if len(values) != 1:
        raise InvalidValueError(place=f"the filter {filter_.name}", allowed="one value")
    return values[0]


def _moment(text: str) -> datetime:
    try:
        return parse_rfc3339(text)
    except (ValueError, OverflowError):
        raise InvalidValueError(place="the filter createdAt", allowed="ISO 8601 dates and times") from None
