"""Submit one job for each name that is given, one after the other, and wait for its result.

A name with an equals sign is a name and one more tag: `name=tag`. What follows `--read` are ids of jobs to read.
"""

import sys

from kit import bell, compiled, driver, pub_report, raised, service
from qiskit_ibm_runtime import SamplerV2

DEVICE = "ibm_test_five"


def main():
    """Submit them."""
    names, _, ids = " ".join(sys.argv[1:]).partition("--read")
    connected = service()
    report = {"counts": {each: pub_report(connected.job(each).result()[0])["counts"] for each in ids.split()}}
    if not names:
        return report
    backend = connected.backend(DEVICE)
    return {**report, "jobs": [submitted(backend, *given.partition("=")[::2]) for given in names.split()]}


def submitted(backend, name, tag):
    """Tell what came of one."""
    sampler = SamplerV2(backend)
    sampler.options.environment.job_tags = [name, tag] if tag else [name]
    jobs = []
    outcome = raised(lambda: jobs.append(sampler.run([compiled(backend, bell())], shots=10)))
    if not jobs:
        return {"name": name, "id": None, **outcome}
    result = jobs[0].result()
    told = {"shots": pub_report(result[0])["shots"], "label": result.metadata.get("qgw")}
    return {"name": name, "id": jobs[0].job_id(), "backend": jobs[0].backend().name, **told}


driver(main)
