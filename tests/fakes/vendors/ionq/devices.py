"""IonQ's backends: what each is, how well it was calibrated on which day, and what it charges.

Figures are made up, but of the right order. A device is calibrated every day at six; its history reaches thirty days
back and is computed, not stored, so that the same day always reads the same. Money is US dollars.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any, Final, Literal

from tests.fakes.vendors.ionq.words import named, stamp
from tests.fakes.vendors.serving import BackendChange

HISTORY_DAYS: Final = 30
STALE_DAYS: Final = 45
"""How much older characterizations look under the fault `stale_calibration`."""
QUEUED_JOB_MS: Final = 60_000
CALIBRATED_AT: Final = time(6, tzinfo=UTC)

Family = Literal["simulator", "aria", "forte"]


@dataclass(frozen=True, slots=True)
class Rates:
    """What a circuit costs: each gate of each shot, or the minimum."""

    minimum: float
    debiased_minimum: float
    one_qubit_gate: float
    two_qubit_gate: float

    def cost(self, *, one_qubit_gates: int, two_qubit_gates: int, shots: int, debiased: bool) -> float:
        """Price one circuit."""
        gates = shots * (one_qubit_gates * self.one_qubit_gate + two_qubit_gates * self.two_qubit_gate)
        return round(max(gates, self.debiased_minimum if debiased else self.minimum), 6)


_RATES: Final[Mapping[Family, Rates]] = {
    "simulator": Rates(0.0, 0.0, 0.0, 0.0),
    "aria": Rates(12.42, 97.5, 0.00022, 0.000975),
    "forte": Rates(25.79, 168.2, 0.0001645, 0.001121),
}
_NATIVE_PAIRS: Final = {
    "simulator": frozenset({"ms", "zz"}),
    "aria": frozenset({"ms"}),
    "forte": frozenset({"zz"}),
}
_FIDELITY: Final = {"aria": (0.9998, 0.9866, 0.9957), "forte": (0.9998, 0.9956, 0.9962)}
"""Median fidelities of one-qubit gates, two-qubit gates, and preparation and measurement together."""
_TIMING: Final = {"readout": 150e-6, "reset": 50e-6, "1q": 110e-6, "2q": 900e-6, "t1": 100, "t2": 1}


@dataclass(slots=True, kw_only=True)
class Device:
    """One backend, as it is now."""

    name: str
    family: Family
    qubits: int
    location: str
    kw: float
    online: bool = True
    degraded: bool = False
    queue_length: int = 0
    calibrated_at: datetime | None = None
    """The last calibration there will be; None while the device is calibrated every day."""
    updated_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while it takes jobs from its queue."""

    def __post_init__(self) -> None:
        self.opened.set()

    @property
    def hardware(self) -> bool:
        """Whether it is a quantum computer."""
        return self.family != "simulator"

    @property
    def rates(self) -> Rates:
        """What it charges."""
        return _RATES[self.family]

    @property
    def native_pairs(self) -> frozenset[str]:
        """The native gates on two qubits that it has."""
        return _NATIVE_PAIRS[self.family]

    @property
    def queue_ms(self) -> int:
        """How long a new job would wait."""
        return self.queue_length * QUEUED_JOB_MS

    def alter(self, change: BackendChange) -> None:
        """Take over what is given; a message shows as `degraded`, the vendor has no text for it."""
        if change.online is not None:
            self.online = change.online
            self.opened.set() if change.online else self.opened.clear()
        if change.queue_length is not None:
            self.queue_length = change.queue_length
        if change.message is not None:
            self.degraded = bool(change.message)
        if change.calibrated_at is not None:
            self.calibrated_at = change.calibrated_at.astimezone(UTC)
        if change.recalibrate:
            self.calibrated_at = None
        self.updated_at = datetime.now(UTC)

    def view(self) -> dict[str, Any]:
        """Give it as the vendor does."""
        shown = {
            "backend": self.name,
            "status": "available" if self.online else "unavailable",
            "qubits": self.qubits,
            "average_queue_time": self.queue_ms,
            "last_updated": stamp(self.updated_at.timestamp()),
            "degraded": self.degraded,
            "location": self.location,
            "kw": self.kw,
        }
        return shown | ({"characterization_id": next(self.characterizations())["id"]} if self.hardware else {})

    def characterizations(self, *, stale: bool = False) -> Iterator[dict[str, Any]]:
        """Give the calibrations, newest first; a simulator has none."""
        if self.hardware:
            for days in range(HISTORY_DAYS):
                yield self._characterization(self._newest() - timedelta(days=days + (STALE_DAYS if stale else 0)))

    def _newest(self) -> datetime:
        if self.calibrated_at is not None:
            return self.calibrated_at
        now = datetime.now(UTC)
        today = datetime.combine(now.date(), CALIBRATED_AT)
        return today if today <= now else today - timedelta(days=1)

    def _characterization(self, at: datetime) -> dict[str, Any]:
        identity = named("characterization", self.name, at.isoformat())
        drift = Random(identity)
        one, two, spam = (round(1 - (1 - best) * drift.uniform(1, 1.4), 6) for best in _FIDELITY[self.family])
        return {
            "id": identity,
            "backend": self.name,
            "date": stamp(at.timestamp()),
            "qubits": self.qubits,
            "connectivity": [[low, high] for low in range(self.qubits) for high in range(low + 1, self.qubits)],
            "fidelity": {
                "spam": {"median": spam, "stderr": None},
                "1q": {"median": one, "stderr": None},
                "2q": {"median": two, "stderr": None},
            },
            "timing": dict(_TIMING),
        }


def fleet() -> dict[str, Device]:
    """Make all backends, by name."""
    park, basel = "College Park, MD, USA", "Basel, Switzerland"
    devices = (
        Device(name="simulator", family="simulator", qubits=29, location="the cloud", kw=0.0),
        Device(name="qpu.aria-1", family="aria", qubits=25, location=park, kw=1.9),
        Device(name="qpu.aria-2", family="aria", qubits=25, location=park, kw=1.9),
        Device(name="qpu.forte-1", family="forte", qubits=36, location=park, kw=2.4),
        Device(name="qpu.forte-enterprise-1", family="forte", qubits=36, location=basel, kw=2.4),
        Device(name="qpu.forte-enterprise-2", family="forte", qubits=36, location=park, kw=2.4),
        Device(name="qpu.forte-enterprise-3", family="forte", qubits=36, location=park, kw=2.4),
    )
    return {device.name: device for device in devices}
