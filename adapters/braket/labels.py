"""The labels that say what computed a result, and tags, which are a map at AWS and texts here.

A tag `owner` with the value `ada` is the text `owner=ada`, so `qgw:classification` and `qgw:simulator` work as tags
of a task. The label `qgw:execution` is added when a task is shown and never stored, and so is `qgw:changed` where
policy had a task changed: an SDK drops what it does not know of a task, but not its tags.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.domain.job import JobRecord
from gateway.domain.labels import headers, of_job

__all__ = ["KEY", "beginnings", "headers", "of_job", "of_result", "shown", "texts"]

KEY = "qgw:execution"
CHANGED = "qgw:changed"
_OURS = frozenset({KEY, CHANGED})
_LONGEST = 256
"""Characters of a tag's value at AWS."""


def texts(tags: Mapping[str, str]) -> tuple[str, ...]:
    """Write a tag map as texts, without labels, so that a client can send back what it was shown and forges none."""
    return tuple(f"{key}={value}" for key, value in tags.items() if key not in _OURS)


def shown(job: JobRecord) -> dict[str, str]:
    """Give a job's tags as a map, and those that say what ran it, and what was changed before."""
    pairs = (tag.partition("=") for tag in job.tags)
    changed = {CHANGED: "; ".join(job.obliged.words)[:_LONGEST]} if job.obliged.words else {}
    return {**{key: value for key, _, value in pairs}, KEY: job.kind.value, **changed}


def beginnings(keys: Iterable[str]) -> tuple[str, ...]:
    """Give what the tags of these keys begin with."""
    return tuple(f"{key}=" for key in keys if key not in _OURS)


def of_result(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Tell what computed a result, in the upstream's words: kind, method, seed, noise, options not applied."""
    return {"execution_kind": "unknown", **metadata}
