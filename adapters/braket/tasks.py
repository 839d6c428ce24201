"""Quantum tasks in Braket's shape: what is asked about them, and how one, or a page of many, is shown.

Where a task ran at Braket, its own description is shown with our ids, bucket and tags in place of the vendor's.
The status is ours: a task reads as completed once its results can be fetched here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.braket import actions, arns, labels
from adapters.braket.wire import CancelBody, TagsBody
from gateway.domain.clock import rfc3339
from gateway.domain.job import JobRecord, JobStatus
from gateway.domain.malformed import InvalidValueError, UnknownParameterError
from gateway.ports import bodies
from gateway.ports.answers import Done, JobView
from gateway.ports.dialect import WireRequest
from gateway.ports.operations import CancelJob, ShowJob, TagJob

STATUS: Mapping[JobStatus, str] = {
    JobStatus.AWAITING: "QUEUED",
    JobStatus.PERMITTED: "CREATED",
    JobStatus.QUEUED: "QUEUED",
    JobStatus.RUNNING: "RUNNING",
    # Whatever became of it, it is not ours to end: the SDK goes on asking.
    JobStatus.UNKNOWN: "RUNNING",
    JobStatus.COMPLETED: "COMPLETED",
    JobStatus.FAILED: "FAILED",
    JobStatus.CANCELLED: "CANCELLED",
}
_QUEUE = {"queue": "QUANTUM_TASKS_QUEUE", "queuePriority": "Normal"}
_OURS = frozenset(
    {"quantumTaskArn", "status", "outputS3Bucket", "outputS3Directory", "tags", "jobArn", "failureReason"}
)
"""What the vendor's own description of a task says of its account, and what the gateway answers for."""
_AT_ITS_END = frozenset({"endedAt", "numSuccessfulShots"})
_ATTRIBUTES = "additionalAttributeNames"
_TAG_KEYS = "tagKeys"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowTask(ShowJob):
    """GetQuantumTask; only some ask for the queue."""

    queue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTask(CancelJob):
    """CancelQuantumTask, which answers with the ARN."""

    arn: str


class ShowTags(ShowJob):
    """ListTagsForResource."""


def show(request: WireRequest, task: str) -> ShowTask:
    """Read GetQuantumTask."""
    asked = [value for name, value in request.query if name == _ATTRIBUTES]
    if len(asked) != len(request.query):
        raise UnknownParameterError(known=[_ATTRIBUTES])
    return ShowTask(client_job_id=_id(task), parameters=False, queue="QueueInfo" in asked)


def cancel(request: WireRequest, task: str) -> CancelTask:
    """Read CancelQuantumTask."""
    bodies.complete(CancelBody, request.body)
    return CancelTask(client_job_id=_id(task), arn=task)


def show_tags(_: WireRequest, task: str) -> ShowTags:
    """Read ListTagsForResource."""
    return ShowTags(client_job_id=_id(task), parameters=False)


def tag(request: WireRequest, task: str) -> TagJob:
    """Read TagResource, which leaves other tags as they are."""
    tags = bodies.complete(TagsBody, request.body).tags
    return TagJob(client_job_id=_id(task), tags=labels.texts(tags), keep=True, dropped=labels.beginnings(tags))


def untag(request: WireRequest, task: str) -> TagJob:
    """Read UntagResource."""
    keys = [value for name, value in request.query if name == _TAG_KEYS]
    if not keys or len(keys) != len(request.query):
        raise UnknownParameterError(known=[_TAG_KEYS])
    if any("=" in key for key in keys):
        raise InvalidValueError(place=f"query parameter {_TAG_KEYS}", allowed="tag keys, which have no equals sign")
    return TagJob(client_job_id=_id(task), tags=(), keep=True, dropped=labels.beginnings(keys))


def is_task(job: JobRecord) -> bool:
    """Say whether a job is a quantum task: a project's other jobs have no bucket, and results in other words."""
    return job.dialect == "braket"


def accepted(job: JobRecord) -> dict[str, Any]:
    """Answer a submission."""
    return {"quantumTaskArn": arns.task(job)}


def cancelled(operation: CancelTask, answer: Done) -> dict[str, Any]:
    """Answer a cancellation; most tasks end a little later."""
    gone = answer.job is not None and answer.job.status is JobStatus.CANCELLED
    return {"quantumTaskArn": operation.arn, "cancellationStatus": "CANCELLED" if gone else "CANCELLING"}


def task_view(view: JobView, *, queue: bool) -> dict[str, Any]:
    """Show one task."""
    job = view.job
    told: dict[str, Any] = {
        **summary(view),
        "deviceParameters": job.echo["parameters"] or "{}",
        "actionMetadata": {"actionType": actions.OPENQASM},
        **{name: value for name, value in _vendors(view).items() if name not in _OURS | _AT_ITS_END},
        "qgw": labels.of_job(job),
    }
    if job.status in {JobStatus.FAILED, JobStatus.CANCELLED} and job.reason:
        told["failureReason"] = job.reason
    if job.status is JobStatus.COMPLETED:
        told["numSuccessfulShots"] = _vendors(view).get("numSuccessfulShots", job.echo["shots"])
    told.pop("queueInfo", None)
    return {**told, "queueInfo": _queue(view)} if queue else told


def summary(view: JobView) -> dict[str, Any]:
    """Show a task as one among many."""
    job = view.job
    told = {
        "quantumTaskArn": arns.task(job),
        "status": STATUS[job.status],
        "deviceArn": arns.device(job.backend, job.kind),
        "shots": job.echo["shots"],
        "outputS3Bucket": job.echo["bucket"],
        "outputS3Directory": f"{job.echo['prefix']}/{job.client_job_id}",
        "createdAt": rfc3339(job.created_at),
        "tags": labels.shown(job),
    }
    if job.finished_at is not None:
        told["endedAt"] = rfc3339(job.finished_at)
    return {**told, **{name: value for name, value in _vendors(view).items() if name in told and name not in _OURS}}


def _vendors(view: JobView) -> dict[str, Any]:
    """Give the vendor's own description, where there is one."""
    described: dict[str, Any] = {} if view.envelope is None else json.loads(view.envelope)
    return described


def _queue(view: JobView) -> dict[str, Any]:
    """Tell the place in the queue; the SDK fails on a task that waits and has no such field."""
    status, described = STATUS[view.job.status], _vendors(view)
    if "queueInfo" in described and described.get("status") == status:
        told: dict[str, Any] = described["queueInfo"]
        return told
    if status in {"CREATED", "QUEUED"} and view.queue_position is not None:
        return {**_QUEUE, "position": str(view.queue_position)}
    return {**_QUEUE, "position": "None", "message": f"Task is in {status} status; it has no known place in the queue."}


def _id(task: str) -> str:
    return task.rpartition("/")[2]
