"""Submissions: what IBM's SDK sent, and the same with one thing changed."""

import json
from pathlib import Path
from typing import Any

from qiskit import QuantumCircuit

from tests.unit.ibm_reader.wire import packed

REQUESTS = Path(__file__).parents[1] / "golden/ibm/requests"


def golden(name: str = "sampler", sdk: str = "0.51", **changes: Any) -> dict[str, Any]:
    """Give what an SDK sent, with other members at the top."""
    return {**json.loads((REQUESTS / f"{name}.sdk-{sdk}.json").read_text()), **changes}


def sampler(*pubs: Any, options: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Write a sampler job of these pubs."""
    params = {"pubs": list(pubs), "options": options or {}, "version": 2, "support_qiskit": True}
    return golden(params=params, **changes)


def text(body: Any) -> bytes:
    """Write a body as it goes over the wire."""
    return json.dumps(body).encode()


def line(qubits: int) -> QuantumCircuit:
    """Entangle so many qubits in a row."""
    circuit = QuantumCircuit(qubits)
    circuit.h(0)
    for qubit in range(1, qubits):
        circuit.cx(qubit - 1, qubit)
    circuit.measure_all()
    return circuit


def pub(circuit: QuantumCircuit | bytes | None = None, shots: Any = 100) -> list[Any]:
    """Pack a circuit as the SDK does."""
    return [packed(line(2) if circuit is None else circuit), None, shots]


def slow(**changes: Any) -> dict[str, Any]:
    """Write a job that keeps a simulator busy longer than any test looks at it."""
    return sampler(*[pub(entangled(22))] * 20, **{"backend": "sim_heavyhex_27", **changes})


def entangled(qubits: int) -> QuantumCircuit:
    """Entangle all with all, in a way that only a state vector holds."""
    circuit = QuantumCircuit(qubits)
    for layer in range(30):
        for qubit in range(qubits):
            circuit.rx(0.1 + layer + qubit, qubit)
        for qubit in range(layer % 2, qubits - 1, 2):
            circuit.cz(qubit, qubit + 1)
    circuit.measure_all()
    return circuit
