"""Braket's `standardized` properties as a calibration snapshot. Times in seconds; an error is one less a fidelity.

Versions 1 and 2 tell of every qubit and pair by the device's own numbers, version 3 tells means of the whole device,
which are then everybody's. What is not told counts as no error known, and as no time.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import combinations
from typing import Any, Final

from gateway.domain.backend import Calibration, GateCalibration, QubitCalibration
from gateway.domain.clock import parse_rfc3339

_SECONDS: Final = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_RANDOMIZED: Final = ("RANDOMIZED_BENCHMARKING", "SIMULTANEOUS_RANDOMIZED_BENCHMARKING")
_READOUT: Final = ("READOUT",)
_MEANS: Final = "3"
_ABSENT: Final = QubitCalibration(
    t1_seconds=0.0,
    t2_seconds=0.0,
    frequency_hertz=0.0,
    anharmonicity_hertz=0.0,
    readout_error=1.0,
    prob_meas0_prep1=1.0,
    prob_meas1_prep0=1.0,
    readout_length_seconds=0.0,
)
"""Stands where the device's numbers leave a gap, so that a qubit is found by its number."""


def calibration(backend: str, able: Mapping[str, Any]) -> Calibration | None:
    """Read a device's capabilities; `None` where nothing was measured, as on a simulator."""
    measured = able.get("standardized")
    if not measured:
        return None
    at = measured.get("updatedAt") or able["service"].get("updatedAt")
    if not at:
        return None
    version = str(measured["braketSchemaHeader"]["version"])
    qubits, gates = _of_means(measured, able["paradigm"]) if version == _MEANS else _by_place(measured)
    canonical = json.dumps({"standardized": measured, "updatedAt": at}, sort_keys=True, separators=(",", ":"))
    return Calibration(
        backend=backend,
        digest=sha256(canonical.encode()).hexdigest(),
        taken_at=parse_rfc3339(at),
        qubits=tuple(qubits),
        gates=tuple(gates),
        provenance={
            "source": "braket standardized properties",
            "version": version,
            "resolution": "means" if version == _MEANS else "qubits and pairs",
        },
    )


# ── qubit by qubit ───────────────────────────────────────────────────────────────────────────────
def _by_place(measured: Mapping[str, Any]) -> tuple[list[QubitCalibration], list[GateCalibration]]:
    ones: Mapping[int, Any] = {int(number): each for number, each in measured["oneQubitProperties"].items()}
    qubits = [_qubit(ones[number]) if number in ones else _ABSENT for number in range(max(ones, default=-1) + 1)]
    alone = [_gate("1q", (number,), _fidelity(each["oneQubitFidelity"], _RANDOMIZED)) for number, each in ones.items()]
    pairs = [
        _gate(str(gate["gateName"]).lower(), _places(pair, gate.get("direction")), gate["fidelity"])
        for pair, each in (measured.get("twoQubitProperties") or {}).items()
        for gate in each["twoQubitGateFidelity"]
    ]
    return qubits, [*alone, *pairs]


def _qubit(told: Mapping[str, Any]) -> QubitCalibration:
    readout = _fidelity(told["oneQubitFidelity"], _READOUT)
    return _read(t1=_time(told.get("T1")), t2=_time(told.get("T2")), readout=readout)


def _places(pair: str, direction: Mapping[str, int] | None) -> tuple[int, int]:
    """Give a pair's qubits, control first; without a direction, in the order of their numbers."""
    if direction:
        return int(direction["control"]), int(direction["target"])
    low, high = sorted(int(number) for number in pair.split("-"))
    return low, high


# ── means ────────────────────────────────────────────────────────────────────────────────────────
def _of_means(
    measured: Mapping[str, Any], paradigm: Mapping[str, Any]
) -> tuple[list[QubitCalibration], list[GateCalibration]]:
    size, own = int(paradigm["qubitCount"]), measured.get("oneQubitProperties") or {}
    qubit = _read(
        t1=_time(measured.get("T1")),
        t2=_time(measured.get("T2")),
        readout=_first(measured.get("readoutFidelity")),
        seconds=_time(measured.get("readoutDuration")),
    )
    mean, pair_mean = _first(measured.get("singleQubitFidelity")), _first(measured.get("twoQubitGateFidelity"))
    one, two = _time(measured.get("singleQubitGateDuration")), _time(measured.get("twoQubitGateDuration"))
    fidelities = [_first((own.get(str(number)) or {}).get("oneQubitFidelity")) for number in range(size)]
    alone = [
        _gate("1q", (number,), mean if fidelity is None else fidelity, one)
        for number, fidelity in enumerate(fidelities)
    ]
    pairs = [_gate("2q", pair, pair_mean, two) for pair in _coupled(size, paradigm.get("connectivity") or {})]
    return [qubit] * size, [*alone, *pairs]


def _coupled(size: int, connectivity: Mapping[str, Any]) -> Iterable[tuple[int, int]]:
    if connectivity.get("fullyConnected"):
        return combinations(range(size), 2)
    graph: Mapping[str, Sequence[str]] = connectivity.get("connectivityGraph") or {}
    return ((int(one), int(other)) for one, others in graph.items() for other in others)


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────
def _read(*, t1: float, t2: float, readout: float | None, seconds: float = 0.0) -> QubitCalibration:
    error = 0.0 if readout is None else 1.0 - readout
    return QubitCalibration(
        t1_seconds=t1,
        t2_seconds=t2,
        frequency_hertz=0.0,
        anharmonicity_hertz=0.0,
        readout_error=error,
        prob_meas0_prep1=error,
        prob_meas1_prep0=error,
        readout_length_seconds=seconds,
    )


def _gate(name: str, qubits: tuple[int, ...], fidelity: float | None, seconds: float = 0.0) -> GateCalibration:
    error = 0.0 if fidelity is None else 1.0 - float(fidelity)
    return GateCalibration(gate=name, qubits=qubits, error=error, length_seconds=seconds)


def _fidelity(measured: Sequence[Mapping[str, Any]], kinds: Sequence[str]) -> float | None:
    """Find a fidelity by how it was measured, the first kind before the others."""
    found = {str(each["fidelityType"]["name"]).upper(): float(each["fidelity"]) for each in measured}
    return next((found[kind] for kind in kinds if kind in found), None)


def _first(measured: Sequence[Mapping[str, Any]] | None) -> float | None:
    return float(measured[0]["fidelity"]) if measured else None


def _time(told: Mapping[str, Any] | None) -> float:
    return 0.0 if told is None else float(told["value"]) * _SECONDS[str(told["unit"]).lower()]
