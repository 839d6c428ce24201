"""Submit tasks that wait for a second person, or, with their ids as arguments, see what became of them."""

import sys

from braket.aws import AwsQuantumTask
from braket_kit import bell, device, driver, raised


def main():
    """Submit three, and cancel the last; or read them."""
    if sys.argv[1:]:
        tasks = [AwsQuantumTask(each, poll_interval_seconds=0.2) for each in sys.argv[1:]]
        done = [raised(lambda task=task: dict(task.result().measurement_counts)) for task in tasks]
        told = [task.metadata().get("failureReason") for task in tasks]
        return {"status": [task.state() for task in tasks], "results": done, "reasons": told}
    chosen = device()
    tasks = [chosen.run(bell(), shots=shots) for shots in (101, 102, 103)]
    waiting = [task.state() for task in tasks]
    tasks[2].cancel()
    return {"ids": [task.id for task in tasks], "waiting": waiting, "cancelled": tasks[2].state()}


driver(main)
