"""Which path and method means which operation. Paths are matched raw, so nothing percent-encoded gets in."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from adapters.ibm import credentials, labels, queries, sessions, submissions
from adapters.ibm.wire import SearchBody, TagsBody
from gateway.domain.ids import WIRE_ID
from gateway.domain.malformed import UnknownOperationError
from gateway.ports import bodies
from gateway.ports import operations as ask
from gateway.ports.dialect import WireRequest
from gateway.ports.operations import Operation

NAMES_ONLY_BEFORE = "2025-05-01"
"""Clients that speak an older API version expect backends as bare names."""

SUPPORTED = (
    "POST /iam/identity/token, POST /search/v3/resources/search, GET /catalog/{plan} and, below /api/v1, "
    "backends, backends/{name}/configuration|properties|status, instances/usage, "
    "jobs, jobs/{id}, jobs/{id}/results|metrics|logs|cancel|tags, sessions, sessions/{id}, sessions/{id}/close"
)


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one shape of path, and how it is read."""

    method: str
    pattern: re.Pattern[str]
    read: Callable[..., Operation]


def routes(*, page_limit: int) -> Sequence[Route]:
    """List every route, the polled ones first."""
    api = "/api/v1"
    table: list[tuple[str, str, Callable[..., Operation]]] = [
        ("GET", f"{api}/jobs/{{}}", _show_job),
        ("GET", f"{api}/jobs/{{}}/results", lambda _, job: ask.ShowResults(client_job_id=job)),
        ("POST", f"{api}/jobs", submissions.submit),
        ("GET", f"{api}/jobs", lambda request: queries.list_jobs(request, page_limit=page_limit)),
        ("DELETE", f"{api}/jobs/{{}}", lambda _, job: ask.DeleteJob(client_job_id=job)),
        ("POST", f"{api}/jobs/{{}}/cancel", lambda _, job: ask.CancelJob(client_job_id=job)),
        ("PUT", f"{api}/jobs/{{}}/tags", _tag_job),
        ("GET", f"{api}/jobs/{{}}/metrics", lambda _, job: ask.ShowMetrics(client_job_id=job)),
        ("GET", f"{api}/jobs/{{}}/logs", lambda _, job: ask.ShowLogs(client_job_id=job)),
        ("GET", f"{api}/backends", _list_backends),
        ("GET", f"{api}/backends/{{}}/configuration", lambda _, name: ask.ShowConfiguration(backend=name)),
        ("GET", f"{api}/backends/{{}}/properties", queries.show_calibration),
        ("GET", f"{api}/backends/{{}}/status", lambda _, name: ask.ShowStatus(backend=name)),
        ("GET", f"{api}/instances/usage", lambda _: ask.ShowUsage()),
        ("POST", f"{api}/sessions", sessions.open_session),
        ("GET", f"{api}/sessions/{{}}", lambda _, session: ask.ShowSession(session_id=session)),
        ("PATCH", f"{api}/sessions/{{}}", sessions.close_session),
        ("DELETE", f"{api}/sessions/{{}}/close", lambda _, session: ask.CloseSession(session_id=session, cancel=True)),
        ("POST", credentials.EXCHANGE_PATH, credentials.exchange),
        ("POST", "/search/v3/resources/search", _search),
        ("GET", "/catalog/{}", lambda _, plan: ask.ShowPlan(plan_id=plan)),
        ("GET", f"/catalog{api}/{{}}", lambda _, plan: ask.ShowPlan(plan_id=plan)),
    ]
    return [Route(method, _pattern(path), read) for method, path, read in table]


def operation(table: Sequence[Route], request: WireRequest) -> Operation:
    """Find the route of a request and read it.

    Raises:
        RefusedError: no route, or a request that cannot be read.
    """
    methods = []
    for route in table:
        found = route.pattern.fullmatch(request.path)
        if found and all(WIRE_ID.fullmatch(part) for part in found.groups()):
            if route.method == request.method:
                return route.read(request, *found.groups())
            methods.append(route.method)
    raise UnknownOperationError(supported=SUPPORTED, methods=methods)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.escape(path).replace(r"\{\}", "([^/]+)"))


def _show_job(request: WireRequest, job: str) -> ask.ShowJob:
    return ask.ShowJob(client_job_id=job, parameters=queries.with_parameters(request))


def _tag_job(request: WireRequest, job: str) -> ask.TagJob:
    tags: list[str] = bodies.complete(TagsBody, request.body).tags
    return ask.TagJob(client_job_id=job, tags=labels.own(tags))


def _list_backends(request: WireRequest) -> ask.ListBackends:
    version = request.headers.get("ibm-api-version", NAMES_ONLY_BEFORE)
    return ask.ListBackends(detailed=version >= NAMES_ONLY_BEFORE)


def _search(request: WireRequest) -> ask.ListInstances:
    bodies.parse(SearchBody, request.body)
    return ask.ListInstances()
