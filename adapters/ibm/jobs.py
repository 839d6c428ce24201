"""Jobs in IBM's shape: one, a page of many, and what is measured about one.

The SDK polls until it reads one of three final words; a word it does not know it polls for ever, so a job
whose fate the gateway does not know yet reads as running.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from adapters.ibm import envelopes, labels
from gateway.domain.backend import ExecutionKind
from gateway.domain.clock import rfc3339
from gateway.domain.job import JobRecord, JobStatus
from gateway.ports.answers import JobList, JobView

STATUS: Mapping[JobStatus, str] = {
    JobStatus.AWAITING: "Queued",
    JobStatus.PERMITTED: "Queued",
    JobStatus.QUEUED: "Queued",
    JobStatus.RUNNING: "Running",
    JobStatus.UNKNOWN: "Running",
    JobStatus.COMPLETED: "Completed",
    JobStatus.FAILED: "Failed",
    JobStatus.CANCELLED: "Cancelled",
}


def accepted(job: JobRecord) -> dict[str, Any]:
    """Answer a submission; another backend than the asked one makes the SDK load that one."""
    return {"id": job.client_job_id, "backend": job.backend, "private": job.private, labels.LABEL: labels.of_job(job)}


def job_view(view: JobView) -> dict[str, Any]:
    """Show one job, with its parameters where they were asked for and the job is not private."""
    job = view.job
    answer = _own(job) if view.envelope is None else envelopes.job(job, view.envelope, _own(job))
    if view.body is not None and not job.private:
        answer["params"] = json.loads(view.body)["params"]
    return answer


def _own(job: JobRecord) -> dict[str, Any]:
    return {
        "id": job.client_job_id,
        "backend": job.backend,
        "state": _state(job),
        "status": STATUS[job.status],
        "program": {"id": job.program},
        "created": rfc3339(job.created_at),
        "ended": _moment(job.finished_at),
        "user_id": job.principal_id,
        "tags": labels.tags(job),
        "session_id": job.session_id,
        "cost": job.echo.get("cost"),
        "runtime": job.echo.get("runtime"),
        "calibration_id": job.echo.get("calibration_id"),
        "private": job.private,
        "estimated_running_time_seconds": job.estimated_seconds,
        "usage": {"seconds": job.usage_seconds},
        "remote_storage": None,
        labels.LABEL: labels.of_job(job),
    }


def job_list(page: JobList) -> dict[str, Any]:
    """Show a page. An empty one reports its own offset as the count, or the SDK asks for it for ever."""
    return {
        "jobs": [job_view(view) for view in page.jobs],
        "count": page.count if page.jobs else page.offset,
        "limit": page.limit,
        "offset": page.offset,
    }


def metrics(view: JobView) -> dict[str, Any]:
    """Show timestamps and usage. Charged seconds count simulated time too; quantum seconds do not."""
    job = view.job
    if view.metrics is not None:
        return envelopes.metrics(job, view.metrics)
    hardware = job.kind is ExecutionKind.HARDWARE
    answer: dict[str, Any] = {
        "timestamps": {
            "created": rfc3339(job.created_at),
            "running": _moment(job.started_at),
            "finished": _moment(job.finished_at),
        },
        "usage": {
            "status": "final" if job.status.final else "pending",
            "qpu_charge_time_seconds": job.usage_seconds,
            "quantum_seconds": job.usage_seconds if hardware else 0,
            "seconds": job.usage_seconds,
        },
        "bss": {"seconds": job.usage_seconds},
        "executions": job.total_shots,
        "num_circuits": job.circuits,
        "caller": "qiskit_ibm_runtime",
        "stages": dict(job.stages),
        labels.LABEL: labels.of_job(job),
    }
    if view.queue_position is not None:
        answer["position_in_queue"] = view.queue_position
    return answer


def _state(job: JobRecord) -> dict[str, Any]:
    state: dict[str, Any] = {"status": STATUS[job.status]}
    if job.reason:
        state["reason"] = job.reason
    if job.reason_code is not None:
        state["reason_code"] = job.reason_code
    return state


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)
