"""Bodies that touch every part of the reader, for warming up: gates, modifiers, inputs, pragmas, physical qubits."""

import json
from collections.abc import Sequence

from adapters.braket.reader.gates import GATES

_NAMES = ("q[0]", "q[1]", "q[2]")


def samples() -> Sequence[bytes]:
    """Give a few programs."""
    return tuple(_body(source) for source in (_every_gate(), _VIRTUAL, _PHYSICAL, _RESULTS))


_VIRTUAL = """OPENQASM 3.0;
input float theta;
input int n;
const float half = pi / 2;
bit[2] b;
qubit[2] q;
let both = q[0:1];
gate own(a) x1, y1 { rx(a * 2 + 1) x1; cnot x1, y1; gphase(a); }
own(theta / 2) q[0], q[1];
pow(1.0/2) @ ctrl @ h q[0], q[1];
inv @ negctrl @ rz(sin(theta) ** n) q[1], q[0];
U(half, 0, -pi) both;
gphase(0.1);
#pragma braket unitary([[0, -1.0im], [1.0im, 0]]) q[0]
reset q[1];
barrier q;
b = measure q;
"""
_PHYSICAL = """OPENQASM 3.0;
bit[1] b;
#pragma braket verbatim
box{
prx(0.1, 0.2) $0;
cz $0, $2;
}
b[0] = measure $2;
measure $0;
"""
_RESULTS = """OPENQASM 3.0;
qubit[3] q;
h q[0]; /* a remark */ cnot q[0], q[1]; // another
#pragma braket result expectation x(q[0]) @ y(q[1])
#pragma braket result variance h(q[2])
#pragma braket result sample i all
"""


def _every_gate() -> str:
    calls = []
    for name, (_, angles, qubits) in GATES.items():
        given = f"({', '.join(['0.3'] * angles)})" if angles else ""
        calls.append(f"{name}{given} {', '.join(_NAMES[:qubits])};")
    return "\n".join(["OPENQASM 3.0;", "qubit[3] q;", *calls])


def _body(source: str) -> bytes:
    action = {
        "braketSchemaHeader": {"name": "braket.ir.openqasm.program", "version": "1"},
        "source": source,
        "inputs": {"theta": 0.3, "n": 2},
    }
    task = {
        "clientToken": "sample",
        "deviceArn": "arn:aws:braket:::device/quantum-simulator/gateway/sample",
        "shots": 10,
        "outputS3Bucket": "sample",
        "outputS3KeyPrefix": "tasks",
        "action": json.dumps(action),
        "deviceParameters": "{}",
    }
    return json.dumps(task).encode()
