"""Domain values for tests: a small device, a calibration of it, a job. Plain and made up."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from gateway.domain.backend import (
    Backend,
    BackendStatus,
    Calibration,
    ExecutionKind,
    GateCalibration,
    GateSpec,
    QubitCalibration,
)
from gateway.domain.budget import Level, Limit, Period, Standing, Unit, Window
from gateway.domain.ids import ClientJobId, JobId, KeyId, PrincipalId, ProjectId
from gateway.domain.job import JobStatus, Session
from gateway.domain.result import ItemResult, ProgramResult, Register, Summary, Tensor
from gateway.domain.secret import Secret
from gateway.ports import operations
from gateway.ports.answers import BackendView, Instance
from gateway.ports.dialect import SigningPair
from tests import records

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
QUBITS = 5
EDGES = tuple(edge for q in range(QUBITS - 1) for edge in ((q, q + 1), (q + 1, q)))
ALONE = tuple((q,) for q in range(QUBITS))
ONE_QUBIT = ("id", "rx", "rz", "sx", "x")
TWO_QUBIT = ("cz", "rzz")

BACKEND = Backend(
    name="sim_line_5",
    upstream="aer",
    vendor="gateway",
    region="local",
    kind=ExecutionKind.SIMULATOR,
    qubits=QUBITS,
    basis_gates=(*ONE_QUBIT, *TWO_QUBIT),
    gates=tuple(
        GateSpec(name=name, parameters=("theta",) if name.startswith("r") else (), qubits=where)
        for names, where in ((ONE_QUBIT, ALONE), (TWO_QUBIT, EDGES))
        for name in names
    ),
    coupling_map=EDGES,
    supported_instructions=(*ONE_QUBIT, *TWO_QUBIT, "measure", "reset", "delay", "if_else", "for_loop", "switch_case"),
    max_shots=100_000,
    max_circuits=300,
    dynamic_circuits=True,
    processor_family="Simulator",
    processor_revision="1",
    version="1.0.0",
    online_since=datetime(2025, 1, 1, tzinfo=UTC),
    description="5 emulated qubits; a simulator computes the results",
    rep_delay_seconds=(0.0, 250e-6, 500e-6),
    dt_seconds=4e-9,
)
HARDWARE = replace(BACKEND, name="hw_line_5", upstream="hw", vendor="acme", kind=ExecutionKind.HARDWARE)
STATUS = BackendStatus(online=True, queue_length=0, message="simulator: computed by Qiskit Aer, no quantum hardware")
VIEW = BackendView(backend=BACKEND, status=STATUS)

CALIBRATION = Calibration(
    backend=BACKEND.name,
    digest="c0ffee" + "0" * 58,
    taken_at=datetime(2026, 3, 1, 6, 0, tzinfo=UTC),
    qubits=tuple(
        QubitCalibration(
            t1_seconds=200e-6 + q * 1e-6,
            t2_seconds=150e-6,
            frequency_hertz=4.8e9,
            anharmonicity_hertz=-0.3e9,
            readout_error=0.01,
            prob_meas0_prep1=0.012,
            prob_meas1_prep0=0.008,
            readout_length_seconds=1.2e-6,
        )
        for q in range(QUBITS)
    ),
    gates=tuple(
        GateCalibration(gate=name, qubits=qubits, error=error, length_seconds=length)
        for names, where, error, length in ((ONE_QUBIT, ALONE, 2e-4, 24e-9), (TWO_QUBIT, EDGES, 3e-3, 68e-9))
        for name in names
        for qubits in where
    ),
    provenance={"generator": "test/1", "seed": 7},
)

PAIR = SigningPair(access_key_id="QGWKTEST00000001", secret=Secret.of("a-signing-secret"))

UNSPOKEN_BY_IBM = frozenset(
    {
        operations.CancelJobs,
        operations.DeleteJobs,
        operations.EstimateCost,
        operations.ListCalibrations,
        operations.ListPrices,
        operations.ListSessions,
        operations.ShowCost,
        operations.ShowIdentity,
        operations.ShowLimits,
    }
)
"""Operations that IBM's clients never ask for."""

LIMIT = Limit(
    id="limit-1",
    name="alpha-month",
    level=Level.PROJECT,
    target="project-1",
    unit=Unit.MONEY,
    currency="USD",
    amount=100_000_000,
    soft_amount=None,
    window=Window(period=Period.MONTH),
    created_at=NOW,
)
STANDING = Standing(
    limit=LIMIT,
    allowed=100_000_000,
    held=3_000_001,
    settled=20_000_000,
    begins_at=NOW.replace(day=1, hour=0, minute=0, second=0, microsecond=0),
    resets_at=NOW.replace(month=4, day=1, hour=0, minute=0, second=0, microsecond=0),
)
"""A project's month, with 76.999999 USD left."""

INSTANCE = Instance(id="0123456789abcdef" * 2, name="research", region="us-east", backends=(BACKEND.name,))

JOB = records.job(
    id=JobId("0195f000-0000-7000-8000-000000000001"),
    client_job_id=ClientJobId("d0123456789abcdefghi"),
    key_id=KeyId("key-1"),
    asked_backend=BACKEND.name,
    backend=BACKEND.name,
    fallback_reason="",
    status=JobStatus.QUEUED,
    circuits=1,
    total_shots=1000,
    estimated_seconds=0.5,
    calibration_digest=CALIBRATION.digest,
    decision_id="0195f000-0000-7000-8000-0000000000dd",
    echo={},
)

SESSION = Session(
    id="5e551047-0000-4000-8000-000000000001",
    project_id=ProjectId("project-1"),
    principal_id=PrincipalId("principal-1"),
    dialect="ibm",
    backend=BACKEND.name,
    mode="dedicated",
    accepting_jobs=True,
    max_ttl_seconds=28_800,
    created_at=NOW,
    closed_at=None,
)

SUMMARY = Summary(
    shots=8,
    distinct_outcomes=None,
    top_probability_ppm=None,
    entropy_microbits=None,
    value_ppm=None,
    standard_error_ppm=None,
)


def register(bits: int, rows: list[int], shape: tuple[int, ...] = ()) -> Register:
    """Give a register whose shots read these integers."""
    width = (bits + 7) // 8
    data = b"".join(row.to_bytes(width, "big") for row in rows)
    shots = len(rows)
    for size in shape:
        shots //= size
    return Register(bits=bits, samples=Tensor(dtype="uint8", shape=(*shape, shots, width), data=data))


def item(
    *,
    registers: dict[str, Register] | None = None,
    tensors: dict[str, Tensor] | None = None,
    shape: tuple[int, ...] = (),
    shots: int = 8,
    metadata: dict[str, Any] | None = None,
) -> ItemResult:
    """Give the result of one circuit."""
    return ItemResult(
        registers=registers or {},
        tensors=tensors or {},
        shape=shape,
        shots=shots,
        summary=replace(SUMMARY, shots=shots),
        metadata=metadata or {},
    )


def result(*items: ItemResult) -> ProgramResult:
    """Give the result of a whole program, from a simulator."""
    return ProgramResult(
        items=items,
        metadata={"execution_kind": "simulator", "simulator": "test", "seed": 7, "options_not_applied": []},
        started_at="2026-03-01T12:00:01.000000Z",
        finished_at="2026-03-01T12:00:03.000000Z",
        cpu_seconds=1.5,
        seconds=2.0,
    )
