"""Who and what the golden facts tell of: one principal, one project, one submission, and the places it may go."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.domain.approval import ApprovalRequest, ApprovalState, Demand, Verdict
from gateway.domain.backend import Backend, ExecutionKind, Feasibility
from gateway.domain.budget import Level, Limit, Period, Standing, Unit, Window
from gateway.domain.classification import Classification
from gateway.domain.ids import ClientJobId, JobId, KeyId, PrincipalId, ProjectId
from gateway.domain.leaks import Leak, Place
from gateway.domain.principal import Key, Principal, PrincipalKind, Project, WorkloadClass
from gateway.domain.submission import Submission
from gateway.domain.witnessing import Cosigned, Witnessing
from gateway.policy.facts import SimulatorFacts
from tests import records

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
DIGEST = "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"

PRINCIPAL = Principal(
    id=PrincipalId("p-7f3a"), name="ada", kind=PrincipalKind.PERSON, created_at=NOW - timedelta(days=90)
)
PROJECT = Project(
    id=ProjectId("pr-20c1"),
    name="catalysis",
    team="chemistry",
    classification_floor=Classification.INTERNAL,
    workload_class=WorkloadClass.EXPERIMENTAL,
    simulator_consent=False,
    backends=None,
    created_at=NOW - timedelta(days=90),
)
KEY = Key(
    id=KeyId("k-91d0"),
    principal_id=PRINCIPAL.id,
    project_id=PROJECT.id,
    label="notebook",
    roles=("scientist",),
    classification=None,
    simulator_consent=None,
    created_at=NOW - timedelta(days=3),
    not_before=NOW - timedelta(days=3),
    expires_at=NOW + timedelta(days=87),
    revoked_at=None,
    created_by="admin",
)
SUBMISSION = Submission(
    dialect="ibm",
    program="sampler",
    backend="sim_line_5",
    body=b"{}",
    body_digest="44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    options={"default_shots": 1000, "execution": {"init_qubits": True}},
    tags=(),
    session_id=None,
    private=False,
    max_execution_seconds=None,
    calibration_id=None,
    unknown_fields=(),
    sdk="qiskit-ibm-runtime 0.51.0 qiskit 2.6.2",
    compiler="qiskit 2.6.2",
    echo={},
)
CIRCUIT = records.circuit(
    digest=DIGEST,
    qubits_declared=5,
    shots=1000,
    largest_component=2,
    fingerprint="55dfa35faddd8ba0fa2cb4da7bbe31d6",
)
EMULATED = Backend(
    name="sim_line_5",
    upstream="aer",
    vendor="gateway",
    region="local",
    kind=ExecutionKind.SIMULATOR,
    qubits=5,
    basis_gates=("cx", "rz", "sx", "x"),
    gates=(),
    coupling_map=((0, 1), (1, 2), (2, 3), (3, 4)),
    supported_instructions=("cx", "measure", "rz", "sx", "x"),
    max_shots=100_000,
    max_circuits=300,
    dynamic_circuits=True,
    processor_family="Emulated",
    processor_revision="1",
    version="1.0.0",
    online_since=NOW - timedelta(days=30),
    description="an emulated line of five qubits",
    rep_delay_seconds=(0.0, 0.00025, 0.0005),
    dt_seconds=2.2e-10,
)
HARDWARE = replace(
    EMULATED,
    name="ibm_lund",
    upstream="ibm",
    vendor="ibm",
    region="eu-de",
    kind=ExecutionKind.HARDWARE,
    qubits=156,
    processor_family="Heron",
)


def leak(rule: str, place: Place, circuit: int | None = None) -> Leak:
    """One thing that was found in a text."""
    return Leak(rule=rule, place=place, circuit=circuit, count=1)


def simulator(**changes: Any) -> SimulatorFacts:
    """The simulator that would run it."""
    feasibility = Feasibility(feasible=True, method="stabilizer", cpu_seconds=0.0201, memory_bytes=2**20, reason="")
    made = SimulatorFacts(backend="sim_line_5", feasibility=feasibility)
    return replace(made, **changes)


def infeasible(reason: str) -> Feasibility:
    """What cannot run, and why."""
    return Feasibility(feasible=False, method=None, cpu_seconds=float("inf"), memory_bytes=2**60, reason=reason)


def standing(unit: Unit, *, allowed: int, taken: int, held: int = 0, **changes: Any) -> Standing:
    """One limit of the project, and how it stands."""
    limit = Limit(
        id="l-3c55",
        name=f"catalysis-{unit.value}",
        level=Level.PROJECT,
        target=PROJECT.id,
        unit=unit,
        currency="EUR" if unit is Unit.MONEY else "",
        amount=allowed,
        soft_amount=None,
        window=Window(period=Period.MONTH, zone="Europe/Stockholm"),
        created_at=NOW - timedelta(days=60),
    )
    return Standing(
        limit=replace(limit, **changes),
        allowed=allowed,
        held=held,
        settled=taken,
        begins_at=datetime(2026, 10, 31, 23, 0, tzinfo=UTC),
        resets_at=datetime(2026, 11, 30, 23, 0, tzinfo=UTC),
    )


def witnessed(*minutes: int, required: int = 2, refused: str | None = None) -> Witnessing:
    """How far witnesses have seen the ledger, the last of them so many minutes ago."""
    seen = [NOW - timedelta(minutes=each) for each in minutes]
    enough = len(seen) >= required > 0
    return Witnessing(
        required=required,
        configured=3,
        signed_size=1000,
        cosigned_size=990 if enough else 0,
        cosigned_at=sorted(seen, reverse=True)[required - 1] if enough else None,
        refused=refused,
        by=tuple(Cosigned(witness=f"w{number}", size=990, at=at) for number, at in enumerate(seen)),
    )


def approval(by: str) -> ApprovalRequest:
    """What somebody approved five minutes ago."""
    return ApprovalRequest(
        job_id=JobId("j-0b71"),
        client_job_id=ClientJobId("c-0b71"),
        project_id=PROJECT.id,
        principal_id=PRINCIPAL.id,
        state=ApprovalState.APPROVED,
        demands=(Demand(reason="costly", hours=24, permission="job.approve"),),
        backend="ibm_lund",
        amount_micros=1_600_000,
        currency="EUR",
        event_id="e-0b71",
        asked_at=NOW - timedelta(hours=1),
        expires_at=NOW + timedelta(hours=23),
        verdict=Verdict(by=PrincipalId(by), roles=("lead",), reason="checked", at=NOW - timedelta(minutes=5)),
    )
