"""Calibration of the emulated devices: a pure function of device, seed and UTC day, so history needs no storage.

Every qubit and coupling has a lasting quality drawn from `(seed, device)`, and each midnight moves it a
little by a draw from `(seed, device, day)`. Medians and spreads follow published properties of current
superconducting devices; a value is drawn log-normally and rounded, so that the last digits of a platform's
mathematics cannot change a digest. Standard library only: the serving process runs this.
"""

import hashlib
import json
import math
import random
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime, time

from adapters.aer import devices
from gateway.domain.backend import Backend, Calibration, GateCalibration, QubitCalibration

GENERATOR = "qgw-calibration/1"
"""Changes whenever the same seed and day would give other numbers."""

GATE_SECONDS = {"id": 24e-9, "sx": 24e-9, "x": 24e-9, "rx": 24e-9, "rz": 0.0, "cz": 84e-9, "rzz": 104e-9}
READOUT_SECONDS = 1560e-9
RESET_SECONDS = 1584e-9

_DRIFT = 0.06
"""Spread (natural logarithm) of one day's change."""


def snapshot(backend: Backend, *, seed: int, day: date) -> Calibration:
    """Give the calibration an emulated device has on a UTC day."""
    draw = _Draw(f"{GENERATOR}/{seed}/{backend.name}", day)
    qubits = tuple(_qubit(draw, number) for number in range(backend.qubits))
    gates = _gates(draw, backend)
    return Calibration(
        backend=backend.name,
        digest=_digest(backend.name, day, qubits, gates),
        taken_at=datetime.combine(day, time(), tzinfo=UTC),
        qubits=qubits,
        gates=gates,
        provenance={"seed": seed, "generator": GENERATOR, "day": day.isoformat()},
    )


class _Draw:
    """Log-normal draws by name, each independent of how many others are taken."""

    def __init__(self, origin: str, day: date) -> None:
        self._origin, self._day = origin, day

    def __call__(
        self, name: str, *, median: float, spread: float, most: float = math.inf, drift: float = _DRIFT
    ) -> float:
        """Draw the day's value: lasting quality times drift; `spread` and `drift` are of the natural logarithm."""
        lasting = random.Random(f"{self._origin}/{name}").gauss(0.0, spread)  # noqa: S311  # reproducible, no secret
        moved = random.Random(f"{self._origin}/{name}/{self._day}").gauss(0.0, drift)  # noqa: S311  # as above
        return min(_rounded(median * math.exp(lasting + moved)), most)


def _qubit(draw: _Draw, number: int) -> QubitCalibration:
    t1 = draw(f"t1/{number}", median=170e-6, spread=0.35)
    missed = draw(f"missed/{number}", median=0.012, spread=0.6, most=0.2)
    false = draw(f"false/{number}", median=0.005, spread=0.6, most=0.2)
    return QubitCalibration(
        t1_seconds=t1,
        t2_seconds=draw(f"t2/{number}", median=120e-6, spread=0.45, most=_rounded(2 * t1)),
        frequency_hertz=draw(f"frequency/{number}", median=4.9e9, spread=0.02, drift=0.0),
        anharmonicity_hertz=-draw(f"anharmonicity/{number}", median=0.31e9, spread=0.02, drift=0.0),
        readout_error=_rounded((missed + false) / 2),
        prob_meas0_prep1=missed,
        prob_meas1_prep0=false,
        readout_length_seconds=READOUT_SECONDS,
    )


def _gates(draw: _Draw, backend: Backend) -> tuple[GateCalibration, ...]:
    """Calibrate each gate in each place; a coupling has one quality, whichever way round it is named."""
    resets = [
        GateCalibration(gate="reset", qubits=(qubit,), error=0.0, length_seconds=RESET_SECONDS)
        for qubit in range(backend.qubits)
    ]
    return tuple(
        GateCalibration(
            gate=spec.name,
            qubits=qubits,
            error=_ERRORS[spec.name](draw, "-".join(map(str, sorted(qubits)))),
            length_seconds=GATE_SECONDS[spec.name],
        )
        for spec in backend.gates
        for qubits in spec.qubits
    ) + tuple(resets)


def _one_qubit_error(draw: _Draw, place: str) -> float:
    return draw(f"sx/{place}", median=2.4e-4, spread=0.4, most=0.05)


def _two_qubit_error(draw: _Draw, place: str) -> float:
    return draw(f"cz/{place}", median=3.6e-3, spread=0.45, most=0.1)


_ERRORS: dict[str, Callable[[_Draw, str], float]] = {
    **dict.fromkeys(devices.ONE_QUBIT_GATES, _one_qubit_error),
    # A z rotation is a change of phase in the control electronics: it takes no time and makes no error.
    "rz": lambda _draw, _place: 0.0,
    "cz": _two_qubit_error,
    "rzz": lambda draw, place: _rounded(1.25 * _two_qubit_error(draw, place)),
}


def _digest(name: str, day: date, qubits: tuple[QubitCalibration, ...], gates: tuple[GateCalibration, ...]) -> str:
    facts = {
        "backend": name,
        "taken_at": day.isoformat(),
        "qubits": [asdict(qubit) for qubit in qubits],
        "gates": [asdict(gate) for gate in gates],
    }
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _rounded(value: float) -> float:
    """Keep six significant digits."""
    return float(f"{value:.5e}")
