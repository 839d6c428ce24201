"""The labels that say what computed a result, wherever a person or a program may look.

The SDK needs `simulator: false` in a configuration, or it asks for no calibration and opens no session.
So the truth stands everywhere else: in tags, metadata, headers, the status banner and the backend's name.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.domain.job import JobRecord

LABEL = "qgw"
"""The member of jobs, metrics and results that tells."""
TAG = "qgw:execution="
"""Begins the tag that every job shows; it is computed when shown and never stored."""


def tags(job: JobRecord) -> list[str]:
    """List a job's own tags and the one that says what ran it."""
    return [*job.tags, f"{TAG}{job.kind.value}"]


def own(submitted: Iterable[str]) -> tuple[str, ...]:
    """Leave out labels, so that a client can send back the tags it was shown, and cannot forge one."""
    return tuple(tag for tag in submitted if not tag.startswith(TAG))


def of_job(job: JobRecord) -> dict[str, Any]:
    """Tell what ran a job, and why it was not what the client asked for."""
    return {
        "execution_kind": job.kind.value,
        "backend": job.backend,
        "asked_backend": job.asked_backend,
        "fallback_reason": job.fallback_reason or None,
        "decision_id": job.decision_id,
    }


def of_result(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Tell what computed a result, in the upstream's words: kind, method, seed, noise, options not applied."""
    return {"execution_kind": "unknown", **metadata}


def headers(job: JobRecord) -> dict[str, str]:
    """Give the headers that carry the same; the reason only after a fallback."""
    truth = {"qgw-execution-kind": job.kind.value, "qgw-backend": job.backend}
    if job.fallback_reason:
        truth["qgw-fallback-reason"] = _printable(job.fallback_reason)
    return truth


def _printable(text: str) -> str:
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text)
