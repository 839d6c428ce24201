"""What the IonQ drivers share: the provider, a few circuits, and a report.

A driver is a plain script for the Python of the SDK's environment. It knows nothing of the gateway but the
environment variables it is given, uses the SDK as a user would, and prints one JSON report.
"""

import json
import sys
import warnings

import qiskit_ionq
from qiskit import QuantumCircuit, transpile
from qiskit_ionq import IonQProvider

WAIT = {"wait": 0.1, "timeout": 60}


def driver(main):
    """Run a driver's main function and print what it reports, with the warnings that a user would have read."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        report = main()
    shown = [str(warning.message) for warning in caught if not issubclass(warning.category, DeprecationWarning)]
    json.dump({**report, "warnings": shown, "sdk": qiskit_ionq.__version__}, sys.stdout, default=str)
    sys.stdout.write("\n")


def backend(name="ionq_simulator", **options):
    """Give a backend by the name a user would write."""
    return IonQProvider().get_backend(name, **options)


def compiled(device, circuit):
    """Transpile for a backend, as IonQ recommends."""
    return transpile(circuit, device, optimization_level=1, seed_transpiler=7)


def bell():
    """Give two entangled qubits."""
    circuit = QuantumCircuit(2, name="bell")
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


def ordered():
    """Give three qubits of which only the first is one, measured backwards: the SDK reads 100."""
    circuit = QuantumCircuit(3, 3, name="ordered")
    circuit.x(0)
    circuit.id(2)
    circuit.measure([0, 1, 2], [2, 1, 0])
    return circuit


def dynamic():
    """Give a circuit that measures, resets and decides: register `first` is random, `last` always 10."""
    circuit = QuantumCircuit(2, name="dynamic")
    first, last = (QuantumCircuit(0, size).cregs[0] for size in (1, 2))
    circuit.add_register(type(first)(1, "first"), type(last)(2, "last"))
    circuit.h(0)
    circuit.measure(0, circuit.cregs[0][0])
    circuit.reset(0)
    circuit.x(1)
    circuit.measure([0, 1], circuit.cregs[1])
    return circuit


def raised(action):
    """Tell what an action raised, as a user reads it."""
    try:
        outcome = action()
    except Exception as error:
        return {"type": type(error).__name__, "message": getattr(error, "message", "") or str(error)}
    return {"type": None, "message": str(outcome)}
