"""The devices of the fake Braket: who they are, what they take, and the state an operator may change.

Standing values (names, sizes, prices, native gates) resemble public ones; calibrations are drawn, see `calibration`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final, Literal

from tests.fakes.vendors.aws.gates import GATES

REGIONS: Final = ("us-east-1", "us-west-1", "us-west-2", "eu-west-2", "eu-north-1")
CALIBRATED_AT: Final = time(4, 0, tzinfo=UTC)
"""When a QPU gets its daily calibration."""
STALE: Final = timedelta(days=30)
"""How old the fault `stale_calibration` makes a calibration."""
ALWAYS: Final[Sequence[Mapping[str, str]]] = (
    {"executionDay": "Everyday", "windowStartHour": "00:00:00", "windowEndHour": "23:59:59"},
)
Edge = tuple[int, int]


@dataclass(slots=True, kw_only=True)
class Device:
    """One device; what stands below `status` an operator may change while the fake runs."""

    arn: str
    name: str
    provider: str
    family: Literal["iqm", "ionq", "rigetti", "simulator"]
    qubits: Sequence[int]
    edges: Sequence[Edge] | None
    """Coupled pairs; without any, everything is coupled with everything."""
    native: Mapping[str, str]
    """Native gates by their OpenQASM name, as the vendor spells them."""
    gates: Collection[str]
    shots: tuple[int, int]
    cost: tuple[float, str]
    location: str
    status: Literal["ONLINE", "OFFLINE", "RETIRED"] = "ONLINE"
    queue_length: int = 0
    message: str = ""
    windows: Sequence[Mapping[str, Any]] = ALWAYS
    fixed_calibration: datetime | None = None
    recalibrated: datetime | None = field(default=None)

    @property
    def simulator(self) -> bool:
        """Tell whether it is one of Amazon's simulators."""
        return self.family == "simulator"

    @property
    def region(self) -> str:
        """Give the region a QPU stands in; simulators stand in all and have none."""
        return self.arn.split(":")[3]

    def stands_in(self, region: str) -> bool:
        """Tell whether a region offers the device."""
        return self.region in {"", region}

    def coupled(self, one: int, other: int) -> bool:
        """Tell whether a native two-qubit gate can act on a pair."""
        return self.edges is None or (one, other) in self.edges or (other, one) in self.edges

    def calibrated_at(self, now: datetime) -> datetime:
        """Give the time of the calibration in force."""
        if self.fixed_calibration is not None:
            return self.fixed_calibration
        daily = datetime.combine(now.date(), CALIBRATED_AT)
        latest = daily if daily <= now else daily - timedelta(days=1)
        return max(latest, self.recalibrated or latest)


def devices() -> dict[str, Device]:
    """Make all devices, fresh, by ARN."""
    made = (_garnet(), _forte(), _ankaa(), _aspen(), _sv1())
    return {device.arn: device for device in made}


def _garnet() -> Device:
    rows = ((1, 2), (3, 7), (8, 12), (13, 17), (18, 20))
    rings = [(left, left + 1) for first, last in rows for left in range(first, last)]
    columns = [(1, 4), (2, 5), (3, 8), (4, 9), (5, 10), (6, 11), (7, 12)]
    columns += [(8, 13), (9, 14), (10, 15), (11, 16), (12, 17), (14, 18), (15, 19), (16, 20)]
    return Device(
        arn="arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet",
        name="Garnet",
        provider="IQM",
        family="iqm",
        qubits=range(1, 21),
        edges=rings + columns,
        native={"cz": "cz", "prx": "prx"},
        gates=_usual() | {"prx"},
        shots=(1, 20_000),
        cost=(0.00145, "shot"),
        location="Finland",
    )


def _forte() -> Device:
    return Device(
        arn="arn:aws:braket:us-east-1::device/qpu/ionq/Forte-1",
        name="Forte 1",
        provider="IonQ",
        family="ionq",
        qubits=range(36),
        edges=None,
        native={"gpi": "GPI", "gpi2": "GPI2", "zz": "ZZ"},
        gates=_usual() | {"gpi", "gpi2", "ms"},
        shots=(1, 5_000),
        cost=(0.08, "shot"),
        location="Maryland, USA",
    )


def _ankaa() -> Device:
    width, height = 12, 7
    across = [(at, at + 1) for at in range(width * height) if at % width != width - 1]
    down = [(at, at + width) for at in range(width * (height - 1))]
    missing = {42, 48}
    return Device(
        arn="arn:aws:braket:us-west-1::device/qpu/rigetti/Ankaa-3",
        name="Ankaa-3",
        provider="Rigetti",
        family="rigetti",
        qubits=[label for label in range(width * height) if label not in missing],
        edges=[edge for edge in across + down if not missing & set(edge)],
        native={"rx": "rx", "rz": "rz", "iswap": "iswap"},
        gates=_usual(),
        shots=(1, 50_000),
        cost=(0.0009, "shot"),
        location="California, USA",
    )


def _aspen() -> Device:
    """Give a device that has left: it is still listed, and takes nothing."""
    device = _ankaa()
    device.arn, device.name = "arn:aws:braket:us-west-1::device/qpu/rigetti/Aspen-M-3", "Aspen-M-3"
    device.status = "RETIRED"
    return device


def _sv1() -> Device:
    return Device(
        arn="arn:aws:braket:::device/quantum-simulator/amazon/sv1",
        name="SV1",
        provider="Amazon Braket",
        family="simulator",
        qubits=range(34),
        edges=None,
        native={},
        gates=frozenset(GATES) | {"unitary"},
        shots=(0, 100_000),
        cost=(0.075, "minute"),
        location="us-east-1, us-west-1, us-west-2, eu-west-2, eu-north-1",
    )


def _usual() -> frozenset[str]:
    """Give the gates every QPU compiles."""
    return frozenset(GATES) - {"U", "prx", "gpi", "gpi2", "ms"}
