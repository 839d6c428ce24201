"""IBM's own description of a job and of its metrics, ids made ours and our label added; the rest is as IBM said."""

from collections.abc import Mapping
from typing import Any

from adapters.ibm import labels
from adapters.ibm.documents import parsed
from gateway.domain.job import JobRecord

_CRN = "crn:"


def job(job: JobRecord, envelope: bytes, own: Mapping[str, Any]) -> dict[str, Any]:
    """Show a job that ran at IBM.

    The status, and why it ended, are those of the gateway's record, which is durable before it is shown.

    Args:
        job: our record.
        envelope: IBM's JSON.
        own: what would be shown without it.
    """
    told = parsed(envelope)
    if not told:
        return dict(own)
    return {
        **_mapped(told, {str(told.get("id")): job.client_job_id}),
        "id": job.client_job_id,
        "state": _state(told.get("state"), own["state"]),
        "status": own["status"],
        "user_id": job.principal_id,
        "tags": labels.tags(job),
        **({"session_id": job.session_id} if job.session_id is not None else {}),
        labels.LABEL: labels.of_job(job),
    }


def metrics(job: JobRecord, told: bytes) -> dict[str, Any]:
    """Show what IBM measured about a job."""
    return {**discreet(parsed(told)), labels.LABEL: labels.of_job(job)}


def discreet(told: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what names the account that asked."""
    mapped: dict[str, Any] = _mapped(told, {})
    return mapped


def _mapped(value: Any, names: Mapping[str, str]) -> Any:
    """Replace ids wherever they stand alone, and leave out what names the account that paid."""
    if isinstance(value, dict):
        return {key: _mapped(each, names) for key, each in value.items() if not _is_account(each)}
    if isinstance(value, list):
        return [_mapped(each, names) for each in value if not _is_account(each)]
    return names.get(value, value) if isinstance(value, str) else value


def _is_account(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(_CRN)


def _state(told: Any, own: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what IBM adds to a status, such as what to do about it, where it speaks of the same one."""
    same = isinstance(told, dict) and told.get("status") == own["status"]
    return {**told, **own} if same else dict(own)
