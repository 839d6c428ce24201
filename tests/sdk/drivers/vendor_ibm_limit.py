"""Run one job, and then another when the first has used up what the project may use."""

from kit import bell, compiled, driver, pub_report, raised, service
from qiskit_ibm_runtime import SamplerV2

DEVICE = "ibm_test_five"


def main():
    """Look at the usage before and after."""
    connected = service()
    backend = connected.backend(DEVICE)
    circuit, sampler = compiled(backend, bell()), SamplerV2(backend)
    before = connected.usage()
    first = sampler.run([circuit], shots=10)
    shots = pub_report(first.result()[0])["shots"]
    return {
        "before": before,
        "shots": shots,
        "after": connected.usage(),
        "refused": raised(lambda: sampler.run([circuit], shots=10)),
    }


driver(main)
