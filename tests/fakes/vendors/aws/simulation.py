"""Runs a program on Aer. Imported by worker threads only: qiskit takes seconds to load and holds the interpreter.

Qiskit counts qubits from the least significant end and Braket from the other; matrices are put on reversed qubits and
states are turned around here, and nowhere else.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit.library import UnitaryGate
from qiskit_aer import AerSimulator

from tests.fakes.vendors.aws import observables
from tests.fakes.vendors.aws.outcome import Outcome
from tests.fakes.vendors.aws.program import Program, ProgramError, Step

MOST_QUBITS: Final = 24
"""More would not fit a test machine's memory."""


class TooLargeError(ProgramError):
    """The fake takes what the device takes, but cannot run it."""


def run(program: Program, shots: int) -> Outcome:
    """Run an admitted program; without shots its results are exact."""
    return _sample(program, shots) if shots else _compute(program)


def _sample(program: Program, shots: int) -> Outcome:
    steps = [*program.steps, *observables.rotations(program.wanted, program.qubits)]
    measured = program.measured or list(program.qubits)
    touched = sorted({label for step in steps for label in step.qubits})
    circuit = _circuit(steps, touched)
    circuit.measure_all()
    memory = AerSimulator().run(circuit, shots=shots, memory=True).result().get_memory() if touched else [""] * shots
    bits = np.array([[int(bit) for bit in reversed(shot)] for shot in memory], dtype=int).reshape(shots, len(touched))
    samples = np.zeros((shots, len(measured)), dtype=int)
    for column, label in enumerate(measured):
        if label in touched:
            samples[:, column] = bits[:, touched.index(label)]
    values = [{"type": each.wire, "value": observables.sampled(each, samples, measured)} for each in program.wanted]
    return Outcome(measured, samples.tolist(), values)


def _compute(program: Program) -> Outcome:
    qubits = list(program.qubits)
    circuit = _circuit(program.steps, qubits)
    circuit.save_statevector()
    little = np.asarray(AerSimulator(method="statevector").run(circuit).result().get_statevector())
    state = little.reshape((2,) * len(qubits)).transpose()
    values = [{"type": each.wire, "value": observables.exact(each, state, qubits)} for each in program.wanted]
    return Outcome(qubits, [], values)


def _circuit(steps: Sequence[Step], labels: Sequence[int]) -> Any:
    if len(labels) > MOST_QUBITS:
        raise TooLargeError(f"{len(labels)} qubits are in use, at most {MOST_QUBITS} can be simulated here")
    places = {label: place for place, label in enumerate(labels)}
    circuit = QuantumCircuit(len(labels))
    for step in steps:
        circuit.append(UnitaryGate(step.matrix), [places[label] for label in reversed(step.qubits)])
    return circuit
