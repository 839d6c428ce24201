"""An upstream that takes every job at once, so that what is measured is the gateway and nothing behind it.

It calls itself hardware and has a price, so nothing of the house is left out: calibration is judged and
archived, money is held and settled. `sink_waits` leaves its jobs in the queue for ever; `sink_done` completes
them with a fixed result. Found by its entry point when this directory is on PYTHONPATH.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from gateway.domain.backend import (
    Backend,
    BackendStatus,
    Calibration,
    ExecutionKind,
    Feasibility,
    GateCalibration,
    GateSpec,
    QubitCalibration,
)
from gateway.domain.circuit import ProgramFacts
from gateway.domain.clock import rfc3339
from gateway.domain.permit import Permit
from gateway.domain.result import ItemResult, ProgramResult, Register, Summary, Tensor
from gateway.ports.registry import Adapter
from gateway.ports.upstream import Attempt, Order, Progress, UpstreamContext
from gateway.ports.vendor import Prepared, Resend

QUBITS = 5
_LINE = tuple((qubit, qubit + 1) for qubit in range(QUBITS - 1))
_GATES = {"cz": _LINE, "rz": (), "sx": (), "x": ()}
_SHOTS = 1000


class SinkSettings(BaseModel):
    """Section `adapters.sink`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True
    more_backends: int = 0
    """Backends besides the two, to see what a large fleet costs."""


def backend(name: str) -> Backend:
    """Describe one backend."""
    return Backend(
        name=name,
        upstream="sink",
        vendor="bench",
        region="eu-loopback",
        kind=ExecutionKind.HARDWARE,
        qubits=QUBITS,
        basis_gates=tuple(_GATES),
        gates=tuple(GateSpec(name=gate, parameters=(), qubits=where) for gate, where in _GATES.items()),
        coupling_map=_LINE,
        supported_instructions=(*_GATES, "measure"),
        max_shots=100_000,
        max_circuits=300,
        dynamic_circuits=False,
        processor_family="Sink",
        processor_revision="1",
        version="1.0.0",
        online_since=datetime(2025, 1, 1, tzinfo=UTC),
        description="answers at once",
        rep_delay_seconds=(0.0, 250e-6, 500e-6),
        dt_seconds=4e-9,
    )


def snapshot(name: str, taken_at: datetime) -> Calibration:
    """Give a calibration as good as new."""
    qubit = QubitCalibration(
        t1_seconds=2e-4,
        t2_seconds=1e-4,
        frequency_hertz=5e9,
        anharmonicity_hertz=-3e8,
        readout_error=0.01,
        prob_meas0_prep1=0.01,
        prob_meas1_prep0=0.01,
        readout_length_seconds=1e-6,
    )
    gates = tuple(GateCalibration(gate="cz", qubits=pair, error=0.005, length_seconds=8e-8) for pair in _LINE)
    return Calibration(
        backend=name,
        digest=name.encode().hex().ljust(64, "0")[:64],
        taken_at=taken_at,
        qubits=(qubit,) * QUBITS,
        gates=gates,
        provenance={"generator": "bench"},
    )


def outcome(now: datetime, circuits: int) -> ProgramResult:
    """Give the fixed result: every shot of every circuit read zero."""
    samples = Tensor(dtype="uint8", shape=(_SHOTS, 1), data=bytes(_SHOTS))
    item = ItemResult(
        registers={"meas": Register(bits=2, samples=samples)},
        tensors={},
        shape=(),
        shots=_SHOTS,
        summary=Summary(
            shots=_SHOTS,
            distinct_outcomes=1,
            top_probability_ppm=1_000_000,
            entropy_microbits=0,
            value_ppm=None,
            standard_error_ppm=None,
        ),
        metadata={},
    )
    moment = rfc3339(now)
    return ProgramResult(
        items=(item,) * circuits,
        metadata={"execution_kind": "hardware"},
        started_at=moment,
        finished_at=moment,
        cpu_seconds=0.0,
        seconds=0.001,
    )


class Sink:
    """Implements `ports.upstream.Upstream`."""

    name = "sink"
    kind = ExecutionKind.HARDWARE
    dialect: str | None = None
    bounds_time = True

    def __init__(self, settings: SinkSettings, context: UpstreamContext) -> None:
        names = ["sink_waits", "sink_done", *(f"sink_{number}" for number in range(settings.more_backends))]
        self._backends = {name: backend(name) for name in names}
        taken_at = context.clock.now()
        self._calibrations = {name: snapshot(name, taken_at) for name in names}
        self._context = context
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Nothing to bring up."""

    async def close(self) -> None:
        """Let the reports that are on their way arrive."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def backends(self) -> Sequence[Backend]:
        """List the backends."""
        return tuple(self._backends.values())

    def status(self, backend: str) -> BackendStatus:  # noqa: ARG002  # all are alike
        """Say that work is taken."""
        return BackendStatus(online=True, queue_length=0, message="ok")

    def calibration(self, backend: str, *, before: datetime | None = None) -> Calibration | None:  # noqa: ARG002
        """Give the one snapshot there is."""
        return self._calibrations[backend]

    def feasible(self, facts: ProgramFacts, backend: Backend, options: Mapping[str, Any]) -> Feasibility:  # noqa: ARG002
        """Take everything."""
        return Feasibility(feasible=True, method=None, cpu_seconds=0.0, memory_bytes=0, reason="")

    def options_not_applied(self, program: str, options: Mapping[str, Any]) -> tuple[str, ...]:  # noqa: ARG002
        """Apply everything."""
        return ()

    async def submit(self, permit: Permit, order: Order) -> str:
        """Take a job; on `sink_done` it is over before anybody asks."""
        if permit.placement.backend == "sink_done":
            task = asyncio.create_task(self._complete(permit, len(order.facts.circuits)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return permit.job_id

    def prepare(self, job_id: str, attempt: int, project_id: str, backend: str, order: Order) -> Prepared | None:  # noqa: ARG002
        """Change nothing."""
        return None

    async def find(self, attempt: Attempt) -> str | None:
        """Find every job: each was taken at once."""
        return attempt.job_id

    def resend(self, attempt: Attempt, *, searched: int, now: datetime) -> Resend | None:  # noqa: ARG002
        """Never needed."""
        return None

    def absent(self, attempt: Attempt, *, searched: int, now: datetime) -> bool:  # noqa: ARG002
        """Never: each was taken at once."""
        return False

    async def follow(self, attempt: Attempt, vendor_job_id: str) -> None:
        """Nothing happens any more."""

    def envelope(self, job_id: str) -> bytes | None:  # noqa: ARG002
        """Nothing is said of a job."""
        return None

    async def cancel(self, job_id: str) -> bool:  # noqa: ARG002
        """Nothing can be stopped."""
        return False

    def queue_position(self, job_id: str) -> int | None:  # noqa: ARG002
        """There is no queue."""
        return None

    async def _complete(self, permit: Permit, circuits: int) -> None:
        now = self._context.clock.now()
        await self._context.progress(
            Progress(
                job_id=permit.job_id,
                attempt=permit.attempt,
                status="completed",
                at=now,
                result=outcome(now, circuits),
            )
        )


adapter = Adapter(name="sink", settings=SinkSettings, upstream=Sink)
