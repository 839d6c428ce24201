"""What the drivers share: the service, a few circuits, and a report.

A driver is a plain script for the Python of an SDK environment. It knows nothing of the gateway but the
environment variables it is given, uses the SDK as a user would, and prints one JSON report.
"""

import importlib
import json
import logging
import sys
import warnings

import numpy as np
import qiskit_ibm_runtime as runtime
from qiskit import QuantumCircuit
from qiskit.circuit import ClassicalRegister, Parameter, QuantumRegister
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import QiskitRuntimeService

DEVICE = "sim_line_5"

logging.disable(logging.WARNING)


def driver(main):
    """Run a driver's main function and print what it reports, with the warnings that a user would have read."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        report = main()
    shown = [str(warning.message) for warning in caught if not issubclass(warning.category, DeprecationWarning)]
    json.dump({**report, "warnings": shown, "sdk": runtime.__version__}, sys.stdout, default=plain)
    sys.stdout.write("\n")


def plain(value):
    """Turn what JSON does not know into what it does."""
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else str(value)


def service():
    """Connect as the environment says, and nothing else."""
    return QiskitRuntimeService()


def device(connected=None):
    """Give the device that the drivers run on."""
    return (connected or service()).backend(DEVICE)


def client_side(name):
    """Give the client-side Sampler or Estimator, which moved between SDK versions."""
    module = importlib.import_module(f"qiskit_ibm_runtime.executor_{name.lower()}")
    return getattr(module, name, None) or getattr(module, f"{name}V2")


def compiled(backend, circuit):
    """Transpile for a backend, the same way every time."""
    return generate_preset_pass_manager(optimization_level=1, backend=backend, seed_transpiler=7).run(circuit)


def bell(*, measured=True):
    """Give two entangled qubits."""
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    if measured:
        circuit.measure_all()
    return circuit


def rotated(*, measured=True):
    """Give a circuit with two parameters."""
    theta, phi = Parameter("theta"), Parameter("phi")
    circuit = QuantumCircuit(2)
    circuit.ry(theta, 0)
    circuit.cx(0, 1)
    circuit.rz(phi, 1)
    circuit.h(1)
    if measured:
        circuit.measure_all()
    return circuit


def two_registers():
    """Give three qubits measured into two registers: `alpha` 00 or 11, `beta` always 1."""
    qubits, alpha, beta = QuantumRegister(3, "q"), ClassicalRegister(2, "alpha"), ClassicalRegister(1, "beta")
    circuit = QuantumCircuit(qubits, alpha, beta)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.x(2)
    circuit.measure([0, 1], alpha)
    circuit.measure(2, beta[0])
    return circuit


def dynamic():
    """Give a circuit whose second half depends on a measurement in its first: both bits always agree."""
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    return circuit


def observable(circuit, *terms):
    """Lay a Pauli sum out on a transpiled circuit's qubits."""
    return SparsePauliOp.from_list(list(terms)).apply_layout(circuit.layout)


def settled(options, settings):
    """Set dotted options on a primitive's options."""
    for path, value in settings.items():
        *parents, last = path.split(".")
        target = options
        for parent in parents:
            target = getattr(target, parent)
        setattr(target, last, value)


def pub_report(pub):
    """Tell what a sampler's pub result holds."""
    return {
        "shape": list(pub.data.shape),
        "counts": {name: bits.get_counts() for name, bits in pub.data.items()},
        "shots": {name: bits.num_shots for name, bits in pub.data.items()},
        "metadata": pub.metadata,
    }


def raised(action):
    """Tell what an action raised, as a user reads it."""
    try:
        outcome = action()
    except Exception as error:
        return {"type": type(error).__name__, "message": str(error)}
    return {"type": None, "message": str(outcome)}
