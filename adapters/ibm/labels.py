"""The labels that say what computed a result, wherever a person or a program may look.

The SDK needs `simulator: false` in a configuration, or it asks for no calibration and opens no session.
So the truth stands everywhere else: in tags, metadata, headers, the status banner and the backend's name.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.domain.job import JobRecord
from gateway.domain.labels import headers, of_job

__all__ = ["LABEL", "TAG", "headers", "of_job", "of_result", "own", "tags"]

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


def of_result(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Tell what computed a result, in the upstream's words: kind, method, seed, noise, options not applied."""
    return {"execution_kind": "unknown", **metadata}
