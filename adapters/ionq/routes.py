"""Which path and method means which operation. Paths are matched raw, so nothing percent-encoded gets in."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from adapters.ionq import documents, ids, names, queries, sessions, submissions
from adapters.ionq.asked import ShowChild, ShowPart
from adapters.ionq.errors import PartOfJobError
from adapters.ionq.settings import IonqSettings
from adapters.ionq.wire import JobsBody
from gateway.domain.errors import NotFoundError
from gateway.domain.ids import WIRE_ID
from gateway.domain.malformed import UnknownOperationError
from gateway.ports import bodies
from gateway.ports import operations as ask
from gateway.ports.dialect import WireRequest
from gateway.ports.operations import Operation

SUPPORTED = (
    "whoami, backends, backends/{name}, backends/{name}/characterizations, jobs, jobs/estimate, jobs/status/cancel, "
    "jobs/{id}, jobs/{id}/cost|status/cancel|circuits/{language}|artifacts/{id}, "
    "jobs/{id}/results/probabilities|histogram|shots, jobs/{id}/variants/{id}/results/…, "
    "sessions, sessions/{id}, sessions/{id}/end|jobs, organizations/{id}/usage"
)


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one shape of path, and how it is read."""

    method: str
    pattern: re.Pattern[str]
    read: Callable[..., Operation]


def routes(settings: IonqSettings) -> Sequence[Route]:
    """List every route, the polled ones first; of two shapes that fit a path the first counts."""

    def backend(wire: str) -> str:
        return names.ours(wire, simulator=settings.simulator_backend)

    table: list[tuple[str, str, Callable[..., Operation]]] = [
        ("GET", "/jobs/estimate", lambda request: queries.estimate(request, settings)),
        ("GET", "/jobs/{}", _show_job),
        *((("GET", f"/jobs/{{}}/results/{kind}", _results(kind))) for kind in _KINDS),
        ("GET", "/jobs/{}/results/probabilities/aggregated", _results("probabilities")),
        ("POST", "/jobs", lambda request: submissions.submit(request, settings)),
        ("GET", "/jobs", lambda request: queries.list_jobs(request, settings)),
        ("PUT", "/jobs/status/cancel", lambda request: ask.CancelJobs(client_job_ids=_named(request))),
        ("DELETE", "/jobs", lambda request: ask.DeleteJobs(client_job_ids=_named(request))),
        ("PUT", "/jobs/{}/status/cancel", lambda _, job: ask.CancelJob(client_job_id=_whole(job))),
        ("DELETE", "/jobs/{}", lambda _, job: ask.DeleteJob(client_job_id=_whole(job))),
        ("GET", "/jobs/{}/cost", lambda _, job: ask.ShowCost(client_job_id=_whole(job))),
        ("GET", "/jobs/{}/artifacts/{}", _artifact),
        ("GET", "/jobs/{}/circuits/{}", _compiled),
        *((("GET", f"/jobs/{{}}/variants/{{}}/results/{kind}", _variant(kind))) for kind in _KINDS),
        ("GET", "/whoami", lambda _: ask.ShowIdentity()),
        ("GET", "/backends", lambda _: ask.ListBackends()),
        ("GET", "/backends/{}", lambda _, name: ask.ShowConfiguration(backend=backend(name))),
        (
            "GET",
            "/backends/{}/characterizations",
            lambda request, name: queries.list_calibrations(request, backend(name)),
        ),
        (
            "GET",
            "/backends/{}/characterizations/{}",
            lambda _, name, uuid: ask.ShowCalibration(
                backend=backend(name), before=None, calibration_id=uuid.replace("-", "")
            ),
        ),
        ("POST", "/sessions", lambda request: sessions.open_session(request, settings)),
        ("GET", "/sessions", lambda request: queries.list_sessions(request, settings)),
        ("GET", "/sessions/{}", lambda _, session: ask.ShowSession(session_id=session)),
        ("POST", "/sessions/{}/end", lambda _, session: ask.CloseSession(session_id=session, cancel=False)),
        (
            "GET",
            "/sessions/{}/jobs",
            lambda request, session: queries.list_jobs(request, settings, session_id=session),
        ),
        ("GET", "/organizations/{}/usage", queries.usage),
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


_KINDS = {"probabilities": documents.RESULT, "histogram": documents.HISTOGRAM, "shots": documents.SHOTS}
"""What can be asked of a job's results, and the document of a whole job that it is."""


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.escape(path).replace(r"\{\}", "([^/]+)"))


def _show_job(_: WireRequest, job: str) -> ask.ShowJob:
    parent, index = ids.split(job)
    if index is None:
        return ask.ShowJob(client_job_id=job, parameters=True)
    return ShowChild(client_job_id=parent, parameters=True, index=index)


def _results(kind: str) -> Callable[[WireRequest, str], ask.ShowResults]:
    def read(request: WireRequest, job: str) -> ask.ShowResults:
        parent, index = ids.split(job)
        if index is not None:
            return ShowPart(client_job_id=parent, document=documents.of_children(kind), key=str(index))
        sharpened = kind == "probabilities" and queries.Query(request).flag("sharpen")
        return ask.ShowResults(client_job_id=job, document=documents.SHARPENED if sharpened else _KINDS[kind])

    return read


def _variant(kind: str) -> Callable[[WireRequest, str, str], ask.ShowResults]:
    def read(_: WireRequest, job: str, variant: str) -> ask.ShowResults:
        parent, index = ids.split(variant)
        if index is None or parent != job:
            raise NotFoundError(noun="variant", name=variant)
        return ShowPart(client_job_id=job, document=documents.of_variants(kind), key=str(index))

    return read


def _artifact(_: WireRequest, job: str, artifact: str) -> ask.ShowResults:
    if not documents.ARTIFACT.fullmatch(artifact):
        raise NotFoundError(noun="artifact", name=artifact)
    return ask.ShowResults(client_job_id=_whole(job), document=artifact)


def _compiled(_: WireRequest, job: str, language: str) -> ask.ShowResults:
    if language not in {"native", "qasm3"}:
        raise NotFoundError(noun="language", name=language)
    return ask.ShowResults(client_job_id=_whole(job), document=documents.compiled(language))


def _named(request: WireRequest) -> tuple[str, ...]:
    return tuple(_whole(job) for job in bodies.complete(JobsBody, request.body).ids)


def _whole(job: str) -> str:
    """Insist on the id of a whole job."""
    parent, index = ids.split(job)
    if index is not None:
        raise PartOfJobError(child=job, parent=parent)
    return job
