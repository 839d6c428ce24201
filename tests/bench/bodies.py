"""Submissions as the stock IBM SDK sends them, made from the golden requests."""

import base64
import io
import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_GOLDEN = Path(__file__).parents[1] / "golden" / "ibm" / "requests" / "sampler.sdk-0.51.json"


def bell(backend: str, *, circuits: int = 2, tags: Sequence[str] = ()) -> bytes:
    """Write a sampler job of Bell circuits."""
    golden = _golden()
    if tags:
        golden["tags"] = list(tags)
    golden["params"]["pubs"] *= circuits
    return _written(golden, backend)


def brickwork(backend: str, *, qubits: int, layers: int, shots: int) -> bytes:
    """Write a sampler job of one deep circuit on a line, in the basis of the emulated devices."""
    golden = _golden()
    pub = golden["params"]["pubs"][0]
    pub[0]["__value__"] = _qpy(_brickwork(qubits, layers))
    pub[2] = shots
    return _written(golden, backend)


def _golden() -> dict[str, Any]:
    golden: dict[str, Any] = json.loads(_GOLDEN.read_text())
    return golden


def _written(body: dict[str, Any], backend: str) -> bytes:
    return json.dumps({**body, "backend": backend}).encode()


def _qpy(circuit: Any) -> str:
    from qiskit import qpy

    buffer = io.BytesIO()
    qpy.dump(circuit, buffer, version=13)
    return base64.standard_b64encode(zlib.compress(buffer.getvalue())).decode()


def _brickwork(qubits: int, layers: int) -> Any:
    from qiskit import QuantumCircuit

    circuit = QuantumCircuit(qubits)
    for layer in range(layers):
        for qubit in range(qubits):
            circuit.sx(qubit)
            circuit.rz(0.1 + 0.37 * ((layer * qubits + qubit) % 17), qubit)
        for qubit in range(layer % 2, qubits - 1, 2):
            circuit.cz(qubit, qubit + 1)
    circuit.measure_all()
    return circuit
