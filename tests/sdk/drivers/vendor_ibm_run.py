"""Every kind of program at IBM itself, and what comes back."""

import numpy as np
from kit import bell, compiled, driver, dynamic, observable, pub_report, rotated, service, two_registers
from qiskit_ibm_runtime import EstimatorV2, Executor, QuantumProgram, SamplerV2

DEVICE = "ibm_test_five"
ANGLES = np.array([[0.0, 0.0], [0.3, np.pi / 2], [1.1, np.pi]])
"""Parameters are ordered by name: phi, theta."""


def main():
    """Run them all."""
    backend = service().backend(DEVICE)
    sampler, turned = SamplerV2(backend), compiled(backend, rotated())
    sampler.options.environment.job_tags = ["lab-41", "ada"]
    registers = [compiled(backend, each()) for each in (bell, two_registers, dynamic)]
    return {
        "sampler": told(sampler.run(registers, shots=100)),
        "parametrised": told(sampler.run([(turned, ANGLES, 50)])),
        "estimator": estimated(backend),
        "executor": executed(backend, turned),
    }


def told(job):
    """Wait, and tell what a user can ask of the job, then find it again by its id."""
    result, again = job.result(), service().job(job.job_id())
    return {
        "id": job.job_id(),
        "pubs": [pub_report(pub) for pub in result],
        "again": [pub_report(pub) for pub in again.result()],
        "status": job.status(),
        "tags": again.tags,
        "usage": job.usage(),
        "metrics": job.metrics(),
        "backend": job.backend().name,
    }


def estimated(backend):
    """Estimate two observables of a Bell pair."""
    circuit = compiled(backend, bell(measured=False))
    observables = [observable(circuit, (pauli, 1.0)) for pauli in ("ZZ", "IZ")]
    job = EstimatorV2(backend).run([(circuit, observables)], precision=0.05)
    pub = job.result()[0]
    return {"id": job.job_id(), "evs": pub.data.evs, "stds": pub.data.stds}


def executed(backend, turned):
    """Run a program of one's own, as the client-side primitives do."""
    program = QuantumProgram(shots=50)
    program.append_circuit_item(compiled(backend, bell()))
    program.append_circuit_item(turned, circuit_arguments=ANGLES)
    job = Executor(backend).run(program)
    return {
        "id": job.job_id(),
        "shapes": [{name: list(data.shape) for name, data in item.items()} for item in job.result()],
    }


driver(main)
