"""IBM's backend properties as a calibration snapshot, every value in the unit of our own.

IBM leaves out what it could not measure. A missing error reads as certain and a missing time as none, so that no
judgement rests on it; the provenance names the qubits this is true of. Operations with a length and no error, such
as reset, are not characterised at all: they have the error 0, and the provenance names them, too.
"""

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from math import isfinite
from typing import Any, Final

from gateway.domain.backend import Calibration, GateCalibration, QubitCalibration
from gateway.domain.clock import parse_rfc3339

_UNITS: Final = {
    "": 1.0,
    "s": 1.0,
    "ms": 1e-3,
    "us": 1e-6,
    "µs": 1e-6,
    "ns": 1e-9,
    "Hz": 1.0,
    "kHz": 1e3,
    "MHz": 1e6,
    "GHz": 1e9,
}
_EXPECTED: Final = frozenset({"T1", "T2", "readout_error"})
_WORST: Final = 1.0


def calibration(backend: str, told: Mapping[str, Any]) -> Calibration | None:
    """Read GET /backends/{name}/properties; an empty object is no calibration."""
    if not told:
        return None
    qubits = [_values(each) for each in told["qubits"]]
    gates = [(gate, _values(gate["parameters"])) for gate in told["gates"]]
    canonical = json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
    return Calibration(
        backend=backend,
        digest=sha256(canonical).hexdigest(),
        taken_at=parse_rfc3339(told["last_update_date"]),
        qubits=tuple(_qubit(values) for values in qubits),
        gates=tuple(_gate(gate, values) for gate, values in gates),
        provenance={
            "source": "ibm backend properties",
            "backend_version": str(told.get("backend_version", "")),
            "sha256": sha256(canonical).hexdigest(),
            **_named("id", [told["calibration_id"]] if told.get("calibration_id") else []),
            **_named("unmeasured_qubits", (at for at, values in enumerate(qubits) if not values.keys() >= _EXPECTED)),
            **_named("uncharacterised", sorted({gate["gate"] for gate, values in gates if "gate_error" not in values})),
        },
    )


def _named(name: str, found: Iterable[Any]) -> dict[str, str]:
    text = ",".join(str(each) for each in found)
    return {name: text} if text else {}


def _values(told: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Give every value by name; one in a unit that nobody knows here is as if it were not there."""
    return {
        str(each["name"]): float(each["value"]) * _UNITS[unit]
        for each in told
        if (unit := str(each.get("unit") or "")) in _UNITS and _is_number(each.get("value"))
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _qubit(values: Mapping[str, float]) -> QubitCalibration:
    error = values.get("readout_error", _WORST)
    return QubitCalibration(
        t1_seconds=values.get("T1", 0.0),
        t2_seconds=values.get("T2", 0.0),
        frequency_hertz=values.get("frequency", 0.0),
        anharmonicity_hertz=values.get("anharmonicity", 0.0),
        readout_error=error,
        prob_meas0_prep1=values.get("prob_meas0_prep1", error),
        prob_meas1_prep0=values.get("prob_meas1_prep0", error),
        readout_length_seconds=values.get("readout_length", 0.0),
    )


def _gate(gate: Mapping[str, Any], values: Mapping[str, float]) -> GateCalibration:
    return GateCalibration(
        gate=str(gate["gate"]),
        qubits=tuple(int(qubit) for qubit in gate["qubits"]),
        error=values.get("gate_error", 0.0),
        length_seconds=values.get("gate_length", 0.0),
    )
