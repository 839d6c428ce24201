"""The quantum computers of the fake, and how IBM describes them: one like an Eagle, and one of five qubits."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

CONTROL_FLOW: Final = ("if_else", "for_loop", "switch_case")
MOST_SHOTS: Final = 100_000
_ROWS: Final = 7
_COLUMNS: Final = 15
_BRIDGES: Final = 4
_ONE_QUBIT: Final = {"id": [], "rz": ["theta"], "sx": [], "x": []}


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A quantum computer; `couplings` are the ordered pairs on which the two-qubit gate is calibrated."""

    name: str
    version: str
    qubits: int
    entangler: str
    couplings: tuple[tuple[int, int], ...]
    places: tuple[tuple[int, int], ...]
    """Row and column of each qubit, as IBM draws the chip."""
    family: str
    revision: str

    @property
    def basis(self) -> tuple[str, ...]:
        """Name the gates that are calibrated."""
        return (self.entangler, *_ONE_QUBIT)


@cache
def devices() -> dict[str, Device]:
    """Give all devices by name."""
    return {device.name: device for device in (_eagle(), _five())}


def _eagle() -> Device:
    """Seven rows of up to 15 qubits, every two joined by four bridges that alternate between two offsets."""
    places: list[tuple[int, int]] = []
    for row in range(_ROWS):
        first, last = int(row == _ROWS - 1), _COLUMNS - int(row == 0)
        places += [(2 * row, column) for column in range(first, last)]
        if row < _ROWS - 1:
            places += [(2 * row + 1, 2 * (row % 2) + 4 * bridge) for bridge in range(_BRIDGES)]
    index = {place: qubit for qubit, place in enumerate(places)}
    beside = [(index[place], index.get((place[0], place[1] + 1))) for place in places if place[0] % 2 == 0]
    below = [(index[place], index.get((place[0] + 1, place[1]))) for place in places]
    pairs = sorted((one, other) for one, other in beside + below if other is not None)
    return Device(
        name="ibm_test_eagle",
        version="1.4.2",
        qubits=len(places),
        entangler="ecr",
        couplings=tuple(pairs),
        places=tuple(places),
        family="Eagle",
        revision="3",
    )


def _five() -> Device:
    pairs = ((0, 1), (1, 2), (1, 3), (3, 4))
    return Device(
        name="ibm_test_five",
        version="2.0.7",
        qubits=5,
        entangler="cx",
        couplings=tuple(sorted(pairs + tuple((b, a) for a, b in pairs))),
        places=((0, 0), (0, 1), (0, 2), (1, 1), (2, 1)),
        family="Falcon",
        revision="5.11",
    )


def configuration(device: Device) -> dict[str, Any]:
    """Describe a device: `GET /backends/{name}/configuration`."""
    return {
        "backend_name": device.name,
        "backend_version": device.version,
        "n_qubits": device.qubits,
        "basis_gates": list(device.basis),
        "gates": _gates(device),
        "coupling_map": [list(pair) for pair in device.couplings],
        "supported_instructions": [*device.basis, "measure", "reset", "delay", *CONTROL_FLOW],
        "processor_type": {"family": device.family, "revision": device.revision},
        "coords": [list(place) for place in device.places],
        "local": False,
        "simulator": False,
        "conditional": False,
        "open_pulse": False,
        "memory": True,
        "max_shots": MOST_SHOTS,
        "max_experiments": 300,
        "n_registers": 1,
        "online_date": "2024-02-01T05:00:00Z",
        "description": f"{device.qubits} qubit device",
        "sample_name": f"family: {device.family}, revision: {device.revision}",
        "credits_required": True,
        "dt": 0.5,
        "dtm": 0.5,
        "dynamic_reprate_enabled": True,
        "rep_delay_range": [0.0, 500.0],
        "default_rep_delay": 250.0,
        "meas_levels": [1, 2],
        "meas_map": [list(range(device.qubits))],
        "measure_esp_enabled": False,
        "multi_meas_enabled": True,
        "parallel_compilation": False,
        "quantum_volume": None,
        "clops_h": 180_000,
        "supported_features": ["qasm3"],
        "timing_constraints": {"acquire_alignment": 8, "granularity": 8, "min_length": 16, "pulse_alignment": 8},
        "uchannels_enabled": False,
        "u_channel_lo": [],
        "url": "None",
    }


def _gates(device: Device) -> list[dict[str, Any]]:
    everywhere = [[qubit] for qubit in range(device.qubits)]
    alone: list[dict[str, Any]] = [
        {"name": name, "parameters": parameters, "qasm_def": f"gate {name} q {{ }}", "coupling_map": everywhere}
        for name, parameters in _ONE_QUBIT.items()
    ]
    pairs = [list(pair) for pair in device.couplings]
    name = device.entangler
    return [*alone, {"name": name, "parameters": [], "qasm_def": f"gate {name} q0,q1 {{ }}", "coupling_map": pairs}]
