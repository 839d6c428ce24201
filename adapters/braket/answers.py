"""Answers in Braket's, S3's and STS's words: which operation's answer has which shape."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from adapters.braket import devices, identity, labels, prices, searches, spending, storage, tasks
from adapters.braket.settings import BraketSettings
from gateway.domain.errors import NotFoundError
from gateway.domain.job import JobRecord
from gateway.ports import operations as ask
from gateway.ports.answers import Answer
from gateway.ports.dialect import WireAnswer
from gateway.ports.operations import Operation

_CREATED = 201
_TEXT_XML = "text/xml"


def write(operation: Operation, answer: Answer, settings: BraketSettings) -> WireAnswer:
    """Write an answer as AWS's services would.

    Raises:
        NotFoundError: an object that is not there, or a job that came in another vendor's words and has no others.
        ResultsGoneError: results that were erased.
    """
    job = getattr(answer, "job", None)
    if isinstance(job, JobRecord) and not tasks.is_task(job):
        raise NotFoundError(noun="task", name=job.client_job_id)
    return _WRITERS[type(operation)](operation, answer, settings)


def _about(job: JobRecord, body: Any, *, status: int = 200) -> WireAnswer:
    return _json(body, labels.headers(job), status=status)


def _json(body: Any, headers: Mapping[str, str] | None = None, *, status: int = 200) -> WireAnswer:
    return WireAnswer(status=status, body=msgspec.json.encode(body), headers=headers or {})


def _with_labels(wire: WireAnswer, job: JobRecord) -> WireAnswer:
    headers = {**wire.headers, **labels.headers(job)}
    return WireAnswer(status=wire.status, body=wire.body, headers=headers, content_type=wire.content_type)


_WRITERS: Mapping[type[Operation], Callable[[Any, Any, BraketSettings], WireAnswer]] = {
    searches.SearchDevices: lambda asked, answer, _: _json(searches.found_devices(asked, answer)),
    ask.ShowConfiguration: lambda _, answer, settings: _json(
        devices.device_view(answer, poll_milliseconds=settings.poll_milliseconds)
    ),
    ask.Submit: lambda _, answer, __: _about(answer.job, tasks.accepted(answer.job), status=_CREATED),
    tasks.ShowTask: lambda asked, answer, _: _about(answer.job, tasks.task_view(answer, queue=asked.queue)),
    tasks.CancelTask: lambda asked, answer, _: _json(tasks.cancelled(asked, answer)),
    ask.ListJobs: lambda asked, answer, _: _json(searches.found_tasks(asked, answer)),
    tasks.ShowTags: lambda _, answer, __: _about(answer.job, {"tags": labels.shown(answer.job)}),
    ask.TagJob: lambda *_: _json({}),
    ask.ListPrices: lambda _, answer, __: prices.price_list(answer),
    spending.SearchLimits: lambda asked, answer, _: _json(spending.found(asked, answer)),
    identity.WhoAmI: lambda _, answer, __: WireAnswer(
        status=200, body=identity.identity(answer), content_type=_TEXT_XML
    ),
    storage.Bucket: lambda asked, _, __: storage.bucket(asked),
    storage.GetObject: lambda asked, answer, _: _with_labels(storage.get(asked, answer), answer.job),
    storage.ListTask: lambda asked, answer, _: storage.list_task(asked, answer),
    storage.ListBucket: lambda asked, answer, _: storage.list_bucket(asked, answer),
}
"""One writer per operation; a test keeps it total."""
