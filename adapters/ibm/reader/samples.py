"""Bodies that touch every part of the reader, for warming up: all encodings, control flow, expressions, twirling."""

import base64
import io
import json
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from ibm_quantum_schemas.common import CompressedQpyDataModel, CompressedTensorModel, SamplexModel
from qiskit import QuantumCircuit, qpy
from qiskit.circuit import Gate, Parameter
from qiskit.circuit.classical import expr
from qiskit.circuit.library import QFTGate, UnitaryGate
from samplomatic import Twirl, build

_QASM2 = 'OPENQASM 2.0; include "qelib1.inc"; gate own a, b { h a; cx a, b; } qreg q[2]; creg c[2]; own q[0], q[1];'
_QASM3 = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; input float a; rz(a) q[0]; c = measure q;'


def samples() -> Sequence[bytes]:
    """Give one body for each program, more where encodings differ."""
    values = np.linspace(0, 1, 4).reshape(2, 2)
    pubs = [[_packed(_everything(), version), [0.5, 0.25], None] for version in (13, 15, 17, 18)]
    return (
        _body("sampler", {"pubs": [*pubs, [_QASM2], [_QASM3, [0.1], 10], [_packed(_ansatz()), _array(values), 10]]}),
        _body("estimator", {"pubs": [[_packed(_ansatz()), [[{"ZZ": 1.0}], ["XI"]], _array(values), 0.1]]}),
        _body("executor", _twirled()),
    )


def _ansatz() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.ry(Parameter("a"), 0)
    circuit.rz(2 * Parameter("b") + 1, 1)
    circuit.cx(0, 1)
    return circuit


def _everything() -> QuantumCircuit:
    circuit = _ansatz()
    circuit.add_bits(QuantumCircuit(0, 2).clbits)
    circuit.append(UnitaryGate(np.eye(2)), [0])
    circuit.append(QFTGate(2), [0, 1])
    circuit.append(_own_gate(), [0, 1])
    circuit.measure(0, 0)
    with circuit.if_test(expr.logic_not(circuit.clbits[0])) as otherwise:
        circuit.x(0)
    with otherwise:
        circuit.delay(100, 1)
    with circuit.for_loop(range(2)):
        circuit.reset(1)
    with circuit.while_loop((circuit.clbits[0], 1)):
        circuit.measure(0, 0)
    with circuit.switch(circuit.clbits[1]) as case, case(case.DEFAULT):
        circuit.barrier()
    return circuit


def _own_gate() -> Gate:
    definition = QuantumCircuit(2, name="own")
    definition.h(0)
    definition.cx(0, 1)
    return definition.to_gate()


def _twirled() -> dict[str, Any]:
    circuit = QuantumCircuit(2)
    with circuit.box([Twirl()]):
        circuit.cz(0, 1)
    with circuit.box([Twirl()]):
        circuit.measure_all()
    template, samplex = build(circuit)
    circuits = CompressedQpyDataModel.from_python([template, _ansatz()])
    arguments = CompressedTensorModel.from_numpy(np.zeros((3, 2)))
    items = [
        {
            "item_type": "samplex",
            "samplex": SamplexModel.from_samplex(samplex).model_dump(),
            "samplex_arguments": {},
            "shape": [2],
            "chunk_size": "auto",
        },
        {"item_type": "circuit", "circuit_arguments": arguments.model_dump(), "shape": [], "chunk_size": "auto"},
    ]
    program = {"shots": 10, "circuits": circuits.model_dump(), "items": items, "meas_level": "classified"}
    return {"schema_version": "v2.0", "quantum_program": program, "options": {}}


def _packed(circuit: QuantumCircuit, version: int = 17) -> dict[str, str]:
    raw = io.BytesIO()
    qpy.dump(circuit, raw, version=version)
    return {"__type__": "QuantumCircuit", "__value__": _text(raw.getvalue())}


def _array(values: np.ndarray[Any, Any]) -> dict[str, str]:
    raw = io.BytesIO()
    np.save(raw, values, allow_pickle=False)
    return {"__type__": "ndarray", "__value__": _text(raw.getvalue())}


def _text(raw: bytes) -> str:
    return base64.b64encode(zlib.compress(raw)).decode()


def _body(program: str, params: dict[str, Any]) -> bytes:
    return json.dumps({"program_id": program, "params": params}).encode()
