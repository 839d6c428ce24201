"""Submit jobs that wait for a second person, or, with their ids as arguments, see what became of them."""

import sys

from kit import bell, compiled, device, driver, raised, service
from qiskit_ibm_runtime import SamplerV2


def main():
    """Submit three, and cancel the last; or read them."""
    if sys.argv[1:]:
        jobs = [service().job(each) for each in sys.argv[1:]]
        done = [raised(lambda job=job: job.result()[0].data.meas.get_counts()) for job in jobs]
        return {"status": [job.status() for job in jobs], "results": done}
    backend = device()
    sampler, circuit = SamplerV2(backend), compiled(backend, bell())
    jobs = [sampler.run([circuit], shots=shots) for shots in (101, 102, 103)]
    waiting = [job.status() for job in jobs]
    jobs[2].cancel()
    return {"ids": [job.job_id() for job in jobs], "waiting": waiting, "cancelled": jobs[2].status()}


driver(main)
