"""Jobs in IonQ's shape, written from the gateway's own record.

The SDK fails on a status it does not know, so a job whose fate the gateway does not know yet reads as started.
Urls of results have no mount: the SDK cuts one version out of base and url together, and only this form survives.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from adapters.ionq import documents, ids, labels, names
from gateway.domain.backend import ExecutionKind
from gateway.domain.clock import rfc3339
from gateway.domain.job import JobRecord, JobStatus

STATUS: Mapping[JobStatus, str] = {
    JobStatus.AWAITING: "submitted",
    JobStatus.PERMITTED: "submitted",
    JobStatus.QUEUED: "ready",
    JobStatus.RUNNING: "started",
    JobStatus.UNKNOWN: "started",
    JobStatus.COMPLETED: "completed",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "canceled",
}
MULTI, QASM3, SINGLE = "ionq.multi-circuit.v1", "ionq.qasm3.v1", "ionq.circuit.v1"
_JSON = "application/json"
_MILLI = 1000


def accepted(job: JobRecord) -> dict[str, Any]:
    """Answer a submission."""
    return {
        "id": job.client_job_id,
        "status": STATUS[job.status],
        "session_id": job.session_id,
        labels.LABEL: labels.of_job(job),
    }


def words(body: bytes | None) -> Mapping[str, Any]:
    """Find what the client said to itself, its metadata and the job's name, in the body it sent."""
    submitted = json.loads(body) if body else {}
    return {key: submitted.get(key) for key in ("metadata", "name")}


def view(job: JobRecord, said: Mapping[str, Any]) -> dict[str, Any]:
    """Show a whole job; `said` are the client's own words."""
    return {
        **_common(job),
        **said,
        "id": job.client_job_id,
        "type": job.echo.get("type", SINGLE),
        "parent_job_id": None,
        "stats": {"qubits": job.echo.get("qubits"), "circuits": job.circuits},
        "results": results(job),
        "output": output(job),
        "child_job_ids": children(job),
    }


def child_view(job: JobRecord, index: int, said: Mapping[str, Any]) -> dict[str, Any]:
    """Show one circuit of a job as a job of its own; it lives and ends with the others."""
    own = ids.child(job.client_job_id, index)
    done = job.status is JobStatus.COMPLETED and not job.echo.get("dry_run")
    return {
        **_common(job),
        **said,
        "id": own,
        "type": SINGLE,
        "parent_job_id": job.client_job_id,
        "stats": {"qubits": job.echo.get("qubits"), "circuits": 1},
        "results": _urls(own, "probabilities", "histogram", "shots") if done else None,
        "output": {},
        "child_job_ids": None,
    }


def children(job: JobRecord) -> list[str] | None:
    """Give the ids of a multi-circuit job's circuits."""
    return ids.children(job.client_job_id, job.circuits) if job.echo.get("type") == MULTI else None


def failure(job: JobRecord) -> dict[str, Any] | None:
    """Say why a job ended early; the SDK reads `error`, the specification has `message`."""
    if not job.reason or job.status not in {JobStatus.FAILED, JobStatus.CANCELLED}:
        return None
    return {"code": _failure_code(job), "message": job.reason, "error": job.reason}


def results(job: JobRecord) -> dict[str, Any] | None:
    """Point at what a completed job left; a dry run left nothing."""
    if job.status is not JobStatus.COMPLETED or job.echo.get("dry_run"):
        return None
    told = _artifact(documents.EXECUTION)
    match job.echo.get("type"):
        case "ionq.multi-circuit.v1":
            return {"probabilities": {"url": _url(job.client_job_id, "probabilities/aggregated")}, **told}
        case "ionq.qasm3.v1":
            return {**_artifact(documents.SHOTS_ARTIFACT), **_urls(job.client_job_id, "probabilities"), **told}
        case _:
            return {**_urls(job.client_job_id, "probabilities", "histogram", "shots"), **told}


def output(job: JobRecord) -> dict[str, Any]:
    """Point at the circuit of a dry run: as it was submitted, because a simulator compiles nothing."""
    if job.status is not JobStatus.COMPLETED or not job.echo.get("dry_run") or job.echo.get("type") != SINGLE:
        return {}
    return {"compilation": {"compiled_circuits": _artifact(documents.compiled_artifact(job.echo["gateset"]))}}


def _common(job: JobRecord) -> dict[str, Any]:
    shown = {
        "status": STATUS[job.status],
        "backend": _backend(job),
        "dry_run": bool(job.echo.get("dry_run")),
        "submitter_id": job.principal_id,
        "project_id": job.project_id,
        "session_id": job.session_id,
        "submitted_at": rfc3339(job.created_at),
        "started_at": _moment(job.started_at),
        "completed_at": _moment(job.finished_at),
        "predicted_wait_time_ms": None,
        "predicted_execution_duration_ms": round(job.estimated_seconds * _MILLI),
        "execution_duration_ms": round(job.usage_seconds * _MILLI) if job.finished_at else None,
        "shots": job.echo.get("shots"),
        "noise": job.echo.get("noise"),
        "failure": failure(job),
        "cost_model": "quantum_compute_time",
        "settings": job.echo.get("settings", {}),
        labels.LABEL: labels.of_job(job),
    }
    return {**shown, "warning": {"messages": said}} if (said := labels.warnings(job)) else shown


def _backend(job: JobRecord) -> str:
    """Name the backend as the client did; where the job is elsewhere, by the name of that place."""
    asked = job.echo.get("backend") if job.backend == job.asked_backend else None
    return str(asked or names.theirs(job.backend))


def _failure_code(job: JobRecord) -> str:
    if job.status is JobStatus.CANCELLED:
        return "SystemCancel"
    return "SimulationError" if job.kind is ExecutionKind.SIMULATOR else "QuantumComputerError"


def _urls(job_id: str, *kinds: str) -> dict[str, Any]:
    return {kind: {"url": _url(job_id, kind)} for kind in kinds}


def _url(job_id: str, kind: str) -> str:
    return f"/v0.4/jobs/{job_id}/results/{kind}"


def _artifact(name: str) -> dict[str, Any]:
    return {name: {"id": name, "media_type": _JSON}}


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)
