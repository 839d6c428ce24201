"""Backends and their characterizations in IonQ's shape. Times in seconds, fidelities are 1 minus an error."""

import json
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any
from uuid import UUID

from adapters.ionq import labels, names
from gateway.domain.backend import Backend, Calibration, GateCalibration
from gateway.domain.clock import rfc3339
from gateway.ports.answers import BackendList, BackendView, CalibrationList

_QUEUED_MILLISECONDS = 1000
"""Nobody measures how long a job waits here; one second for each that is ahead."""


def view(shown: BackendView, *, name: str | None = None) -> dict[str, Any]:
    """Show one backend, under the name by which a client can ask for it."""
    backend, status = shown.backend, shown.status
    told = json.loads(backend.told) if backend.vendor == "ionq" and backend.told else _described(shown)
    known = {"characterization_id": characterization_id(shown.calibration)} if shown.calibration else {}
    return {
        **told,
        "backend": name or names.theirs(backend.name),
        "status": "available" if status.online else "unavailable",
        **known,
        labels.LABEL: {
            "execution_kind": backend.kind.value,
            "backend": backend.name,
            "vendor": backend.vendor,
            "message": status.message,
        },
    }


def _described(shown: BackendView) -> dict[str, Any]:
    """Say of another's backend what IonQ says of its own."""
    return {
        "qubits": shown.backend.qubits,
        "average_queue_time": shown.status.queue_length * _QUEUED_MILLISECONDS,
        "last_updated": rfc3339(shown.backend.online_since),
        "degraded": False,
        "characterization_id": None,
        "location": shown.backend.region,
    }


def view_list(offered: BackendList, *, simulator: str | None) -> list[dict[str, Any]]:
    """Show all backends, and first what a client means by `simulator`."""
    alias = [view(shown, name=names.SIMULATOR) for shown in offered.backends if shown.backend.name == simulator]
    return alias + [view(shown) for shown in offered.backends]


def characterization(backend: Backend, calibration: Calibration) -> dict[str, Any]:
    """Sum a snapshot up in medians."""
    alone = [gate for gate in calibration.gates if len(gate.qubits) == 1]
    pairs = [gate for gate in calibration.gates if len(gate.qubits) == 2]  # noqa: PLR2004  # two qubits
    qubits = calibration.qubits
    return {
        "id": characterization_id(calibration),
        "backend": names.theirs(backend.name),
        "date": rfc3339(calibration.taken_at),
        "qubits": backend.qubits,
        "connectivity": sorted({tuple(sorted(gate.qubits)) for gate in pairs}),
        "fidelity": {
            "spam": {"median": _fidelity(qubit.readout_error for qubit in qubits), "stderr": None},
            "1q": {"median": _fidelity(gate.error for gate in alone), "stderr": None},
            "2q": {"median": _fidelity(gate.error for gate in pairs), "stderr": None},
        },
        "timing": {
            "readout": _median(qubit.readout_length_seconds for qubit in qubits),
            "reset": _reset(calibration),
            "1q": _seconds(alone),
            "2q": _seconds(pairs),
            "t1": _median(qubit.t1_seconds for qubit in qubits),
            "t2": _median(qubit.t2_seconds for qubit in qubits),
        },
        "status": "available",
    }


def characterizations(page: CalibrationList, *, limit: int, offset: int) -> dict[str, Any]:
    """Show a page of snapshots, and how many pages are left."""
    left = max(0, page.count - offset - len(page.calibrations))
    shown = [characterization(page.backend, each) for each in page.calibrations]
    return {"characterizations": shown, "pages": -(-left // limit)}


def characterization_id(calibration: Calibration) -> str:
    """Give the first half of a snapshot's digest, as a UUID."""
    return str(UUID(hex=calibration.digest[:32]))


def _reset(calibration: Calibration) -> float | None:
    """Give how long a reset takes, in seconds; only IonQ says."""
    told = calibration.provenance.get("reset_seconds")
    return None if told is None else float(told)


def _seconds(gates: Sequence[GateCalibration]) -> float | None:
    return _median(gate.length_seconds for gate in gates)


def _fidelity(errors: Iterable[float]) -> float | None:
    error = _median(errors)
    return None if error is None else 1 - error


def _median(values: Iterable[float]) -> float | None:
    return median(found) if (found := list(values)) else None
