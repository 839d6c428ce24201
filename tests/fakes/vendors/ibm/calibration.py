"""Calibration: a new snapshot at a steady pace, each with an id; older ones can be asked for.

Numbers are drawn from the device's name and the snapshot's date, so the same snapshot always reads the same. The id
carries its own date, so ids of long ago need not be remembered.
"""

import hashlib
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fakes.vendors.ibm.devices import Device

HISTORY = timedelta(days=30)
"""How far back snapshots can be asked for."""
_STALE = timedelta(days=30)
_NANOSECONDS = {"id": 60.0, "rz": 0.0, "sx": 60.0, "x": 60.0, "ecr": 660.0, "cx": 400.0, "reset": 1360.0}


@dataclass(kw_only=True)
class Calendar:
    """When one device was calibrated; dates are whole seconds."""

    device: str
    period_seconds: int = 3600
    stuck_at: datetime | None = None
    """While set, nothing newer than this exists."""
    extra: list[datetime] = field(default_factory=list)
    """Snapshots taken out of turn, oldest first."""

    def newest(self, now: datetime, before: datetime | None = None) -> datetime | None:
        """Give the date of the newest snapshot, or of the newest before a moment; `None` is beyond the history."""
        limit = min(now, before - timedelta(seconds=1) if before else now)
        if self.stuck_at is not None and limit >= self.stuck_at:
            return self.stuck_at
        dates = [date for date in self.extra if date <= limit]
        dates.append(datetime.fromtimestamp(limit.timestamp() // self.period_seconds * self.period_seconds, UTC))
        newest = max(dates)
        return newest if newest >= now - HISTORY else None

    def find(self, calibration_id: str, now: datetime) -> datetime | None:
        """Give the date of the snapshot with this id, if there is one."""
        try:
            date = datetime.fromtimestamp(int(calibration_id.replace("-", "")[-12:], 16), UTC)
        except (ValueError, OverflowError, OSError):
            return None
        known = self.newest(now, date + timedelta(seconds=1)) == date
        return date if known and self.id(date) == calibration_id else None

    def id(self, date: datetime) -> str:
        """Give the id of a snapshot."""
        digest = hashlib.sha256(f"{self.device}/{date.isoformat()}".encode()).hexdigest()[:20]
        return str(uuid.UUID(f"{digest}{int(date.timestamp()):012x}"))

    def stick(self, date: datetime) -> None:
        """Let nothing newer than a date exist."""
        self.stuck_at = date.astimezone(UTC).replace(microsecond=0)

    def recalibrate(self, now: datetime) -> None:
        """Take a snapshot now, and go on at the usual pace."""
        self.stuck_at = None
        self.extra.append(now.replace(microsecond=0))


def stale(date: datetime) -> datetime:
    """Give the date that a lying vendor shows instead."""
    return date - _STALE


def properties(device: Device, date: datetime) -> dict[str, Any]:
    """Write a snapshot: `GET /backends/{name}/properties`. Times in us and ns, errors are probabilities."""
    dice = random.Random(f"{device.name}/{date.isoformat()}")
    return {
        "backend_name": device.name,
        "backend_version": device.version,
        "last_update_date": _instant(date),
        "qubits": [_qubit(dice, date) for _ in range(device.qubits)],
        "gates": list(_gates(device, dice, date)),
        "general": [],
        "general_qlists": [],
    }


def _qubit(dice: random.Random, date: datetime) -> list[dict[str, Any]]:
    decay = dice.uniform(150, 350)
    one_as_zero, zero_as_one = dice.uniform(0.005, 0.03), dice.uniform(0.003, 0.02)
    return [
        _value(date, "T1", "us", decay),
        _value(date, "T2", "us", decay * dice.uniform(0.4, 1.2)),
        _value(date, "frequency", "GHz", dice.uniform(4.7, 5.1)),
        _value(date, "anharmonicity", "GHz", -0.31),
        _value(date, "readout_error", "", (one_as_zero + zero_as_one) / 2),
        _value(date, "prob_meas0_prep1", "", one_as_zero),
        _value(date, "prob_meas1_prep0", "", zero_as_one),
        _value(date, "readout_length", "ns", 1300.0),
    ]


def _gates(device: Device, dice: random.Random, date: datetime) -> Iterator[dict[str, Any]]:
    for name in ("id", "rz", "sx", "x", "reset"):
        for qubit in range(device.qubits):
            error = 0.0 if name in {"rz", "reset"} else dice.uniform(1e-4, 6e-4)
            yield _gate(name, (qubit,), error, date)
    for pair in device.couplings:
        yield _gate(device.entangler, pair, dice.uniform(4e-3, 1.5e-2), date)


def _gate(name: str, qubits: tuple[int, ...], error: float, date: datetime) -> dict[str, Any]:
    length = _value(date, "gate_length", "ns", _NANOSECONDS[name])
    parameters = [length] if name == "reset" else [_value(date, "gate_error", "", error), length]
    label = name + "_".join(map(str, qubits))
    return {"gate": name, "name": label, "qubits": list(qubits), "parameters": parameters}


def _value(date: datetime, name: str, unit: str, value: float) -> dict[str, Any]:
    return {"date": _instant(date), "name": name, "unit": unit, "value": value}


def _instant(date: datetime) -> str:
    return date.strftime("%Y-%m-%dT%H:%M:%SZ")
