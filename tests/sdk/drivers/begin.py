"""Submit one job, wait for its end, and tell its id."""

from kit import bell, compiled, device, driver, pub_report
from qiskit_ibm_runtime import SamplerV2


def main():
    backend = device()
    job = SamplerV2(backend).run([compiled(backend, bell())], shots=200)
    return {"id": job.job_id(), "pub": pub_report(job.result()[0])}


driver(main)
