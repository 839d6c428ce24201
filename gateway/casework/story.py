"""One job's whole story, and the grounds of what the ledger tells: facts, policies, calibrations, by their digests.

Everything here is looked up by digest and held against it, so that what is shown is what was judged by, or is said to
be missing. What was erased stays a digest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from statistics import median
from typing import Any, Final

import msgspec

from gateway.casework.inspection import Entry, JobReport
from gateway.domain.backend import Calibration
from gateway.domain.errors import RefusedError
from gateway.policy import metadata
from gateway.policy.bundle import Bundle
from gateway.policy.metadata import Metadata
from gateway.store import calibrations, holds, policies
from gateway.store.engine import Database
from gateway.store.policies import Revision
from gateway.vault.vault import Vault

BEGUN: Final = "job.permitted"
ENDED: Final = frozenset({"job.completed", "job.failed", "job.cancelled", "job.closed", "approval.rejected"})
TWO_QUBITS: Final = 2


class RevisionUnknownError(RefusedError):
    """No policy, data or price list of that digest is stored here."""

    code = "revision-unknown"

    def __init__(self, digest: str) -> None:
        super().__init__(
            f"no policy, table or price list has the digest {digest[:80]!r} here; entries of the type policy.loaded "
            "name those that were ever in use"
        )
        self.digest = digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What one decision rested on."""

    facts: Mapping[str, Any] | None = field(repr=False)
    """All facts, as they were judged; nothing where they were erased or never kept."""
    facts_hold: bool
    """Whether they have the digest that the entry names."""
    missing: str = ""
    """Why there are none, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A calibration in a few numbers: medians over the qubits, and over the gates on two of them."""

    digest: str
    backend: str
    taken_at: datetime
    qubits: int
    t1_seconds: float | None
    t2_seconds: float | None
    readout_error: float | None
    two_qubit_error: float | None
    provenance: Mapping[str, str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a job was reserved and charged; nothing where nothing was held, or it is still open."""

    currency: str
    held_micros: int | None
    settled_micros: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One job from its submission to its end, with everything that was kept of it but payload and results."""

    report: JobReport
    begun: Entry
    """The entry that permitted it, with decision, quote and digests."""
    ended: Entry | None
    grounds: Grounds | None
    judged_by: Snapshot | None
    """The calibration that its decision rested on."""
    ran_on: Snapshot | None
    """The calibration that was valid when it ran."""
    cost: Cost
    provenance: Mapping[str, Any] | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyText:
    """A stored revision, file by file."""

    digest: str
    kind: str
    """`policy`, `data` or `prices`."""
    first_used_at: datetime
    files: Mapping[str, str]
    """Path to text; tables are shown as indented JSON."""
    rules: Mapping[str, Metadata]
    """Id of each rule to its manual, with its path as key of `files` in `paths`."""
    paths: Mapping[str, str]
    holds: bool
    """Whether what is stored has the digest that names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stories:
    """Looks up what entries name."""

    database: Database
    vault: Vault

    async def tell(self, report: JobReport) -> Story:
        """Tell a job's story; `report` has its entries, oldest first."""
        job = report.job
        begun = next((entry for entry in report.entries if entry.type == BEGUN), report.entries[0])
        return Story(
            report=report,
            begun=begun,
            ended=next((entry for entry in reversed(report.entries) if entry.type in ENDED), None),
            grounds=await self.grounds(begun),
            judged_by=await self.snapshot(job.calibration_digest),
            ran_on=await self.snapshot(job.execution_calibration),
            cost=await self.cost(job.id),
            provenance=await self.provenance(job.id),
        )

    async def grounds(self, entry: Entry) -> Grounds | None:
        """Open the facts that an entry's decision was made on; nothing where it tells of no decision."""
        decision = entry.body.get("decision")
        if not isinstance(decision, Mapping):
            return None
        try:
            facts = await self.vault.open(object_id=str(decision["id"]), kind="facts")
        except RefusedError as error:
            return Grounds(facts=None, facts_hold=False, missing=error.message)
        holding = sha256(facts).hexdigest() == decision.get("facts_digest")
        return Grounds(facts=msgspec.json.decode(facts), facts_hold=holding)

    async def provenance(self, job_id: str) -> Mapping[str, Any] | None:
        """Open where a job comes from, as `qgw.provenance/1` has it; nothing where it was erased or never kept."""
        try:
            document = await self.vault.open(object_id=job_id, kind="provenance")
        except RefusedError:
            return None
        return msgspec.json.decode(document, type=dict[str, Any])

    async def snapshot(self, digest: str | None) -> Snapshot | None:
        """Sum a stored calibration up."""
        if not digest:
            return None
        async with self.database.reading() as connection:
            content = await calibrations.content(connection, digest)
        return None if content is None else _summed(msgspec.json.decode(content, type=Calibration))

    async def cost(self, job_id: str) -> Cost:
        """Read what the books say of a job."""
        async with self.database.reading() as connection:
            currency, held, settled = await holds.cost(connection, job_id)
        return Cost(currency=currency, held_micros=held, settled_micros=settled)

    async def policy(self, digest: str) -> PolicyText:
        """Read a revision back.

        Raises:
            RevisionUnknownError: there is none.
        """
        async with self.database.reading() as connection:
            stored = await policies.load(connection, digest)
        if stored is None:
            raise RevisionUnknownError(digest)
        return _text(stored)

    async def revisions(self) -> list[Revision]:
        """List every revision that was ever in use, newest first, without its content."""
        async with self.database.reading() as connection:
            return await policies.every(connection)


def _summed(calibration: Calibration) -> Snapshot:
    qubits = calibration.qubits
    pairs = [gate.error for gate in calibration.gates if len(gate.qubits) == TWO_QUBITS]
    return Snapshot(
        digest=calibration.digest,
        backend=calibration.backend,
        taken_at=calibration.taken_at,
        qubits=len(qubits),
        t1_seconds=_median([each.t1_seconds for each in qubits]),
        t2_seconds=_median([each.t2_seconds for each in qubits]),
        readout_error=_median([each.readout_error for each in qubits]),
        two_qubit_error=_median(pairs),
        provenance=calibration.provenance,
    )


def _median(values: list[float]) -> float | None:
    return median(values) if values else None


def _text(stored: Revision) -> PolicyText:
    match stored.kind:
        case "policy":
            rego: Mapping[str, str] = msgspec.json.decode(stored.content, type=dict[str, str])
            files, found = rego, _bundle(rego=rego).policy_revision
        case "data":
            tables: Mapping[str, Any] = msgspec.json.decode(stored.content, type=dict[str, Any])
            files = {path: _indented(msgspec.json.encode(table)) for path, table in tables.items()}
            found = _bundle(tables=tables).data_revision
        case _:
            files, found = {"prices.json": _indented(stored.content)}, sha256(stored.content).hexdigest()
    paths = {rule: path for path in files if (rule := _rule(path))}
    return PolicyText(
        digest=stored.digest,
        kind=stored.kind,
        first_used_at=stored.first_used_at,
        files=dict(sorted(files.items())),
        rules={rule: metadata.read(files[path]) for rule, path in sorted(paths.items())},
        paths=paths,
        holds=found == stored.digest,
    )


def _bundle(*, rego: Mapping[str, str] | None = None, tables: Mapping[str, Any] | None = None) -> Bundle:
    return Bundle(rego=rego or {}, tests={}, tables=tables or {}, selftests=())


def _rule(path: str) -> str:
    """Give the id of the rule that a file of a bundle is; empty where it is none."""
    parts = path.split("/")
    ours = path.startswith("gateway/rules/") and path.endswith(f"/{parts[-2]}.rego")
    return f"{parts[2]}/{parts[3].replace('_', '-')}" if ours else ""


def _indented(document: bytes) -> str:
    return msgspec.json.format(document, indent=2).decode()
