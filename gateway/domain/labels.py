"""What every dialect tells about where a job ran; each finds its own place for it in the vendor's format."""

from typing import Any

from gateway.domain.job import JobRecord


def of_job(job: JobRecord) -> dict[str, Any]:
    """Tell what ran a job, and why it was not what the client asked for."""
    return {
        "execution_kind": job.kind.value,
        "backend": job.backend,
        "asked_backend": job.asked_backend,
        "fallback_reason": job.fallback_reason or None,
        "decision_id": job.decision_id,
    }


def headers(job: JobRecord) -> dict[str, str]:
    """Give the headers that carry the same; the reason only after a fallback, and only in printable ASCII."""
    truth = {"qgw-execution-kind": job.kind.value, "qgw-backend": job.backend}
    if job.fallback_reason:
        truth["qgw-fallback-reason"] = _printable(job.fallback_reason)
    return truth


def _printable(text: str) -> str:
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text)
