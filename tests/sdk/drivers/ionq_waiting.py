"""Submit jobs that wait for a second person, or, with their ids as arguments, see what became of them."""

import sys

from ionq_kit import WAIT, backend, bell, compiled, driver, raised


def main():
    """Submit three, and cancel the last; or read them."""
    device = backend("ionq_simulator.sim_line_5")
    if sys.argv[1:]:
        # The SDK already raises when it looks up a job that failed.
        done = [raised(lambda job=job: device.retrieve_job(job).result(**WAIT).get_counts()) for job in sys.argv[1:]]
        return {"results": done}
    circuit = compiled(device, bell())
    jobs = [device.run(circuit, shots=shots) for shots in (101, 102, 103)]
    waiting = [job.status().name for job in jobs]
    jobs[2].cancel()
    return {"ids": [job.job_id() for job in jobs], "waiting": waiting, "cancelled": jobs[2].status().name}


driver(main)
