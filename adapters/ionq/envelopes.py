"""IonQ's own description of a job, with its ids made ours and our labels added; the rest stays as IonQ said it."""

import json
import re
from collections.abc import Mapping
from typing import Any

from adapters.ionq import documents, ids, jobs, labels
from gateway.domain.job import JobRecord, JobStatus

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def view(job: JobRecord, envelope: bytes, said: Mapping[str, Any]) -> dict[str, Any]:
    """Show a job that ran at IonQ.

    The status and the way it ended are those of the gateway's record, which is durable before it is shown.
    """
    told = _object(envelope)
    shown = _renamed(told, _names(job, told)) if "id" in told else jobs.view(job, said)
    done = job.status is JobStatus.COMPLETED
    return {
        **shown,
        "id": job.client_job_id,
        "status": jobs.STATUS[job.status],
        "parent_job_id": None,
        "child_job_ids": jobs.children(job) if told.get("child_job_ids") else None,
        "submitter_id": job.principal_id,
        "project_id": job.project_id,
        "session_id": job.session_id,
        **said,
        "failure": _failure(job, shown.get("failure")),
        "results": _by_format(shown.get("results")) if done else None,
        "output": _output(shown.get("output")),
        labels.LABEL: labels.of_job(job),
        **_warned(job, shown.get("warning")),
    }


def _warned(job: JobRecord, told: Any) -> dict[str, Any]:
    """Put our warnings behind IonQ's own, where the SDK shows them to its user."""
    messages = told.get("messages") if isinstance(told, dict) else None
    said = [*(messages if isinstance(messages, list) else []), *labels.warnings(job)]
    return {"warning": {"messages": said}} if said else {}


def _object(envelope: bytes) -> dict[str, Any]:
    try:
        told = json.loads(envelope)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _names(job: JobRecord, told: Mapping[str, Any]) -> dict[str, str]:
    """Pair IonQ's ids of this job, and of its circuits or of one circuit's variants, with ours."""
    theirs = told.get("child_job_ids") or documents.variants(told)
    paired = zip(theirs, ids.children(job.client_job_id, len(theirs)), strict=True)
    return {str(told.get("id")): job.client_job_id, **{str(each): own for each, own in paired}}


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """Replace ids wherever they stand, inside urls too."""
    if isinstance(value, dict):
        return {key: _renamed(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, names) for each in value]
    if isinstance(value, str):
        return _UUID.sub(lambda found: names.get(found[0], found[0]), value)
    return value


def _failure(job: JobRecord, told: Any) -> dict[str, Any] | None:
    """Keep IonQ's code and words, and put the words where the SDK looks too."""
    own = jobs.failure(job)
    if own is None or not isinstance(told, dict):
        return own
    return {**told, "error": told.get("error") or told.get("message") or job.reason}


def _by_format(entries: Any) -> Any:
    """Let an artifact's format be its id, which is the name under which it is kept."""
    if not isinstance(entries, dict):
        return entries
    return {
        key: {**each, "id": key} if isinstance(each, dict) and "id" in each else each for key, each in entries.items()
    }


def _output(told: Any) -> dict[str, Any]:
    output = told if isinstance(told, dict) else {}
    compilation = output.get("compilation")
    if not isinstance(compilation, dict):
        return output
    circuits = _by_format(compilation.get("compiled_circuits"))
    return {**output, "compilation": {**compilation, **({"compiled_circuits": circuits} if circuits else {})}}
