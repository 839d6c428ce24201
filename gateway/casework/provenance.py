"""Where a job comes from, whole: the document that was sealed at its submission, with what its outcome added.

The ledger names the digest of the sealed document. Erased with its job it cannot be had back, and then only what the
ledger says is left.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import msgspec

from gateway.casework.inspection import Entry, Inspection
from gateway.domain.backend import ExecutionKind
from gateway.domain.job import JobRecord
from gateway.domain.provenance import KIND, Origin
from gateway.vault.vault import ErasedError, Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """One job's provenance."""

    job: JobRecord
    sealed: bytes | None = field(repr=False)
    """The document as it was sealed at submission; `None` where it was erased, or the job is older than the schema."""
    digest: str | None
    """What the ledger says is its SHA-256."""
    outcome: Mapping[str, Mapping[str, Any]]
    """Fields that its end added."""

    @property
    def holds(self) -> bool:
        """Whether the sealed document is the one that the ledger names."""
        return self.sealed is not None and sha256(self.sealed).hexdigest() == self.digest

    @property
    def document(self) -> Mapping[str, Any] | None:
        """Give the document of the schema, with the outcome's fields filled in."""
        if self.sealed is None:
            return None
        whole = msgspec.json.decode(self.sealed, type=dict[str, Any])
        whole["fields"] = {**whole["fields"], **deepcopy(dict(self.outcome))}
        return whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenances:
    """Reads provenance; whose it is must be checked by who asks."""

    inspection: Inspection
    vault: Vault

    async def of(self, name: str) -> Traced:
        """Trace one job, by the id that its client knows or by ours.

        Raises:
            JobUnknownError: there is none of this name.
        """
        report = await self.inspection.job(name)
        entries = {entry.type: entry for entry in report.entries}
        said = entries["job.permitted"].body.get("provenance") if "job.permitted" in entries else None
        outcome = entries.get("job.completed")
        return Traced(
            job=report.job,
            sealed=await self.sealed(report.job.id),
            digest=None if said is None else said["digest"],
            outcome={} if outcome is None else dict(_ended(outcome)),
        )

    async def sealed(self, job_id: str) -> bytes | None:
        """Open the document that was sealed at submission; `None` where there is none any more."""
        try:
            return await self.vault.open(object_id=job_id, kind=KIND)
        except ErasedError:
            return None


def _ended(entry: Entry) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Read what a result's entry adds, by field; where a simulator ran it, the gateway knows by itself."""
    body = entry.body
    execution, cost = body.get("execution") or {}, body.get("cost")
    simulated = body.get("execution_kind") == ExecutionKind.SIMULATOR
    found = {
        "calibration.executed": (body.get("execution_calibration"), Origin.MEASURED if simulated else Origin.REPORTED),
        "software.executor": (execution.get("simulator") or execution.get("vendor"), Origin.MEASURED),
        "seeds.used": (execution.get("seed"), Origin.MEASURED),
        "result.digest": ((body.get("result") or {}).get("digest"), Origin.MEASURED),
        "cost.settled_micros": (None if cost is None else cost["settled_micros"], Origin.MEASURED),
    }
    for name, (value, origin) in found.items():
        if value is not None:
            yield name, {"value": str(value) if name == "seeds.used" else value, "origin": origin.value}
