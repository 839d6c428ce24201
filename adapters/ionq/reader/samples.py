"""Bodies that touch every part of the reader, for warming up: both gatesets, controls, exponentials, OpenQASM 3."""

import json
from collections.abc import Sequence
from typing import Any

_QIS = [
    {"gate": "h", "target": 0},
    {"gate": "x", "targets": [1], "controls": [0]},
    {"gate": "x", "targets": [3], "controls": [0, 1, 2]},
    {"gate": "rx", "targets": [1], "controls": [0], "rotation": 0.5},
    {"gate": "h", "targets": [2], "controls": [0, 1]},
    {"gate": "v", "targets": [2], "controls": [0, 1, 3]},
    {"gate": "z", "targets": [2], "controls": [0, 1, 3], "rotation": 0.25},
    {"gate": "swap", "targets": [1, 2], "controls": [0]},
    {"gate": "zz", "targets": [0, 1], "rotation": 0.1},
    {"gate": "pauliexp", "targets": [0, 1], "terms": ["XX", "YY", "II"], "coefficients": [1, 0.5, 2], "time": 0.3},
    {"gate": "pauliexp", "targets": [0, 1], "terms": ["XX", "ZI"], "coefficients": [1, 0.5], "time": 0.3},
]
_NATIVE = [
    {"gate": "gpi", "target": 0, "phase": 0.1},
    {"gate": "gpi2", "target": 1, "phase": 0.2},
    {"gate": "ms", "targets": [0, 1], "phases": [0, 0.5], "angle": 0.1},
    {"gate": "zz", "targets": [0, 1], "angle": 0.25},
    {"gate": "nop", "target": 0},
]
_QASM = """OPENQASM 3.0; include "stdgates.inc"; gate own(a) q { rx(a) q; } bit[2] c; qubit[2] q; h q[0];
c[0] = measure q[0]; if (c[0]) { x q[1]; } else { own(0.5) q[1]; } for int i in [0:1] { reset q[0]; }
while (c == 3) { c[1] = measure q[1]; }"""


def samples() -> Sequence[bytes]:
    """Give one body for each type of job."""
    single = {"gateset": "qis", "qubits": 4, "circuit": _QIS}
    both = [{"circuit": _NATIVE}, {"gateset": "qis", "circuit": _QIS, "name": "one"}]
    return (
        _body("ionq.circuit.v1", single),
        _body("ionq.multi-circuit.v1", {"gateset": "native", "circuits": both}),
        _body("ionq.qasm3.v1", {"qubits": 2, "data": _QASM}),
        _body("ionq.qasm3.v1", {"data": "OPENQASM 3.0; qubit q; bit b; U(0, 0, 0) q; b = measure q;"}),
    )


def _body(kind: str, given: dict[str, Any]) -> bytes:
    return json.dumps({"type": kind, "backend": "simulator", "shots": 10, "input": given}).encode()
