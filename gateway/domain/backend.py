"""A backend as every vendor offers one: name, size, gates, coupling, and its calibration snapshots."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class ExecutionKind(StrEnum):
    """Whether qubits or a program computed the result: the one fact nobody may get wrong."""

    HARDWARE = "hardware"
    SIMULATOR = "simulator"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSpec:
    """One basis gate of a backend."""

    name: str
    parameters: tuple[str, ...]
    qubits: tuple[tuple[int, ...], ...]
    """Where it may act, control first; empty means everywhere of its arity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """What a job can be sent to, described without any vendor's words."""

    name: str
    upstream: str
    """Which upstream runs it, such as `aer` or `ibm`."""
    vendor: str
    region: str
    kind: ExecutionKind
    qubits: int
    basis_gates: tuple[str, ...]
    gates: tuple[GateSpec, ...]
    coupling_map: tuple[tuple[int, int], ...]
    supported_instructions: tuple[str, ...]
    max_shots: int
    max_circuits: int
    dynamic_circuits: bool
    processor_family: str
    processor_revision: str
    version: str
    online_since: datetime
    description: str
    rep_delay_seconds: tuple[float, float, float]
    """Shortest, default and longest pause between shots."""
    dt_seconds: float
    told: bytes = field(default=b"", repr=False, compare=False)
    """The vendor's own description, for clients who speak its words. Nothing is judged by it, and it stays here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QubitCalibration:
    """One qubit as last measured; times in seconds, probabilities in [0, 1]."""

    t1_seconds: float
    t2_seconds: float
    frequency_hertz: float
    anharmonicity_hertz: float
    readout_error: float
    prob_meas0_prep1: float
    prob_meas1_prep0: float
    readout_length_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GateCalibration:
    """One gate on one place, as last measured."""

    gate: str
    qubits: tuple[int, ...]
    error: float
    length_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A content-addressed snapshot of how good a backend was at a moment."""

    backend: str
    digest: str
    """SHA-256 of the canonical snapshot, hexadecimal."""
    taken_at: datetime
    qubits: tuple[QubitCalibration, ...]
    gates: tuple[GateCalibration, ...]
    provenance: Mapping[str, str | int]
    """Where it came from: the vendor's id, or the seed and generator of an emulated device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendStatus:
    """Whether a backend takes work now."""

    online: bool
    queue_length: int
    message: str
    """Shown to people: an emulated device says here that it is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feasibility:
    """Whether and how a simulator could run a program, computed before the decision."""

    feasible: bool
    method: str | None
    """Aer's method name: `stabilizer`, `matrix_product_state`, `statevector`, …"""
    cpu_seconds: float
    memory_bytes: int
    reason: str
    """Why not, and what would run; empty when feasible."""
