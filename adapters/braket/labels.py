"""The labels that say what computed a result, and tags, which are a map at AWS and texts here.

A tag `owner` with the value `ada` is the text `owner=ada`, so `qgw:classification` and `qgw:simulator` work as tags
of a task. The label `qgw:execution` is added when a task is shown and never stored.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.domain.job import JobRecord

KEY = "qgw:execution"


def texts(tags: Mapping[str, str]) -> tuple[str, ...]:
    """Write a tag map as texts, without labels, so that a client can send back what it was shown and forges none."""
    return tuple(f"{key}={value}" for key, value in tags.items() if key != KEY)


def shown(job: JobRecord) -> dict[str, str]:
    """Give a job's tags as a map, and the one that says what ran it."""
    pairs = (tag.partition("=") for tag in job.tags)
    return {**{key: value for key, _, value in pairs}, KEY: job.kind.value}


def beginnings(keys: Iterable[str]) -> tuple[str, ...]:
    """Give what the tags of these keys begin with."""
    return tuple(f"{key}=" for key in keys if key != KEY)


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
