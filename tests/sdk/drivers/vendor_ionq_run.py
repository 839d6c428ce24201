"""Every kind of job at IonQ itself, and what comes back."""

from ionq_kit import WAIT, backend, bell, compiled, driver, dynamic, ordered, raised
from qiskit import QuantumCircuit
from qiskit_ionq import ErrorMitigation, GPI2Gate, MSGate

WORDS = {"lab": "41", "owner": "ada"}


def main():
    """Run them all."""
    forte, aria, simulator = (backend(name) for name in ("ionq_qpu.forte-1", "ionq_qpu.aria-1", "ionq_simulator"))
    simulator.set_options(sampler_seed=11)
    off, on = ErrorMitigation.NO_DEBIASING, ErrorMitigation.DEBIASING
    return {
        "single": told(forte, bell()),
        "ordered": told(forte, ordered()),
        "several": told(forte, [bell(), ordered()], memory=True),
        "memory": told(forte, bell(), memory=True),
        "dynamic": told(forte, dynamic(), memory=True),
        "native": told(backend("ionq_qpu.aria-1", gateset="native"), native()),
        "plain": told(aria, bell(), error_mitigation=off, extra_query_params={"name": "my name"}),
        "sharpened": told(aria, bell(), shots=600, sharpen=True, error_mitigation=on),
        "ideal": told(simulator, bell()),
        "noisy": told(simulator, bell(), noise_model="aria-1"),
        "dry": dry(forte),
    }


def told(device, circuits, shots=100, sharpen=None, **options):
    """Run, wait, and tell what a user can ask of the job, then find it again by its id."""
    ready = circuits if device.gateset() == "native" else compiled(device, circuits)
    job = device.run(ready, shots=shots, extra_metadata=WORDS, **options)
    places = range(len(circuits)) if isinstance(circuits, list) else (0,)
    result = job.result(**WAIT, sharpen=sharpen)
    again = device.retrieve_job(job.job_id())
    second = again.result(**WAIT, sharpen=sharpen)
    return {
        "id": job.job_id(),
        "counts": [result.get_counts(place) for place in places],
        "again": [second.get_counts(place) for place in places],
        "memory": [result.get_memory(place) for place in places] if options.get("memory") else None,
        "status": str(job.status()),
        "metadata": {key: again._metadata["metadata"][key] for key in WORDS},
        "label": again._metadata.get("qgw"),
    }


def native():
    """Entangle by the gate of a machine."""
    circuit = QuantumCircuit(2, 2, name="native")
    circuit.append(GPI2Gate(0.0), [0])
    circuit.append(GPI2Gate(0.5), [0])
    circuit.append(MSGate(0, 0), [0, 1])
    circuit.measure([0, 1], [0, 1])
    return circuit


def dry(device):
    """Only have it compiled."""
    job = device.run(compiled(device, bell()), shots=100, dry_run=True)
    job.wait_for_final_state(**WAIT)
    circuit = job.compiled_circuit("native")
    return {"id": job.job_id(), "result": raised(job.result), "gateset": circuit["gateset"], "dry": job.dry_run}


driver(main)
