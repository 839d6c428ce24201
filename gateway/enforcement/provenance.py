"""The record of where a permitted job comes from, as it is sealed beside its payload and named in its entry."""

from dataclasses import dataclass, field
from hashlib import sha256
from importlib.metadata import version
from typing import Any, Final

import msgspec

from gateway.domain.clock import rfc3339
from gateway.domain.job import JobRecord
from gateway.domain.provenance import KIND, Origin, Provenance, Told
from gateway.enforcement.case import Case
from gateway.policy.provenance import submitted

__all__ = ["KIND", "Record", "record"]

_GATEWAY: Final = f"quantum-governance-gateway {version('quantum-governance-gateway')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One job's provenance at submission: the document, and what its entry says of it."""

    document: bytes = field(repr=False)
    """Canonical JSON."""
    entry: dict[str, Any]


def record(case: Case, job: JobRecord) -> Record:
    """Write down where a job comes from, for the place where it will run."""
    known = _known(case)
    told = known.document(job=job.id, submitted_at=rfc3339(job.created_at))
    document = msgspec.json.encode(told, order="sorted")
    entry = {name: told[name] for name in ("schema", "complete", "score", "missing")}
    return Record(document=document, entry={**entry, "digest": sha256(document).hexdigest()})


def _known(case: Case) -> Provenance:
    decision = case.decision
    known = submitted(
        submission=case.submission,
        measured=case.measured,
        classification=case.survey.classification,
        backend=case.backend,
        calibration=case.calibration,
        quote=case.quote,
    )
    decided = {
        "policy.decision": decision.id,
        "policy.revision": decision.policy_revision,
        "policy.data_revision": decision.data_revision,
        "policy.facts_digest": decision.facts_digest,
    }
    return Provenance(
        {
            **known.told,
            "software.gateway": Told(_GATEWAY, Origin.MEASURED),
            **{name: Told(value, Origin.DECIDED) for name, value in decided.items()},
        }
    )
