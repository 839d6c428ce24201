"""Circuits whose every gate IonQ's SDK can write, by name; plain qiskit, for both sides of a comparison."""

import math

from qiskit import QuantumCircuit
from qiskit.circuit.library import MCXGate, PauliEvolutionGate, PhaseGate
from qiskit.quantum_info import SparsePauliOp


def _bell():
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    return circuit


def _three():
    circuit = QuantumCircuit(3)
    circuit.x(2)
    circuit.h(0)
    return circuit


def _one_qubit():
    circuit = QuantumCircuit(2)
    circuit.h([0, 1])
    for name in ("x", "y", "z", "s", "sdg", "t", "tdg", "sx", "sxdg"):
        getattr(circuit, name)(0)
        getattr(circuit, name)(1)
    for name in ("rx", "ry", "rz", "p"):
        getattr(circuit, name)(math.pi / 7, 0)
        getattr(circuit, name)(-1.2, 1)
    return circuit


def _two_qubit():
    circuit = _one_qubit()
    for name in ("cx", "cy", "cz", "ch", "csx", "swap"):
        getattr(circuit, name)(0, 1)
        getattr(circuit, name)(1, 0)
    for name in ("crx", "cry", "crz", "cp", "rxx", "ryy", "rzz"):
        getattr(circuit, name)(0.4, 0, 1)
        getattr(circuit, name)(1.7, 1, 0)
    return circuit


def _many_qubit():
    circuit = QuantumCircuit(4)
    circuit.h(range(4))
    circuit.ccx(0, 1, 2)
    circuit.append(MCXGate(3), [3, 1, 0, 2])
    circuit.append(PhaseGate(0.9).control(3), [0, 1, 2, 3])
    circuit.ry(0.3, 2)
    return circuit


def _evolution():
    circuit = QuantumCircuit(3)
    circuit.h(range(3))
    operator = SparsePauliOp(["XXI", "YYI", "IIZ"], [0.5, -0.25, 1.5])
    circuit.append(PauliEvolutionGate(operator, time=0.7), [2, 0, 1])
    return circuit


def _dynamic():
    circuit = QuantumCircuit(2, name="dynamic")
    circuit.add_register(*QuantumCircuit(0, 1).cregs)
    circuit.h(0)
    circuit.measure(0, 0)
    circuit.reset(0)
    circuit.x(1)
    circuit.measure_all()
    return circuit


def _measured(circuit, name):
    circuit.name = name
    circuit.measure_all()
    return circuit


CIRCUITS = {
    "bell": _measured(_bell(), "bell"),
    "three": _measured(_three(), "three"),
    "one-qubit": _measured(_one_qubit(), "one-qubit"),
    "two-qubit": _measured(_two_qubit(), "two-qubit"),
    "many-qubit": _measured(_many_qubit(), "many-qubit"),
    "evolution": _measured(_evolution(), "evolution"),
    "dynamic": _dynamic(),
}
