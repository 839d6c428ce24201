"""Answers in IonQ's words: which operation's answer has which shape."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from adapters.ionq import backends, documents, envelopes, jobs, labels, money, sessions
from adapters.ionq.asked import Estimate, ListChildren, ShowChild, ShowPart, ShowPeriod
from adapters.ionq.errors import NoDocumentError
from adapters.ionq.settings import IonqSettings
from gateway.domain.errors import NotFoundError
from gateway.domain.job import JobRecord, JobStatus
from gateway.ports import answers as answered
from gateway.ports import operations as ask
from gateway.ports.answers import Answer
from gateway.ports.dialect import WireAnswer
from gateway.ports.operations import Operation


def write(operation: Operation, answer: Answer, settings: IonqSettings) -> WireAnswer:
    """Write an answer as IonQ's API would.

    Raises:
        RefusedError: there is no such document, circuit, price or period.
    """
    return _WRITERS[type(operation)](operation, answer, settings)


def _accepted(answer: answered.Accepted) -> WireAnswer:
    return _json(jobs.accepted(answer.job), job=answer.job, status=HTTPStatus.CREATED)


def _job(answer: answered.JobView) -> WireAnswer:
    return _json(_shown(answer), job=answer.job)


def _shown(view: answered.JobView) -> dict[str, Any]:
    said = jobs.words(view.body)
    return jobs.view(view.job, said) if view.envelope is None else envelopes.view(view.job, view.envelope, said)


def _child(asked: ShowChild, answer: answered.JobView) -> WireAnswer:
    if asked.index >= len(jobs.children(answer.job) or ()):
        raise NotFoundError(noun="circuit of job", name=asked.client_job_id)
    return _json(jobs.child_view(answer.job, asked.index, jobs.words(answer.body)), job=answer.job)


def _children(answer: answered.JobView) -> WireAnswer:
    count, said = len(jobs.children(answer.job) or ()), jobs.words(answer.body)
    return _json({"jobs": [jobs.child_view(answer.job, index, said) for index in range(count)], "next": None})


def _jobs(asked: ask.ListJobs, page: answered.JobList) -> WireAnswer:
    end = asked.offset + len(page.jobs)
    shown = [_shown(view) for view in page.jobs]
    return _json({"jobs": shown, "next": str(end) if page.jobs and end < page.count else None})


def _results(asked: ask.ShowResults, answer: answered.ResultBody) -> WireAnswer:
    body = answer.body
    if body is not None and isinstance(asked, ShowPart):
        body = documents.part(body, asked.key)
    if body is None or body == documents.NO_PROBABILITIES:
        raise NoDocumentError(job=asked.client_job_id, document=asked.document, why=_why(answer.job))
    return WireAnswer(status=HTTPStatus.OK, body=body, headers=labels.headers(answer.job))


def _why(job: JobRecord) -> str:
    if job.status is JobStatus.COMPLETED:
        return "a job of this kind has none, or it was erased"
    return f"it is {jobs.STATUS[job.status]}" + (f": {job.reason}" if job.reason else "")


def _identity(answer: answered.IdentityView) -> WireAnswer:
    shown = {"key_id": answer.key_id, "key_name": answer.principal_name, "project_id": answer.project_id}
    return _json(shown)


def _calibration(asked: ask.ShowCalibration, answer: answered.CalibrationView) -> WireAnswer:
    if answer.calibration is None:
        raise NotFoundError(noun="characterization of backend", name=asked.backend)
    return _json(backends.characterization(answer.backend, answer.calibration))


def _calibrations(asked: ask.ListCalibrations, page: answered.CalibrationList) -> WireAnswer:
    return _json(backends.characterizations(page, limit=asked.limit, offset=asked.offset))


def _json(body: Any, *, job: JobRecord | None = None, status: int = HTTPStatus.OK) -> WireAnswer:
    headers = {} if job is None else labels.headers(job)
    return WireAnswer(status=status, body=msgspec.json.encode(body), headers=headers)


_WRITERS: Mapping[type[Operation], Callable[[Any, Any, IonqSettings], WireAnswer]] = {
    ask.ShowIdentity: lambda _, answer, __: _identity(answer),
    ask.ListBackends: lambda _, answer, settings: _json(
        backends.view_list(answer, simulator=settings.simulator_backend)
    ),
    ask.ShowConfiguration: lambda _, answer, __: _json(backends.view(answer)),
    ask.ShowCalibration: lambda asked, answer, _: _calibration(asked, answer),
    ask.ListCalibrations: lambda asked, answer, _: _calibrations(asked, answer),
    ShowPeriod: lambda asked, answer, _: _json(money.usage(asked, answer)),
    Estimate: lambda asked, answer, _: _json(money.estimate(asked, answer)),
    ask.ShowCost: lambda _, answer, __: _json(money.cost(answer), job=answer.job),
    ask.Submit: lambda _, answer, __: _accepted(answer),
    ask.ShowJob: lambda _, answer, __: _job(answer),
    ShowChild: lambda asked, answer, _: _child(asked, answer),
    ListChildren: lambda _, answer, __: _children(answer),
    ask.ListJobs: lambda asked, answer, _: _jobs(asked, answer),
    ask.ShowResults: lambda asked, answer, _: _results(asked, answer),
    ShowPart: lambda asked, answer, _: _results(asked, answer),
    ask.CancelJob: lambda asked, _, __: _json({"id": asked.client_job_id, "status": "canceled"}),
    ask.CancelJobs: lambda asked, _, __: _json({"ids": list(asked.client_job_ids), "status": "canceled"}),
    ask.DeleteJob: lambda asked, _, __: _json({"id": asked.client_job_id, "status": "deleted"}),
    ask.DeleteJobs: lambda asked, _, __: _json({"ids": list(asked.client_job_ids), "status": "deleted"}),
    ask.OpenSession: lambda _, answer, __: _json(sessions.view(answer), status=HTTPStatus.CREATED),
    ask.ListSessions: lambda _, answer, __: _json(sessions.view_list(answer)),
    ask.ShowSession: lambda _, answer, __: _json(sessions.view(answer)),
    ask.CloseSession: lambda _, answer, __: _json(sessions.view(answer)),
}
"""One writer per operation; a test keeps it total."""
