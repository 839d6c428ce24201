"""Every gate as the SDK defines it: how it is called in OpenQASM, and its matrix."""

import json
import sys

from braket.circuits import Circuit, Gate, Instruction
from braket.circuits.serialization import IRType

ANGLES = (0.3, -1.1, 2.4)
LEFT_OUT = {"GPhase", "PulseGate", "Unitary"}
"""What has no qubit, no matrix, or no name."""


def main():
    kinds = [getattr(Gate, name) for name in sorted(dir(Gate)) if name not in LEFT_OUT]
    gates = [made(kind) for kind in kinds if isinstance(kind, type) and issubclass(kind, Gate) and kind is not Gate]
    json.dump({call(gate): matrix(gate) for gate in gates}, sys.stdout)


def made(kind):
    for count in range(len(ANGLES) + 1):
        try:
            return kind(*ANGLES[:count])
        except TypeError:
            continue
    raise TypeError(kind)


def call(gate):
    circuit = Circuit().add_instruction(Instruction(gate, list(range(gate.qubit_count))))
    lines = circuit.to_ir(ir_type=IRType.OPENQASM).source.splitlines()
    return next(line for line in lines if " q[0]" in line and "measure" not in line)


def matrix(gate):
    return [
        [[round(cell.real, 9) + 0.0, round(cell.imag, 9) + 0.0] for cell in row] for row in gate.to_matrix().tolist()
    ]


main()
