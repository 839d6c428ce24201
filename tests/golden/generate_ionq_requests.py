"""Writes down what the stock qiskit-ionq sends, for tests that have no SDK: run in its environment, when it changes.

Argument: the folder to write to. Nothing is sent anywhere: the address is one where nobody listens.
"""

import sys
import warnings
from pathlib import Path

from ionq_circuits import CIRCUITS
from qiskit import QuantumCircuit, transpile
from qiskit_ionq import ErrorMitigation, GPI2Gate, GPIGate, IonQProvider, MSGate, ZZGate
from qiskit_ionq.helpers import qiskit_to_ionq

NOWHERE = "http://127.0.0.1:9/v0.4"


def native(family):
    """Give every native gate of a family, on different qubits and with different angles."""
    circuit = QuantumCircuit(2, name=family)
    circuit.append(GPI2Gate(0.1), [0])
    circuit.append(GPIGate(0.3), [1])
    circuit.append(MSGate(0.1, 0.2, 0.15) if family == "aria" else ZZGate(0.2), [0, 1])
    circuit.append(GPI2Gate(0.7), [1])
    circuit.measure_all()
    return circuit


def bodies(provider):
    """Give each body by its name."""
    simulator, device = provider.get_backend("ionq_simulator"), provider.get_backend("ionq_qpu.forte-1")
    bell, dynamic = CIRCUITS["bell"], CIRCUITS["dynamic"]
    for name, circuit in CIRCUITS.items():
        if name != "dynamic":
            yield f"circuit-{name}", qiskit_to_ionq(circuit, simulator, {"shots": 100, "sampler_seed": 7})
    pair = [bell, CIRCUITS["three"]]
    yield "multi", qiskit_to_ionq(pair, device, {"shots": 200})
    yield "qasm3", qiskit_to_ionq(dynamic, device, {"shots": 50})
    yield "dry-run", qiskit_to_ionq(bell, device, {"shots": 10, "dry_run": True})
    noisy = {"shots": 100, "noise_model": "aria-1"}
    yield "noise", qiskit_to_ionq(bell, simulator, noisy)
    settings = {"error_mitigation": ErrorMitigation.DEBIASING, "job_settings": {"compilation": {"opt": 1}}}
    session = {"session_id": "5e551047-0000-4000-8000-000000000001"}
    yield "settings", qiskit_to_ionq(bell, device, {"shots": 500, **settings, **session}, None, {"a": "b"})
    for family in ("aria", "forte"):
        backend = provider.get_backend(f"ionq_qpu.{family}-1", gateset="native")
        yield f"native-{family}", qiskit_to_ionq(transpile(native(family), backend), backend, {"shots": 100})


def main(folder):
    """Write every body."""
    warnings.simplefilter("ignore")
    for name, body in bodies(IonQProvider("token", NOWHERE)):
        (folder / f"{name}.sdk-1.1.json").write_text(f"{body}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
