"""Answers in IBM's words: which operation's answer has which shape, and the few headers that matter."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from adapters.ibm import backends, instances, jobs, labels, sessions
from adapters.ibm.errors import ResultsGoneError
from adapters.ibm.properties import properties
from adapters.ibm.settings import IbmSettings
from gateway.domain.job import JobRecord, JobStatus
from gateway.ports import answers as answered
from gateway.ports import operations as ask
from gateway.ports.answers import Answer
from gateway.ports.dialect import WireAnswer
from gateway.ports.operations import Operation

_NO_CONTENT = WireAnswer(status=204, body=b"")
_PLAIN = "text/plain; charset=utf-8"


def write(operation: Operation, answer: Answer, settings: IbmSettings) -> WireAnswer:
    """Write an answer as IBM's services would.

    Raises:
        ResultsGoneError: results of a completed job that are no longer there; an empty body would read as `None`.
    """
    return _WRITERS[type(operation)](operation, answer, settings)


def _devices(operation: ask.ListBackends, answer: answered.BackendList) -> list[Any]:
    names = [view.backend.name for view in answer.backends]
    return backends.devices(answer.backends) if operation.detailed else names


def _about(job: JobRecord, body: Any) -> WireAnswer:
    return _json(body, labels.headers(job))


def _logs(answer: answered.LogLines) -> WireAnswer:
    text = "".join(f"{line}\n" for line in answer.lines)
    return WireAnswer(status=200, body=text.encode(), content_type=_PLAIN)


def _results(answer: answered.ResultBody) -> WireAnswer:
    job, headers = answer.job, labels.headers(answer.job)
    if answer.body:
        return WireAnswer(status=200, body=answer.body, headers=headers)
    if job.status is JobStatus.COMPLETED:
        raise ResultsGoneError(job=job.client_job_id)
    if job.status.final:
        # The SDK asks for the results of a failed job too, and looks in the text for the reason.
        return WireAnswer(status=200, body=job.reason.encode(), headers=headers, content_type=_PLAIN)
    return WireAnswer(status=204, body=b"", headers=headers)


def _token(answer: answered.TokenGranted) -> WireAnswer:
    body = {
        "access_token": answer.token.reveal().decode("ascii"),
        "refresh_token": "not_supported",
        "token_type": "Bearer",
        "expires_in": answer.expires_at - answer.issued_at,
        "expiration": answer.expires_at,
        "scope": "ibm openid",
    }
    return _json(body)


def _json(body: Any, headers: dict[str, str] | None = None) -> WireAnswer:
    return WireAnswer(status=200, body=msgspec.json.encode(body), headers=headers or {})


_WRITERS: Mapping[type[Operation], Callable[[Any, Any, IbmSettings], WireAnswer]] = {
    ask.ExchangeKey: lambda _, answer, __: _token(answer),
    ask.ListInstances: lambda _, answer, __: _json(instances.search_result(answer.instances)),
    ask.ShowPlan: lambda asked, answer, settings: _json(
        instances.plan(answer.instances[0], plan_id=asked.plan_id, name=settings.plan_name)
    ),
    ask.ListBackends: lambda asked, answer, _: _json({"devices": _devices(asked, answer)}),
    ask.ShowConfiguration: lambda _, answer, __: _json(backends.configuration(answer.backend)),
    ask.ShowCalibration: lambda _, answer, __: _json(properties(answer)),
    ask.ShowStatus: lambda _, answer, __: _json(backends.status(answer)),
    ask.ShowUsage: lambda _, answer, __: _json(instances.usage(answer)),
    ask.Submit: lambda _, answer, __: _about(answer.job, jobs.accepted(answer.job)),
    ask.ShowJob: lambda _, answer, __: _about(answer.job, jobs.job_view(answer)),
    ask.ListJobs: lambda _, answer, __: _json(jobs.job_list(answer)),
    ask.ShowResults: lambda _, answer, __: _results(answer),
    ask.ShowMetrics: lambda _, answer, __: _about(answer.job, jobs.metrics(answer)),
    ask.ShowLogs: lambda _, answer, __: _logs(answer),
    ask.CancelJob: lambda *_: _NO_CONTENT,
    ask.DeleteJob: lambda *_: _NO_CONTENT,
    ask.TagJob: lambda *_: _NO_CONTENT,
    ask.OpenSession: lambda _, answer, __: _json(sessions.session_view(answer)),
    ask.ShowSession: lambda _, answer, __: _json(sessions.session_view(answer)),
    ask.CloseSession: lambda *_: _NO_CONTENT,
}
"""One writer per operation; a test keeps it total."""
