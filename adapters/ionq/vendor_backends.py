"""IonQ's backends and characterizations in our words. Times in seconds."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from gateway.domain.backend import (
    Backend,
    BackendStatus,
    Calibration,
    ExecutionKind,
    GateCalibration,
    QubitCalibration,
)
from gateway.domain.clock import parse_rfc3339
from gateway.ports.vendor import BackendReport

_GATES: Final = ("x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "sxdg", "rx", "ry", "rz", "cx", "swap")
_PAIRS: Final = ("rxx", "ryy", "rzz")
_SHOTS: Final = 1_000_000
_CIRCUITS: Final = 300
_SINCE: Final = datetime(2020, 1, 1, tzinfo=UTC)
"""IonQ does not tell since when a backend is online."""


def reports(listed: Sequence[Mapping[str, Any]]) -> list[BackendReport]:
    """Read GET /backends; what is retired is gone."""
    return [
        BackendReport(backend=replace(_backend(told), told=json.dumps(told).encode()), status=_status(told))
        for told in listed
        if told.get("status") != "retired"
    ]


def _backend(told: Mapping[str, Any]) -> Backend:
    name = str(told["backend"])
    simulated = not name.startswith("qpu.")
    gates = (*_GATES, *_PAIRS)
    return Backend(
        name=name,
        upstream="ionq",
        vendor="ionq",
        region=str(told.get("location") or "unknown"),
        kind=ExecutionKind.SIMULATOR if simulated else ExecutionKind.HARDWARE,
        qubits=int(told["qubits"]),
        basis_gates=gates,
        gates=(),
        coupling_map=(),
        supported_instructions=(*gates, "measure", "reset", "barrier", "if_else"),
        max_shots=_SHOTS,
        max_circuits=_CIRCUITS,
        dynamic_circuits=True,
        processor_family="Simulator" if simulated else "Trapped ions",
        processor_revision=name.rpartition("-")[2] if "-" in name else "1",
        version="0.4",
        online_since=_SINCE,
        description=f"{name} of IonQ",
        rep_delay_seconds=(0.0, 0.0, 0.0),
        dt_seconds=1e-9,
    )


def _status(told: Mapping[str, Any]) -> BackendStatus:
    online = told.get("status") == "available"
    said = ["degraded"] if told.get("degraded") else []
    waiting = told.get("average_queue_time")
    if isinstance(waiting, int | float) and waiting > 0:
        said.append(f"jobs wait about {round(waiting / 1000)} s")
    return BackendStatus(
        online=online,
        # IonQ tells a time and no length: one job is enough to rank a waiting backend behind an idle one.
        queue_length=int(isinstance(waiting, int | float) and waiting > 0),
        message="; ".join(said) or str(told.get("status", "unknown")),
    )


def calibration(backend: str, page: Mapping[str, Any]) -> Calibration | None:
    """Read the newest characterization. IonQ gives medians, so every qubit and pair has the same numbers."""
    found = page.get("characterizations") or []
    if not found:
        return None
    told = found[0]
    canonical = json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
    return Calibration(
        backend=backend,
        digest=sha256(canonical).hexdigest(),
        taken_at=parse_rfc3339(told["date"]),
        qubits=tuple(_qubit(told) for _ in range(int(told["qubits"]))),
        gates=_gates(told),
        provenance={"source": "ionq characterization", "id": str(told["id"]), "resolution": "medians", **_reset(told)},
    )


def _reset(told: Mapping[str, Any]) -> dict[str, str]:
    """Keep how long a reset takes, for which other vendors have no figure."""
    seconds = (told.get("timing") or {}).get("reset")
    return {"reset_seconds": str(seconds)} if isinstance(seconds, int | float) else {}


def _qubit(told: Mapping[str, Any]) -> QubitCalibration:
    timing, error = told.get("timing") or {}, 1 - _median(told, "spam")
    return QubitCalibration(
        t1_seconds=float(timing.get("t1") or 0.0),
        t2_seconds=float(timing.get("t2") or 0.0),
        frequency_hertz=0.0,
        anharmonicity_hertz=0.0,
        readout_error=error,
        prob_meas0_prep1=error,
        prob_meas1_prep0=error,
        readout_length_seconds=float(timing.get("readout") or 0.0),
    )


def _gates(told: Mapping[str, Any]) -> tuple[GateCalibration, ...]:
    timing = told.get("timing") or {}
    one, two = float(timing.get("1q") or 0.0), float(timing.get("2q") or 0.0)
    alone = [
        GateCalibration(gate="1q", qubits=(qubit,), error=1 - _median(told, "1q"), length_seconds=one)
        for qubit in range(int(told["qubits"]))
    ]
    pairs = [
        GateCalibration(gate="2q", qubits=(int(low), int(high)), error=1 - _median(told, "2q"), length_seconds=two)
        for low, high in told.get("connectivity") or []
    ]
    return (*alone, *pairs)


def _median(told: Mapping[str, Any], kind: str) -> float:
    """Give a median fidelity; what IonQ does not tell counts as no error known, which `resolution` declares."""
    return float(((told.get("fidelity") or {}).get(kind) or {}).get("median", 1.0))
