"""Create one task for each name that is given, one after the other, and wait for its result.

A name with an equals sign is a name and a tag: `name=key=value`.
"""

import sys

from braket.aws import AwsDevice, AwsQuantumTask
from braket_kit import bell, driver, raised

GARNET = "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet"


def main():
    """Submit them; what begins with `arn:` is a task to read instead."""
    device = AwsDevice(GARNET)
    return {
        "tasks": [submitted(device, given) for given in sys.argv[1:] if not given.startswith("arn:")],
        "counts": {arn: counts(AwsQuantumTask(arn)) for arn in sys.argv[1:] if arn.startswith("arn:")},
    }


def counts(task):
    """Read a result."""
    return dict(task.result().measurement_counts)


def submitted(device, given):
    """Tell what came of one."""
    name, _, words = given.partition("=")
    key, _, value = words.partition("=")
    tags = {"name": name, **({key: value} if key else {})}
    tasks = []
    outcome = raised(lambda: tasks.append(device.run(bell(), shots=10, tags=tags, poll_interval_seconds=0.2)))
    if not tasks:
        return {"name": name, "id": None, **outcome}
    shots = sum(counts(tasks[0]).values())
    return {"name": name, "id": tasks[0].id, "shots": shots, "tags": tasks[0].metadata()["tags"]}


driver(main)
