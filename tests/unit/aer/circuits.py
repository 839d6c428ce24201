"""Circuits whose results are known."""

import itertools
from math import pi

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister


def hadamard(circuit: QuantumCircuit, qubit: int) -> None:
    """Write a Hadamard gate in the words of the devices."""
    circuit.rz(pi / 2, qubit)
    circuit.sx(qubit)
    circuit.rz(pi / 2, qubit)


def ghz(qubits: list[int], *, declared: int) -> QuantumCircuit:
    """Entangle some qubits of a large device; half of all shots read only zeros, half only ones."""
    circuit = QuantumCircuit(declared, len(qubits))
    hadamard(circuit, qubits[0])
    for first, second in itertools.pairwise(qubits):
        hadamard(circuit, second)
        circuit.cz(first, second)
        hadamard(circuit, second)
    circuit.measure(qubits, range(len(qubits)))
    return circuit


def brickwork(qubits: int, layers: int, *, seed: int, measured: bool = True) -> QuantumCircuit:
    """Write a random circuit of the devices' gates."""
    rng, circuit = np.random.default_rng(seed), QuantumCircuit(qubits)
    for layer in range(layers):
        for qubit in range(qubits):
            circuit.rz(rng.uniform(0, 2 * pi), qubit)
            circuit.sx(qubit)
            circuit.rz(rng.uniform(0, 2 * pi), qubit)
        for qubit in range(layer % 2, qubits - 1, 2):
            circuit.cz(qubit, qubit + 1)
    if measured:
        circuit.measure_all()
    return circuit


def teleportation(angle: float) -> QuantumCircuit:
    """Teleport `ry(angle)|0>` from qubit 0 to qubit 2 with mid-circuit measurement and feed-forward."""
    qubits, sent, arrived = QuantumRegister(3), ClassicalRegister(2, "sent"), ClassicalRegister(1, "arrived")
    circuit = QuantumCircuit(qubits, sent, arrived)
    circuit.ry(angle, 0)
    circuit.h(1)
    circuit.cx(1, 2)
    circuit.cx(0, 1)
    circuit.h(0)
    circuit.measure([0, 1], [0, 1])
    with circuit.if_test((sent[1], 1)):
        circuit.x(2)
    with circuit.if_test((sent[0], 1)):
        circuit.z(2)
    circuit.measure(2, arrived[0])
    return circuit


def busy(qubits: int = 20) -> QuantumCircuit:
    """Write a circuit that must be evolved again for every shot, for much longer than any test waits."""
    circuit = brickwork(qubits, 20, seed=1)
    circuit.x(0)
    circuit.measure(0, 0)
    return circuit
