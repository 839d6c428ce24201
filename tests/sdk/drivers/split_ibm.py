"""Jobs whose circuits policy has sent in parts, at IBM and on a simulator: what a user sees of it."""

import numpy as np
from kit import bell, client_side, compiled, driver, dynamic, observable, pub_report, raised, service, two_registers
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit_ibm_runtime import EstimatorV2, SamplerV2

ANGLES = np.array([[[0.0], [np.pi]], [[np.pi], [0.0]]])
SHOTS = 100


def main():
    """Run them all."""
    connected = service()
    five, emulated = connected.backend("ibm_test_five"), connected.backend("sim_line_5")
    return {
        "ibm": sampled(SamplerV2(five), five),
        "emulated": sampled(SamplerV2(emulated), emulated),
        "estimator": raised(lambda: estimated(five)),
        "client-side": raised(lambda: client_side("Sampler")(five).run([compiled(five, bell())], shots=SHOTS)),
        "twirled": raised(lambda: twirled(five)),
    }


def turned():
    """Turn one qubit, so that every parameter set has one outcome."""
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("angle"), 0)
    circuit.measure_all()
    return circuit


def sampled(sampler, backend):
    """Run several registers, parameter sets in two dimensions, a small circuit and a dynamic one."""
    registers, whole, agreeing = (compiled(backend, each) for each in (two_registers(), bell(), dynamic()))
    pubs = [(registers, None, SHOTS), (compiled(backend, turned()), ANGLES), (whole, None, 7), agreeing]
    job = sampler.run(pubs, shots=50)
    result = job.result()
    again = service().job(job.job_id()).result()
    return {
        "id": job.job_id(),
        "pubs": [pub_report(pub) for pub in result],
        "again": [pub_report(pub) for pub in again],
        "sets": [result[1].data.meas.get_counts(place) for place in np.ndindex(2, 2)],
        "seen": [int(seen(result, number)) for number in range(len(pubs))],
        "told": str(result.metadata),
    }


def seen(result, number):
    """Count the samples of a pub that execution spans tell of; none may be told of twice."""
    spans = [each for each in result.metadata["execution"]["execution_spans"] if number in each.pub_idxs]
    masks = sum(each.mask(number).astype(int) for each in spans)
    return masks.sum() if masks.max() == 1 else -1


def estimated(backend):
    """Ask for an estimate that needs more shots than one part has."""
    circuit = compiled(backend, bell(measured=False))
    return EstimatorV2(backend).run([(circuit, observable(circuit, ("ZZ", 1.0)))], precision=0.01)


def twirled(backend):
    """Have IBM divide the shots among randomizations."""
    sampler = SamplerV2(backend)
    sampler.options.twirling.enable_gates = True
    return sampler.run([compiled(backend, bell())], shots=SHOTS)


driver(main)
