"""What every dialect tells about where a job ran; each finds its own place for it in the vendor's format."""

from typing import Any, Final

from gateway.domain.job import JobRecord

_LONGEST: Final = 2000
"""Characters of a header; clients give up on a head that is much longer."""
RECEIPT: Final = "qgw-receipt"
"""The header of every answer about a job, and of a refusal by policy: the path of its receipt."""


def receipt(name: str) -> str:
    """Give the path of the receipt for a job, by its client's id, or for a refusal, by its decision's."""
    return f"/api/v1/receipts/{name}"


def of_job(job: JobRecord) -> dict[str, Any]:
    """Tell what ran a job, why it was not what the client asked for, and what policy changed in it or warns of."""
    said = {"changes": list(job.obliged.words), "warnings": list(job.obliged.warned)}
    return {
        **{name: words for name, words in said.items() if words},
        "execution_kind": job.kind.value,
        "backend": job.backend,
        "asked_backend": job.asked_backend,
        "fallback_reason": job.fallback_reason or None,
        "decision_id": job.decision_id,
        "receipt": receipt(job.client_job_id),
    }


def headers(job: JobRecord) -> dict[str, str]:
    """Give the headers that carry the same; reasons only where there are any, in printable ASCII."""
    truth = {"qgw-execution-kind": job.kind.value, "qgw-backend": job.backend}
    if job.fallback_reason:
        truth["qgw-fallback-reason"] = _printable(job.fallback_reason)
    if job.obliged.words:
        truth["qgw-changed"] = _printable("; ".join(job.obliged.words))
    if job.obliged.warned:
        truth["qgw-warning"] = _printable("; ".join(job.obliged.warned))[:_LONGEST]
    return truth


def _printable(text: str) -> str:
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text)
