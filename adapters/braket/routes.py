"""Which request means which operation: first the service, told by the credential scope, then path and method.

Below the mount a path may begin with the service's own prefix (`/braket`, `/s3`, `/sts`), for clients that are given
an address per service. Paths are matched raw; an ARN is one encoded segment, decoded once.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from adapters.braket import arns, credentials, identity, prices, searches, spending, storage, submissions, tasks
from adapters.braket.errors import HYBRID_JOBS, SPENDING_LIMITS, NotOfferedError
from adapters.braket.settings import BraketSettings
from gateway.domain.errors import NotFoundError
from gateway.domain.malformed import UnknownOperationError
from gateway.ports import operations as ask
from gateway.ports.dialect import WireRequest
from gateway.ports.operations import Operation

SUPPORTED = (
    "of Amazon Braket SearchDevices, GetDevice, CreateQuantumTask, GetQuantumTask, CancelQuantumTask, "
    "SearchQuantumTasks, SearchSpendingLimits and the tags of tasks; the parts of S3 and STS that its SDK needs"
)
_NOT_OFFERED = (
    (re.compile(r"/jobs?(?:/[^/]*)*"), HYBRID_JOBS),
    (re.compile(r"/spending-limit(?:/[^/]*)*"), SPENDING_LIMITS),
)
_SEGMENT = re.compile(r"[A-Za-z0-9._~%:-]{1,1024}")


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one shape of path; where the path holds an ARN, of which kind."""

    method: str
    pattern: re.Pattern[str]
    read: Callable[..., Operation]
    arn: re.Pattern[str] | None = None


class Routes:
    """Reads requests of all three services."""

    def __init__(self, settings: BraketSettings) -> None:
        self._page_limit = settings.page_limit
        self._table = _table(settings.page_limit)

    def operation(self, request: WireRequest) -> Operation:
        """Find the route of a request and read it.

        Raises:
            RefusedError: no route, or a request that cannot be read.
        """
        if is_price_list(request):
            return ask.ListPrices()
        region, service = credentials.scope(request)
        path = _below(request.path, service)
        match service:
            case "braket":
                return self._braket(request, path, region)
            case "s3":
                return storage.operation(request, path=path, region=region, page_limit=self._page_limit)
            case "sts" if request.method == "POST" and request.path in {"/", "/sts"}:
                return identity.who_am_i(request)
            case _:
                raise UnknownOperationError(supported=SUPPORTED)

    def _braket(self, request: WireRequest, path: str, region: str) -> Operation:
        for pattern, words in _NOT_OFFERED:
            if pattern.fullmatch(path):
                raise NotOfferedError(words)
        methods = []
        for route in self._table:
            if found := route.pattern.fullmatch(path):
                if route.method == request.method:
                    return _read(route, request, region, found)
                methods.append(route.method)
        raise UnknownOperationError(supported=SUPPORTED, methods=methods)


def is_price_list(request: WireRequest) -> bool:
    """Say whether a request asks for the price list; a signed one asks for an object of that name."""
    return (request.method, request.path) == ("GET", prices.PATH) and "authorization" not in request.headers


def _table(page_limit: int) -> Sequence[Route]:
    """List every route, the polled one first."""
    task, tags = re.compile(r"/quantum-task/([^/]+)"), re.compile(r"/tags/([^/]+)")
    return (
        Route("GET", task, lambda request, _, arn: tasks.show(request, arn), arns.TASK),
        Route("POST", re.compile("/quantum-task"), lambda request, region: submissions.submit(request, region=region)),
        Route(
            "PUT",
            re.compile(r"/quantum-task/([^/]+)/cancel"),
            lambda request, _, arn: tasks.cancel(request, arn),
            arns.TASK,
        ),
        Route(
            "POST",
            re.compile("/quantum-tasks"),
            lambda request, _: searches.tasks_matching(request, page_limit=page_limit),
        ),
        Route("POST", re.compile("/spending-limits"), lambda request, region: spending.search(request, region=region)),
        Route("POST", re.compile("/devices"), lambda request, region: searches.devices(request, region=region)),
        Route(
            "GET",
            re.compile(r"/device/([^/]+)"),
            lambda _, __, arn: ask.ShowConfiguration(backend=arns.backend(arn)),
            arns.DEVICE,
        ),
        Route("GET", tags, lambda request, _, arn: tasks.show_tags(request, arn), arns.TASK),
        Route("POST", tags, lambda request, _, arn: tasks.tag(request, arn), arns.TASK),
        Route("DELETE", tags, lambda request, _, arn: tasks.untag(request, arn), arns.TASK),
    )


def _read(route: Route, request: WireRequest, region: str, found: re.Match[str]) -> Operation:
    if route.arn is None:
        return route.read(request, region)
    segment = found[1]
    arn = unquote(segment, errors="replace") if _SEGMENT.fullmatch(segment) else ""
    if not route.arn.fullmatch(arn):
        raise NotFoundError(noun="resource", name="that ARN")
    return route.read(request, region, arn)


def _below(path: str, service: str) -> str:
    """Cut the service's own prefix off; no bucket has a name that short, and no route of the others begins so."""
    prefix = f"/{service}"
    return path.removeprefix(prefix) if service and path.startswith(f"{prefix}/") else path
