"""Every kind of job at IonQ itself, and what comes back. Arguments: a prefix for the names of jobs."""

import sys

from ionq_kit import WAIT, backend, bell, compiled, driver, dynamic, ordered, raised
from qiskit import QuantumCircuit
from qiskit_ionq import ErrorMitigation, GPI2Gate, MSGate

SHOTS = 100


def main():
    """Run them all."""
    forte, aria = backend("ionq_qpu.forte-1"), backend("ionq_qpu.aria-1")
    simulator = backend("ionq_simulator")
    run = Runner()
    return {
        "single": run("single", forte, bell()),
        "ordered": run("ordered", forte, ordered()),
        "several": run("several", forte, [bell(), ordered()], memory=True),
        "memory": run("memory", forte, bell(), memory=True),
        "dynamic": run("dynamic", forte, dynamic(), memory=True),
        "native": run("native", backend("ionq_qpu.aria-1", gateset="native"), native()),
        "plain": run("plain", aria, bell(), error_mitigation=ErrorMitigation.NO_DEBIASING),
        "sharpened": run("sharpened", aria, bell(), shots=600, error_mitigation=ErrorMitigation.DEBIASING, sharpen=True),
        "ideal": run("ideal", simulator, bell(), seed=11),
        "noisy": run("noisy", simulator, bell(), noise_model="aria-1", seed=11),
        "dry": dry(forte),
    }


class Runner:
    """Runs a circuit or a list of them, and tells all that a user can ask of the job."""

    def __call__(self, name, device, circuits, shots=SHOTS, sharpen=None, seed=None, **options):
        """Run, wait, and tell."""
        if seed is not None:
            device.set_options(sampler_seed=seed)
        ready = circuits if device.gateset() == "native" else compiled(device, circuits)
        words = {"case": name, "lab": "41"}
        job = device.run(ready, shots=shots, job_settings={"compilation": {"opt": 1}} if name == "plain" else None, extra_metadata=words, **options)
        result = job.result(**WAIT, **({} if sharpen is None else {"sharpen": sharpen}))
        count = len(circuits) if isinstance(circuits, list) else 1
        told = {
            "id": job.job_id(),
            "counts": [result.get_counts(number) for number in range(count)],
            "shots": [each.shots for each in result.results],
            "status": str(job.status()),
            "metadata": {key: job._metadata["metadata"][key] for key in words},
            "again": [device.retrieve_job(job.job_id()).result(**WAIT).get_counts(number) for number in range(count)],
        }
        if options.get("memory"):
            told["memory"] = [job.get_memory()] if count == 1 else [result.get_memory(n) for n in range(count)]
        return told


def native():
    """Entangle by the native gate of a machine."""
    circuit = QuantumCircuit(2, 2)
    circuit.append(GPI2Gate(0.0), [0])
    circuit.append(GPI2Gate(0.5), [0])
    circuit.append(MSGate(0, 0), [0, 1])
    circuit.measure([0, 1], [0, 1])
    return circuit


def dry(device):
    """Only have it compiled."""
    job = device.run(compiled(device, bell()), shots=SHOTS, dry_run=True)
    job.wait_for_final_state(**WAIT)
    return {
        "id": job.job_id(),
        "result": raised(job.result),
        "circuit": job.compiled_circuit("native"),
        "dry": job.dry_run,
    }


driver(main)
