"""Made-up records for tests of the store and the ledger: each complete, each changed by keyword."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from gateway.audit.entry import encode
from gateway.domain.backend import ExecutionKind
from gateway.domain.budget import Charge, Level, Limit, Payer, Period, Unit, Window
from gateway.domain.chain import Head
from gateway.domain.circuit import CircuitFacts
from gateway.domain.ids import ClientJobId, JobId, KeyId, PrincipalId, ProjectId, uuid7
from gateway.domain.job import JobRecord, JobStatus
from gateway.domain.writes import EntryDraft, HoldWrite, Leaf, OutboxWrite, SealedWrite

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_numbers = count()


class StillClock:
    """A clock that moves only when it is told to."""

    def __init__(self, moment: datetime = NOW) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


def new_id() -> str:
    """A UUIDv7 unlike any before."""
    return uuid7(NOW, next(_numbers).to_bytes(10, "big"))


def draft(
    type_: str = "requests.refused", at: datetime = NOW, project_id: str | None = None, **body: Any
) -> EntryDraft:
    """An entry of the type with the fewest fields, unless another is asked for."""
    content = body or {"codes": {"key-revoked": 1}}
    return EntryDraft(event_id=new_id(), type=type_, at=at, project_id=project_id, body=content)


def leaf(at: datetime = NOW, **body: Any) -> Leaf:
    return encode(draft(at=at, codes=body))


def genesis(origin: str = "test/ledger") -> Head:
    return Head(origin=origin, size=0, frontier=b"", last_hash=bytes(32), last_at=NOW)


def job(**changes: Any) -> JobRecord:
    number = new_id()
    record = JobRecord(
        id=JobId(number),
        client_job_id=ClientJobId(f"c-{number}"),
        dialect="ibm",
        project_id=ProjectId("project-1"),
        principal_id=PrincipalId("principal-1"),
        key_id=KeyId("key000000001"),
        program="sampler",
        asked_backend="ibm_brisbane",
        backend="sim_heavyhex_127",
        upstream="aer",
        kind=ExecutionKind.SIMULATOR,
        fallback_reason="the backend is not connected",
        status=JobStatus.PERMITTED,
        reason="",
        reason_code=None,
        created_at=NOW,
        started_at=None,
        finished_at=None,
        tags=(),
        session_id=None,
        private=False,
        max_execution_seconds=None,
        circuits=2,
        total_shots=8192,
        estimated_seconds=1.25,
        usage_seconds=0.0,
        calibration_digest=None,
        decision_id=new_id(),
        payload_digest="ab" * 32,
        program_digest="cd" * 32,
        stages={"received": "2026-03-01T12:00:00.000000Z"},
        echo={"cost": 600, "runtime": None},
    )
    return replace(record, **changes)


def circuit(**changes: Any) -> CircuitFacts:
    """A measured Bell pair."""
    bell = CircuitFacts(
        digest="ab" * 32,
        qubits_used=2,
        qubits_declared=2,
        clbits=2,
        depth=3,
        size=4,
        gates={"h": 1, "cx": 1, "measure": 2},
        gates_by_arity={"1": 1, "2": 1},
        two_qubit_gates=1,
        multi_qubit_gates=0,
        measurements=2,
        measured_bits=2,
        mid_circuit_measurements=0,
        resets=0,
        control_flow=0,
        parameters=0,
        bindings=1,
        shots=8,
        observables=0,
        clifford=True,
        rotations=0,
        two_qubit_depth=1,
    )
    return replace(bell, **changes)


def sealed(object_id: str, kind: str = "payload") -> SealedWrite:
    return SealedWrite(
        object_id=object_id,
        kind=kind,
        project_id="project-1",
        key_version=1,
        wrapped_dek=b"wrapped",
        ciphertext=b"ciphertext",
        ciphertext_digest="ef" * 32,
        plaintext_bytes=10,
    )


def payer(**changes: Any) -> Payer:
    whole = Payer(
        team="quantum",
        project_id="project-1",
        principal_id="principal-1",
        key_id="key000000001",
        upstream="aer",
        backend="sim_heavyhex_127",
    )
    return replace(whole, **changes)


def hold(job_id: str, action: str = "hold", amount_micros: int = 700, **changes: Any) -> HoldWrite:
    write = HoldWrite(
        job_id=job_id,
        project_id="project-1",
        action=action,
        charge=Charge(micros=amount_micros, currency="USD", jobs=1, circuits=2, shots=8192),
        payer=payer(),
        estimate_micros=600,
        price_revision="12" * 32,
        at=NOW,
        held_at=NOW,
        native=(8192, "shots"),
    )
    return replace(write, **changes)


def limit(**changes: Any) -> Limit:
    """A monthly budget of a project, unless something else is asked for."""
    whole = Limit(
        id=new_id(),
        name=f"limit-{next(_numbers)}",
        level=Level.PROJECT,
        target="project-1",
        unit=Unit.MONEY,
        currency="USD",
        amount=1000,
        soft_amount=None,
        window=Window(period=Period.MONTH),
        created_at=NOW,
    )
    return replace(whole, **changes)


def outbox(job_id: str, attempt: int = 1, kind: ExecutionKind = ExecutionKind.SIMULATOR) -> OutboxWrite:
    return OutboxWrite(
        job_id=job_id,
        attempt=attempt,
        upstream="aer",
        backend="sim_heavyhex_127",
        kind=kind,
        fallback=True,
        reason="the backend is not connected",
        lease_until=NOW + timedelta(seconds=60),
    )
