"""A calibration snapshot in IBM's shape: name, date, unit and value of everything measured.

Units on this wire: T1 and T2 in microseconds, frequencies in gigahertz, lengths in nanoseconds.
"""

from typing import Any

from gateway.domain.backend import Calibration, GateCalibration, QubitCalibration
from gateway.ports.answers import CalibrationView

_MICRO, _NANO, _GIGA = 1e6, 1e9, 1e-9


def properties(view: CalibrationView) -> dict[str, Any]:
    """Show a snapshot; the SDK reads an empty object as "no properties"."""
    snapshot = view.calibration
    if snapshot is None:
        return {}
    date = snapshot.taken_at.isoformat()
    return {
        "backend_name": view.backend.name,
        "backend_version": view.backend.version,
        "last_update_date": date,
        "qubits": [_qubit(qubit, date) for qubit in snapshot.qubits],
        "gates": [_gate(gate, date) for gate in snapshot.gates],
        "general": [],
        "general_qlists": [],
        "calibration_id": snapshot.digest,
        "qgw": _provenance(snapshot),
    }


def _provenance(snapshot: Calibration) -> dict[str, Any]:
    return {"calibration_digest": snapshot.digest, "provenance": dict(snapshot.provenance)}


def _qubit(qubit: QubitCalibration, date: str) -> list[dict[str, Any]]:
    measured = (
        ("T1", "us", qubit.t1_seconds * _MICRO),
        ("T2", "us", qubit.t2_seconds * _MICRO),
        ("frequency", "GHz", qubit.frequency_hertz * _GIGA),
        ("anharmonicity", "GHz", qubit.anharmonicity_hertz * _GIGA),
        ("readout_error", "", qubit.readout_error),
        ("prob_meas0_prep1", "", qubit.prob_meas0_prep1),
        ("prob_meas1_prep0", "", qubit.prob_meas1_prep0),
        ("readout_length", "ns", qubit.readout_length_seconds * _NANO),
    )
    return [_value(name, unit, value, date) for name, unit, value in measured]


def _gate(gate: GateCalibration, date: str) -> dict[str, Any]:
    return {
        "gate": gate.gate,
        "name": f"{gate.gate}{'_'.join(map(str, gate.qubits))}",
        "qubits": list(gate.qubits),
        "parameters": [
            _value("gate_error", "", gate.error, date),
            _value("gate_length", "ns", gate.length_seconds * _NANO, date),
        ],
    }


def _value(name: str, unit: str, value: float, date: str) -> dict[str, Any]:
    return {"date": date, "name": name, "unit": unit, "value": value}
