"""Submit one job for each name that is given, one after the other, and wait for its result.

A name with an equals sign is a name and a piece of metadata: `name=key:value`, the key with colons if it has some.
"""

import sys

from ionq_kit import WAIT, backend, bell, compiled, driver, raised


def main():
    """Submit them."""
    device = backend("ionq_qpu.forte-1")
    return {"jobs": [submitted(device, *given.partition("=")[::2]) for given in sys.argv[1:]]}


def submitted(device, name, words):
    """Tell what came of one."""
    circuit = bell()
    circuit.name = name
    key, _, value = words.rpartition(":")
    metadata = {key: value} if words else {}
    jobs = []
    outcome = raised(lambda: jobs.append(device.run(compiled(device, circuit), shots=10, extra_metadata=metadata)))
    if not jobs:
        return {"name": name, "id": None, **outcome}
    job = jobs[0]
    counts = job.result(**WAIT).get_counts()
    return {"name": name, "id": job.job_id(), "shots": sum(counts.values()), "label": job._metadata["qgw"]}


driver(main)
