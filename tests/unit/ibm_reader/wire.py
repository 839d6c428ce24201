"""Writes bodies as IBM's SDK does, and as nobody should."""

import base64
import io
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, qpy

from adapters.ibm.reader import IbmReader
from gateway.ports.reader import Program, ReadLimits, UnreadableError

BODIES = Path(__file__).parent / "bodies"
"""Captured from qiskit-ibm-runtime 0.51.0; 0.49.0 sends the same for sampler and estimator."""

LIMITS = ReadLimits(decompressed_bytes=2**22, circuits=5, bindings=1000)


def read(payload: bytes | dict[str, Any]) -> Program:
    return IbmReader().read(payload if isinstance(payload, bytes) else json.dumps(payload).encode(), LIMITS)


def refusal(payload: bytes | dict[str, Any]) -> UnreadableError:
    with pytest.raises(UnreadableError) as refused:
        read(payload)
    return refused.value


def captured(name: str) -> dict[str, Any]:
    return json.loads((BODIES / f"{name}.json").read_text())


def body(program: str, params: Any) -> bytes:
    return json.dumps({"program_id": program, "backend": "sim_line_5", "params": params}).encode()


def sampler(*pubs: Any, **options: Any) -> bytes:
    return body("sampler", {"pubs": list(pubs), "options": options, "version": 2, "support_qiskit": True})


def estimator(*pubs: Any, **options: Any) -> bytes:
    return body("estimator", {"pubs": list(pubs), "options": options, "version": 2, "support_qiskit": True})


def raw_qpy(*circuits: QuantumCircuit, version: int = 17) -> bytes:
    stream = io.BytesIO()
    qpy.dump(list(circuits), stream, version=version)
    return stream.getvalue()


def packed(circuit: QuantumCircuit | bytes, version: int = 17) -> dict[str, str]:
    raw = circuit if isinstance(circuit, bytes) else raw_qpy(circuit, version=version)
    return {"__type__": "QuantumCircuit", "__value__": text(raw)}


def ndarray(values: Any) -> dict[str, str]:
    stream = io.BytesIO()
    np.save(stream, np.asarray(values), allow_pickle=False)
    return {"__type__": "ndarray", "__value__": text(stream.getvalue())}


def text(raw: bytes) -> str:
    return base64.b64encode(zlib.compress(raw)).decode()


def bell() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit
