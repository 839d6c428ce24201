"""What webhooks get when the gateway warns: CloudEvents 1.0 in JSON, structured mode."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from gateway.domain.approval import ApprovalRequest
from gateway.domain.clock import rfc3339
from gateway.domain.job import JobRecord
from gateway.domain.synthetic import is_synthetic
from gateway.domain.writes import RowWrite
from gateway.store import warnings
from gateway.store.warnings import Letter


def cloud_event(source: str, event_id: str, type_: str, at: datetime, *, subject: str, data: Mapping[str, Any]) -> str:
    """Write one event; `type_` is the entry's, and `source` the name of this deployment."""
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": event_id,
            "source": source,
            "type": f"qgw.{type_}",
            "subject": subject,
            "time": rfc3339(at),
            "datacontenttype": "application/json",
            "data": data,
        }
    ).decode()


def ask_for_approval(
    webhooks: Sequence[str], source: str, request: ApprovalRequest, job: JobRecord
) -> tuple[RowWrite, ...]:
    """Make the letters that tell of a job which waits for a second person; they name nobody, and no circuit."""
    if is_synthetic(job.project_id):
        # The self-test ends its own jobs by itself, and asks nobody.
        return ()
    body = cloud_event(
        source,
        request.event_id,
        "approval.requested",
        request.asked_at,
        subject=job.client_job_id,
        data={
            "job": job.client_job_id,
            "project": job.project_id,
            "backend": request.backend,
            "circuits": job.circuits,
            "shots": job.total_shots,
            "amount_micros": request.amount_micros,
            "currency": request.currency or None,
            "reasons": [each.reason for each in request.demands],
            "expires_at": rfc3339(request.expires_at),
        },
    )
    letters = (Letter(event_id=request.event_id, webhook=name, body=body) for name in webhooks)
    return tuple(warnings.write_letter(each, at=request.asked_at) for each in letters)
