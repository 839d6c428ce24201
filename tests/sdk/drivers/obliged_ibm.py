"""Jobs that say everywhere what they are for, at IBM and on a simulator, and what comes back of them."""

import numpy as np
from kit import client_side, compiled, driver, observable, service
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit_ibm_runtime import EstimatorV2, SamplerV2

SECRET = "gravity_drive"


def main():
    """Run them all."""
    connected = service()
    five, emulated = connected.backend("ibm_test_five"), connected.backend("sim_line_5")
    return {
        "sampler": sampled(SamplerV2(five), five),
        "client-side": sampled(client_side("Sampler")(five), five),
        "emulated": sampled(SamplerV2(emulated), emulated),
        "estimator": estimated(five),
    }


def spoken():
    """Flip one qubit of two, under telling names."""
    circuit = QuantumCircuit(QuantumRegister(2, SECRET), ClassicalRegister(2, f"c_{SECRET}"), name=SECRET)
    circuit.metadata = {"for": SECRET}
    circuit.rx(Parameter(f"z_{SECRET}"), 0)
    circuit.rx(Parameter(f"a_{SECRET}"), 1)
    circuit.measure([0, 1], [0, 1])
    return circuit


def sampled(sampler, backend):
    """Run, wait, and tell what a user sees: qubit 0 is turned by pi, qubit 1 not at all."""
    sampler.options.environment.job_tags = [SECRET]
    job = sampler.run([(compiled(backend, spoken()), np.array([0.0, np.pi]))], shots=500)
    result = job.result()
    (pub,) = result
    return {
        "id": job.job_id(),
        "registers": list(pub.data),
        "counts": pub.data[f"c_{SECRET}"].get_counts(),
        "tags": service().job(job.job_id()).tags,
        "told": str(result.metadata) + str(pub.metadata),
    }


def estimated(backend):
    """Ask for more precision than policy lets it have."""
    circuit = QuantumCircuit(1, name=SECRET)
    circuit.x(0)
    ready = compiled(backend, circuit)
    job = EstimatorV2(backend).run([(ready, observable(ready, ("Z", 1.0)))], precision=0.01)
    (pub,) = job.result()
    return {"id": job.job_id(), "value": float(pub.data.evs), "told": str(job.result().metadata)}


driver(main)
