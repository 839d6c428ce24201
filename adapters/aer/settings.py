"""What an operator can choose about the simulator: section `adapters.aer`."""

import os
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from adapters.aer.devices import NAMES

_MEBIBYTE = 2**20

DeviceName = Annotated[str, Field(pattern="|".join(f"^{name}$" for name in NAMES))]


class AerSettings(BaseModel):
    """The simulator upstream: which devices it emulates, with what noise, and how much it may use."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = Field(default=True, description="Offer the emulated devices and run jobs on Qiskit Aer.")
    devices: tuple[DeviceName, ...] = Field(
        default=NAMES, min_length=1, description="Which emulated devices are offered, in the order they are listed."
    )
    seed: int = Field(
        default=20250101,
        ge=0,
        lt=2**53,
        description="Seed of the emulated devices' calibration; recorded in every snapshot.",
    )
    noise: Literal["ideal", "calibrated"] = Field(
        default="ideal",
        description="`ideal` runs without errors; `calibrated` adds the gate, relaxation and readout errors of the "
        "calibration snapshot, on the qubits a circuit uses. Idling is never noisy.",
    )
    workers: int = Field(
        default_factory=lambda: max(1, (os.cpu_count() or 1) - 1),
        ge=1,
        le=256,
        description="Jobs simulated at once, one process each; by default one core is left free.",
    )
    threads: int = Field(
        default_factory=lambda known: max(1, (os.cpu_count() or 1) // known.get("workers", 1)),
        ge=1,
        le=256,
        description="Threads a job with a large state may use; by default the cores are shared out among the workers. "
        "The CPU time of all threads counts.",
    )
    memory_bytes: int = Field(
        default=2048 * _MEBIBYTE,
        ge=64 * _MEBIBYTE,
        description="Memory one job may use, on top of what an idle worker maps.",
    )
    cpu_seconds: float = Field(
        default=600.0, gt=0, le=86_400, description="CPU time one job may use; longer estimates are refused."
    )
    wall_seconds: float = Field(
        default=1_800.0, gt=0, le=604_800, description="Time one job may run, whatever the client asks for."
    )
    queue_per_principal: int = Field(
        default=100, ge=1, description="Jobs one principal may have waiting; principals take turns."
    )
    queue_total: int = Field(default=1_000, ge=1, description="Jobs that may wait in all.")
    jobs_per_worker: int = Field(
        default=200,
        ge=1,
        description="Jobs after which a worker process is replaced; it never serves two principals anyway.",
    )
