"""The emulated devices: what `sim_…` backends claim to be, and that they claim to be simulators.

Gates and timing follow the current public superconducting devices (cz with fractional rx and rzz), so that
circuits compiled for hardware run here unchanged. Nothing here is a copy of one real device.
"""

from datetime import UTC, datetime

from adapters.aer import lattice
from gateway.domain.backend import Backend, ExecutionKind, GateSpec

DT_SECONDS = 4e-9
ONLINE_SINCE = datetime(2025, 1, 1, tzinfo=UTC)
"""The first day that has a calibration."""
STATUS_MESSAGE = "simulator: results are computed by Qiskit Aer, no quantum hardware is involved"

ONE_QUBIT_GATES = {"id": (), "rx": ("theta",), "rz": ("theta",), "sx": (), "x": ()}
TWO_QUBIT_GATES = {"cz": (), "rzz": ("theta",)}
_DYNAMIC = ("delay", "measure", "reset", "if_else", "for_loop", "switch_case")

_EDGES = {
    "sim_line_5": lattice.line(5),
    "sim_heavyhex_27": lattice.falcon(),
    "sim_heavyhex_127": lattice.heavy_hex(7, 15),
}
NAMES = tuple(_EDGES)


def device(name: str) -> Backend:
    """Describe an emulated device.

    Raises:
        KeyError: no such device.
    """
    edges = _EDGES[name]
    both_ways = tuple(sorted({*edges, *((second, first) for first, second in edges)}))
    qubits = lattice.qubit_count(edges)
    basis = tuple(sorted({*ONE_QUBIT_GATES, *TWO_QUBIT_GATES}))
    return Backend(
        name=name,
        upstream="aer",
        vendor="gateway",
        region="local",
        kind=ExecutionKind.SIMULATOR,
        qubits=qubits,
        basis_gates=basis,
        gates=_gates(qubits, both_ways),
        coupling_map=both_ways,
        supported_instructions=basis + _DYNAMIC,
        max_shots=100_000,
        max_circuits=300,
        dynamic_circuits=True,
        processor_family="Simulator",
        processor_revision="1",
        version="1.0.0",
        online_since=ONLINE_SINCE,
        description=f"{qubits} emulated qubits; {STATUS_MESSAGE}",
        rep_delay_seconds=(0.0, 250e-6, 500e-6),
        dt_seconds=DT_SECONDS,
    )


def _gates(qubits: int, both_ways: tuple[lattice.Edge, ...]) -> tuple[GateSpec, ...]:
    alone = tuple((qubit,) for qubit in range(qubits))
    specs = [GateSpec(name=name, parameters=angles, qubits=alone) for name, angles in ONE_QUBIT_GATES.items()]
    specs += [GateSpec(name=name, parameters=angles, qubits=both_ways) for name, angles in TWO_QUBIT_GATES.items()]
    return tuple(sorted(specs, key=lambda spec: spec.name))
