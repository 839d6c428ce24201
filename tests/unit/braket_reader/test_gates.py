"""Every gate does what the SDK says it does; the SDK's matrices are kept in a golden file."""

import json
from pathlib import Path

import numpy as np
import pytest
from qiskit.quantum_info import Operator

from adapters.braket.openqasm import GATES
from adapters.braket.reader.conversion import convert

MATRICES = json.loads((Path(__file__).parents[2] / "golden" / "braket" / "gates.json").read_text("utf-8"))
"""Made by `tests/sdk/drivers/braket_gates.py`; the SDK tests compare."""


@pytest.mark.parametrize("call", sorted(MATRICES))
def test_a_gate_has_the_sdk_s_matrix(call):
    """Phases included: they show once a gate is controlled."""
    matrix = np.array([[complex(*cell) for cell in row] for row in MATRICES[call]])
    qubits = len(matrix).bit_length() - 1

    circuit = convert(f"OPENQASM 3.0;\nqubit[{qubits}] q;\n{call}", {}).circuit

    assert np.allclose(Operator(circuit.reverse_bits()).data, matrix)


def test_the_sdk_has_no_gate_that_is_not_read():
    names = {call.replace("(", " ").split()[0] for call in MATRICES}

    assert names == GATES | {"U"}
