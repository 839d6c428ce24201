"""How IonQ tells of a job: in a list, and whole.

Addresses of results are relative to the vendor's host and carry the version of the API, for that is what its SDK takes
apart. What is not there yet is null, never absent.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tests.fakes.vendors.ionq.job import Job
from tests.fakes.vendors.ionq.measured import VARIANTS
from tests.fakes.vendors.ionq.wire import MultiSubmission, QasmSubmission
from tests.fakes.vendors.ionq.words import iso, stamp


def listed(job: Job) -> dict[str, Any]:
    """Give a job as lists of jobs do."""
    asked = job.submission
    simulated = {} if job.device.hardware else {"noise": _noise(job)}
    return {
        "id": job.id,
        "status": job.status,
        "type": asked.type,
        "backend": job.device.name,
        "dry_run": asked.dry_run,
        "submitter_id": job.submitter_id,
        "project_id": job.project_id,
        "parent_job_id": job.parent.id if job.parent else None,
        "session_id": asked.session_id,
        "metadata": asked.metadata,
        "name": asked.name,
        "submitted_at": stamp(job.submitted_at),
        "started_at": iso(job.started_at),
        "completed_at": iso(job.ended_at),
        "predicted_wait_time_ms": job.device.queue_ms,
        "predicted_execution_duration_ms": job.compute_us() // 1000,
        "execution_duration_ms": _ran_ms(job),
        "shots": asked.shots,
        **simulated,
        "failure": asdict(job.failure) if job.failure else None,
        "cost_model": "quantum_compute_time",
        "output": _output(job),
        "settings": asked.settings.model_dump(exclude_unset=True) if asked.settings else {},
        "stats": _stats(job),
        "results": _results(job),
    }


def whole(job: Job) -> dict[str, Any]:
    """Give all of a job."""
    return listed(job) | {"child_job_ids": [child.id for child in job.children] or None}


def _noise(job: Job) -> dict[str, Any]:
    noise = job.submission.noise
    seed = {} if noise is None or noise.seed is None else {"seed": noise.seed}
    return {"model": noise.model if noise else "ideal"} | seed


def _ran_ms(job: Job) -> int | None:
    if job.started_at is None or job.ended_at is None:
        return None
    return round((job.ended_at - job.started_at) * 1000)


def _stats(job: Job) -> dict[str, Any]:
    sizes = job.sizes()
    counts = {"1q": sum(each.one_qubit_gates for each in sizes), "2q": sum(each.two_qubit_gates for each in sizes)}
    stats = {
        "qubits": max(each.qubits for each in sizes),
        "circuits": len(sizes),
        "gate_counts": counts,
        "predicted_quantum_compute_time_us": job.compute_us(),
    }
    if job.status != "completed" or job.submission.dry_run:
        return stats
    used = job.compute_us()
    return stats | {"billed_quantum_compute_time_us": used, "kwh": job.device.kw * used / 3.6e9}


def _output(job: Job) -> dict[str, Any]:
    if job.submission.dry_run and job.formats():
        circuits = {name: {"id": artifact} for name, artifact in job.formats().items()}
        return {"compilation": {"compiled_circuits": circuits}}
    if job.variants():
        views = [_variant(job, variant, place) for place, variant in enumerate(job.variants())]
        return {"compilation": {}, "error_mitigation": {"debiasing": {"variants": views}}}
    return {}


def _variant(job: Job, variant: str, place: int) -> dict[str, Any]:
    qubits = job.sizes()[0].qubits
    return {
        "variant_id": variant,
        "qubit_map": [(qubit + place) % job.device.qubits for qubit in range(qubits)],
        "shots": len(range(place, job.submission.shots, VARIANTS)),
        "results": _urls(job, f"variants/{variant}/results", ("probabilities", "histogram", "shots")),
    }


def _results(job: Job) -> dict[str, Any] | None:
    if job.status != "completed" or job.submission.dry_run:
        return None
    if isinstance(job.submission, MultiSubmission):
        return {"probabilities": {"url": f"/v0.4/jobs/{job.id}/results/probabilities/aggregated"}}
    if isinstance(job.submission, QasmSubmission):
        return {name: {"id": artifact} for name, artifact in job.formats().items()}
    return _urls(job, "results", ("probabilities",) if job.exact else ("probabilities", "histogram", "shots"))


def _urls(job: Job, path: str, names: Sequence[str]) -> dict[str, Any]:
    return {name: {"url": f"/v0.4/jobs/{job.id}/{path}/{name}"} for name in names}
