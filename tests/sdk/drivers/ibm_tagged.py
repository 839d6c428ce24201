"""Production work that says where it comes from, by job tags, and the same without them."""

from kit import bell, compiled, device, driver
from qiskit_ibm_runtime import SamplerV2

TAGS = ["qgw:code=git:4be1c7f", "qgw:dataset=doi:10.5281/zenodo.7", "qgw:dataset=s3://lab/run-7", "qgw:label=vqe"]


def main():
    """Run both."""
    backend = device()
    sampler = SamplerV2(backend)
    sampler.options.simulator.seed_simulator = 7
    circuit = compiled(backend, bell())
    try:
        refused = sampler.run([circuit], shots=500).job_id()
    except Exception as error:
        refused = str(error)
    sampler.options.environment.job_tags = TAGS
    job = sampler.run([circuit], shots=500)
    return {"refused": refused, "job": job.job_id(), "tags": job.tags, "counts": job.result()[0].data.meas.get_counts()}


driver(main)
