"""Every kind of job a user can run, and what comes back."""

import math

from ionq_kit import WAIT, backend, bell, compiled, driver, dynamic, ordered, raised
from qiskit import QuantumCircuit
from qiskit.circuit.library import PauliEvolutionGate
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit_ionq import ErrorMitigation, GPI2Gate, GPIGate, MSGate, ZZGate

SHOTS = 200


def main():
    """Run them all."""
    simulator, device = backend(), backend("ionq_qpu.sim_line_5")
    return {
        "single": told(simulator.run(compiled(simulator, bell()), shots=SHOTS)),
        "ordered": told(device.run(compiled(device, ordered()), shots=SHOTS)),
        "named": told(backend("ionq_simulator.sim_line_5").run(compiled(device, bell()), shots=SHOTS)),
        "seeded": [seeded(simulator) for _ in range(2)],
        "several": several(device),
        "memory": memory(device, bell()),
        "dynamic": memory(device, dynamic()),
        "evolution": told(device.run(evolution(device), shots=SHOTS)),
        "native": {family: native(family) for family in ("aria", "forte")},
        "sharpened": sharpened(device),
        "noisy": told(simulator.run(compiled(simulator, bell()), shots=SHOTS, noise_model="aria-1")),
        "dry": dry(device),
        "metadata": metadata(device),
    }


def told(job, **options):
    """Wait for a job and tell what it gave."""
    result = job.result(**WAIT, **options)
    return {
        "id": job.job_id(),
        "counts": result.get_counts(),
        "probabilities": job.get_probabilities(),
        "shots": result.results[0].shots,
        "label": job._metadata["qgw"],
    }


def seeded(simulator):
    """Run with a seed for the simulation; the same seed gives the same outcomes."""
    simulator.set_options(sampler_seed=11)
    job = simulator.run(compiled(simulator, bell()), shots=SHOTS)
    simulator.set_options(sampler_seed=None)
    job.result(**WAIT)
    return job._client.get_results(job._results_urls["shots"])


def several(device):
    """Run two circuits in one job, with every shot of each."""
    job = device.run([compiled(device, bell()), compiled(device, ordered())], shots=SHOTS, memory=True)
    result = job.result(**WAIT)
    return {
        "counts": [result.get_counts(number) for number in range(2)],
        "memory": [sorted(set(result.get_memory(number))) for number in range(2)],
        "lengths": [len(result.get_memory(number)) for number in range(2)],
        "status": job.status(detailed=True),
        "children": len(set(job._children)),
    }


def memory(device, circuit):
    """Run with every shot shown."""
    job = device.run(compiled(device, circuit), shots=SHOTS, memory=True)
    result = job.result(**WAIT)
    shots = job.get_memory()
    return {"counts": result.get_counts(), "shots": len(shots), "outcomes": sorted(set(shots))}


def evolution(device):
    """Turn a qubit by a Pauli exponential: pi about X is a flip."""
    circuit = QuantumCircuit(2)
    circuit.append(PauliEvolutionGate(SparsePauliOp(["IX"]), time=math.pi / 2), [1, 0])
    circuit.measure_all()
    return compiled(device, circuit)


def native(family):
    """Entangle two qubits by native gates; what they are by the SDK's own definitions says what to expect."""
    device = backend("ionq_qpu.sim_line_5", gateset="native")
    circuit = QuantumCircuit(2, 2)
    if family == "aria":
        circuit.append(MSGate(0, 0), [0, 1])
    else:
        circuit.append(GPI2Gate(0.75), [0])
        circuit.append(GPI2Gate(0.75), [1])
        circuit.append(ZZGate(0.25), [0, 1])
        circuit.append(GPI2Gate(0.25), [1])
        circuit.append(GPIGate(0), [0])
        circuit.append(GPI2Gate(0.75), [0])
    expected = sorted(Statevector(circuit).probabilities_dict(decimals=6))
    circuit.measure([0, 1], [0, 1])
    return {**told(device.run(circuit, shots=SHOTS)), "expected": expected}


def sharpened(device):
    """Ask for sharpened results of a debiased job."""
    job = device.run(compiled(device, bell()), shots=SHOTS, error_mitigation=ErrorMitigation.DEBIASING)
    return told(job, sharpen=True)


def dry(device):
    """Only have it compiled."""
    job = device.run(compiled(device, bell()), shots=SHOTS, dry_run=True)
    job.wait_for_final_state(**WAIT)
    return {"result": raised(job.result), "circuit": job.compiled_circuit("qis"), "dry": job.dry_run}


def metadata(device):
    """Give a job words of one's own, and read them in another process' stead."""
    words = {"project": "moonshot", "qgw:classification": "internal"}
    job = device.run(compiled(device, bell()), shots=7, extra_metadata=words)
    job.result(**WAIT)
    again = device.retrieve_job(job.job_id())
    kept = again._metadata["metadata"]
    return {
        "kept": {key: kept[key] for key in words},
        "shots": again.result(**WAIT).results[0].shots,
        "counts": sum(again.get_counts().values()),
    }


driver(main)
