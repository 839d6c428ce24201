"""Calibrations of the fake's QPUs: drawn from the device and the time of the snapshot, the same for whoever asks.

Every qubit and pair has a lasting quality and a small change with each snapshot. Times are seconds.
"""

import random
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from tests.fakes.vendors.aws.devices import Device

_STANDARDIZED: Final = "braket.device_schema.standardized_gate_model_qpu_device_properties"
_TWO_QUBIT_GATE: Final = {"iqm": "CZ", "rigetti": "ISwap", "ionq": "ZZ"}


def standardized(device: Device, at: datetime) -> dict[str, Any]:
    """Give the vendor-neutral properties of a snapshot."""
    return _means(device, at) if device.family == "ionq" else _by_place(device, at)


def provided(device: Device, at: datetime) -> dict[str, Any]:
    """Give the properties in the provider's own words."""
    name = f"braket.device_schema.{device.family}.{device.family}_provider_properties"
    header = {"braketSchemaHeader": {"name": name, "version": "1"}}
    match device.family:
        case "iqm":
            return header | {"properties": _iqm(device, at)}
        case "rigetti":
            return header | {"specs": _rigetti(device, at)}
    return header | {
        "fidelity": {
            "1Q": {"mean": _fidelity(device, at, "rb", 0.9998)},
            "2Q": {"mean": _fidelity(device, at, "2q", 0.9932)},
            "spam": {"mean": _fidelity(device, at, "spam", 0.9958)},
        },
        "timing": {"T1": 100.0, "T2": 1.0, "1Q": 0.000130, "2Q": 0.000970, "readout": 0.000150, "reset": 0.00005},
    }


def _by_place(device: Device, at: datetime) -> dict[str, Any]:
    """Write version 1: every qubit and every pair by itself."""
    return {
        "braketSchemaHeader": {"name": _STANDARDIZED, "version": "1"},
        "oneQubitProperties": {str(label): _one_qubit(device, at, label) for label in device.qubits},
        "twoQubitProperties": {_pair(edge): _two_qubit(device, at, edge) for edge in device.edges or ()},
    }


def _one_qubit(device: Device, at: datetime, label: int) -> dict[str, Any]:
    return {
        "T1": _time(device, at, f"T1/{label}", 40e-6),
        "T2": _time(device, at, f"T2/{label}", 12e-6),
        "oneQubitFidelity": [
            _measured("RANDOMIZED_BENCHMARKING", _fidelity(device, at, f"rb/{label}", 0.9990)),
            _measured("READOUT", _fidelity(device, at, f"readout/{label}", 0.975)),
        ],
    }


def _two_qubit(device: Device, at: datetime, edge: Sequence[int]) -> dict[str, Any]:
    fidelity = _fidelity(device, at, f"2q/{_pair(edge)}", 0.992)
    measured = _measured("INTERLEAVED_RANDOMIZED_BENCHMARKING", fidelity)
    return {"twoQubitGateFidelity": [measured | {"direction": None, "gateName": _TWO_QUBIT_GATE[device.family]}]}


def _means(device: Device, at: datetime) -> dict[str, Any]:
    """Write version 3: means over the whole device."""

    def duration(value: float) -> dict[str, Any]:
        return {"value": value, "standardError": None, "unit": "s"}

    def fidelity(name: str, typical: float) -> dict[str, Any]:
        return _measured("RANDOMIZED_BENCHMARKING", _fidelity(device, at, name, typical)) | {"unit": "fraction"}

    return {
        "braketSchemaHeader": {"name": _STANDARDIZED, "version": "3"},
        "T1": duration(100.0),
        "T2": duration(1.0),
        "readoutFidelity": [fidelity("spam", 0.9958)],
        "readoutDuration": duration(0.000150),
        "singleQubitGateDuration": duration(0.000130),
        "singleQubitFidelity": [fidelity("rb", 0.9998)],
        "twoQubitGateFidelity": [fidelity("2q", 0.9932)],
        "twoQubitGateDuration": duration(0.000970),
        "activeResetDuration": duration(0.00005),
        "updatedAt": at.isoformat(),
    }


def _iqm(device: Device, at: datetime) -> dict[str, Any]:
    one = {
        str(label): {
            "T1": _time(device, at, f"T1/{label}", 40e-6)["value"],
            "T2": _time(device, at, f"T2/{label}", 12e-6)["value"],
            "f1Q": _fidelity(device, at, f"rb/{label}", 0.9990),
            "fRO": _fidelity(device, at, f"readout/{label}", 0.975),
        }
        for label in device.qubits
    }
    two = {_pair(edge): {"fCZ": _fidelity(device, at, f"2q/{_pair(edge)}", 0.992)} for edge in device.edges or ()}
    return {"one_qubit": one, "two_qubit": two}


def _rigetti(device: Device, at: datetime) -> dict[str, Any]:
    one = {
        str(label): {
            "T1": _time(device, at, f"T1/{label}", 40e-6)["value"],
            "T2": _time(device, at, f"T2/{label}", 12e-6)["value"],
            "f1QRB": _fidelity(device, at, f"rb/{label}", 0.9990),
            "fRO": _fidelity(device, at, f"readout/{label}", 0.975),
        }
        for label in device.qubits
    }
    two = {_pair(edge): {"fISWAP": _fidelity(device, at, f"2q/{_pair(edge)}", 0.992)} for edge in device.edges or ()}
    return {"1Q": one, "2Q": two}


def _pair(edge: Sequence[int]) -> str:
    return "-".join(str(label) for label in sorted(edge))


def _measured(how: str, fidelity: float) -> dict[str, Any]:
    kind = {"name": how, "description": None}
    return {"fidelityType": kind, "fidelity": fidelity, "standardError": round((1 - fidelity) / 10, 6)}


def _time(device: Device, at: datetime, name: str, typical: float) -> dict[str, Any]:
    value = float(f"{typical * _draw(device, at, name, 0.3):.4e}")
    return {"value": value, "standardError": None, "unit": "S"}


def _fidelity(device: Device, at: datetime, name: str, typical: float) -> float:
    return round(1 - min((1 - typical) * _draw(device, at, name, 0.3), 1.0), 6)


def _draw(device: Device, at: datetime, name: str, spread: float) -> float:
    """Draw a factor around one: lasting quality, times what this snapshot changed."""
    lasting = random.Random(f"{device.arn}/{name}").lognormvariate(0, spread)
    return lasting * random.Random(f"{device.arn}/{name}/{at.isoformat()}").lognormvariate(0, spread / 6)
