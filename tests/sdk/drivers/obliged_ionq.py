"""Jobs that say everywhere what they are for, at IonQ, and what comes back of them."""

from ionq_kit import WAIT, backend, compiled, driver
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister

SECRET = "gravity_drive"


def main():
    """Run a job of gates, and a dynamic one, which goes as text."""
    forte = backend("ionq_qpu.forte-1")
    return {"plain": told(forte, spoken()), "dynamic": told(forte, spoken(twice=True))}


def spoken(*, twice=False):
    """Flip a qubit, under telling names."""
    circuit = QuantumCircuit(QuantumRegister(2, SECRET), ClassicalRegister(2, f"c_{SECRET}"), name=SECRET)
    circuit.x(0)
    circuit.measure(0, 0)
    if twice:
        circuit.x(0)
    circuit.measure([0, 1], [0, 1])
    return circuit


def told(device, circuit):
    """Run, wait, and tell what a user sees."""
    job = device.run(compiled(device, circuit), shots=500, extra_metadata={"note": SECRET})
    result = job.result(**WAIT)
    metadata = device.retrieve_job(job.job_id())._metadata
    return {
        "id": job.job_id(),
        "counts": result.get_counts(),
        "note": metadata["metadata"]["note"],
        "label": metadata["qgw"],
    }


driver(main)
