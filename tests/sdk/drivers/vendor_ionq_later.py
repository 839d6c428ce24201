"""Read jobs of another process, by the ids that are given; and cancel one that waits, if `--cancel` comes first."""

import sys

from ionq_kit import WAIT, backend, bell, compiled, driver, raised


def main():
    """Read them, or cancel."""
    device = backend("ionq_qpu.forte-1")
    if sys.argv[1] == "--cancel":
        return cancelled(device)
    return {"counts": {job_id: device.retrieve_job(job_id).result(**WAIT).get_counts() for job_id in sys.argv[1:]}}


def cancelled(device):
    """Cancel a job in the queue."""
    job = device.run(compiled(device, bell()), shots=10)
    early = raised(job.cancel)
    job.wait_for_final_state(**WAIT)
    return {
        "id": job.job_id(),
        "cancel": early,
        "status": str(job.status()),
        "result": raised(lambda: job.result(**WAIT)),
        "late": raised(job.cancel),
    }


driver(main)
