"""What the Braket drivers share: a device, a few circuits, and a report.

A driver is a plain script for the Python of the SDK's environment. It knows nothing of the gateway but the
environment variables it is given, uses the SDK as a user would, and prints one JSON report.
"""

import json
import logging
import sys
import warnings

import numpy as np
from braket._sdk import __version__
from braket.aws import AwsDevice
from braket.circuits import Circuit, Observable

DEVICE = "arn:aws:braket:::device/quantum-simulator/gateway/sim_line_5"

logging.disable(logging.WARNING)


def driver(main):
    """Run a driver's main function and print what it reports, with the warnings that a user would have read."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        report = main()
    shown = [str(warning.message) for warning in caught if not issubclass(warning.category, DeprecationWarning)]
    json.dump({**report, "warnings": shown, "sdk": __version__}, sys.stdout, default=plain)
    sys.stdout.write("\n")


def plain(value):
    """Turn what JSON does not know into what it does."""
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else str(value)


def device():
    """Give the device that the drivers run on."""
    return AwsDevice(DEVICE)


def bell():
    """Give two entangled qubits."""
    return Circuit().h(0).cnot(0, 1)


def correlated():
    """Give a Bell pair and a third qubit, with one result of each kind that samples can give."""
    circuit = bell().x(2)
    circuit.expectation(Observable.X() @ Observable.X(), target=[0, 1])
    circuit.variance(Observable.Z(), target=2)
    circuit.probability(target=2)
    circuit.sample(Observable.X(), target=0)
    return circuit


def raised(action):
    """Tell what an action raised, as a user reads it."""
    try:
        outcome = action()
    except Exception as error:
        return {"type": type(error).__name__, "message": str(error)}
    return {"type": None, "message": str(outcome)}
