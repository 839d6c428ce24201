"""What a user does with jobs after submitting them: list, filter, find, tag, cancel, delete, look closer.

Argument: a tag that keeps a job from finishing, where the other side knows one.
"""

import sys
import time
from datetime import UTC, datetime, timedelta

from kit import DEVICE, bell, compiled, device, driver, observable, pub_report, raised, service
from qiskit_ibm_runtime import EstimatorV2, SamplerV2


def main():
    connected = service()
    backend = device(connected)
    mark = f"run-{time.time_ns()}"
    started = datetime.now(UTC) - timedelta(days=3650)
    first, second = (_submit(backend, mark, name) for name in ("one", "two"))
    estimate = _estimate(backend, mark)
    for job in (first, second, estimate):
        job.wait_for_final_state(timeout=120)
    found = connected.job(first.job_id())
    return {
        "lists": _lists(connected, mark, started),
        "expected": {"one": first.job_id(), "two": second.job_id(), "estimate": estimate.job_id()},
        "found": _found(found),
        "tags": _tags(found),
        "metrics": found.metrics(),
        "usage_estimation": found.usage_estimation,
        "logs": found.logs(),
        "properties": found.properties() is not None,
        "cancel_late": raised(found.cancel),
        "deleted": _delete(connected, second),
        "cancelled": _cancel(backend, mark),
        "private": _private(backend, mark),
    }


def _submit(backend, *tags, **environment):
    sampler = SamplerV2(backend)
    sampler.options.environment.job_tags = list(tags)
    for name, value in environment.items():
        setattr(sampler.options.environment, name, value)
    return sampler.run([compiled(backend, bell())], shots=32)


def _estimate(backend, mark):
    estimator = EstimatorV2(backend)
    estimator.options.environment.job_tags = [mark]
    circuit = compiled(backend, bell(measured=False))
    return estimator.run([(circuit, observable(circuit, ("ZZ", 1.0)))], precision=0.1)


def _lists(connected, mark, started):
    def ids(**filters):
        return [job.job_id() for job in connected.jobs(job_tags=[mark], **filters)]

    now = datetime.now(UTC) + timedelta(days=3650)
    return {
        "all": ids(limit=None),
        "ascending": ids(descending=False),
        "first": ids(limit=1),
        "second": ids(limit=1, skip=1),
        "beyond": ids(limit=5, skip=50),
        "one": [job.job_id() for job in connected.jobs(job_tags=[mark, "one"])],
        "estimators": ids(program_id="estimator"),
        "on_device": ids(backend_name=DEVICE),
        "elsewhere": ids(backend_name="another_device"),
        "pending": ids(pending=True),
        "ended": ids(pending=False),
        "after": ids(created_after=started),
        "before": ids(created_before=started),
        "between": ids(created_after=started, created_before=now),
        "no_session": ids(session_id="5e551047-ffff-4000-8000-00000000dead"),
    }


def _found(job):
    circuit = job.inputs["pubs"][0][0]
    return {
        "id": job.job_id(),
        "status": job.status(),
        "program": job.primitive_id,
        "backend": job.backend().name,
        "created": job.creation_date,
        "instance": job.instance,
        "private": job.private,
        "inputs": {"circuit": type(circuit).__name__, "qubits": circuit.num_qubits, "options": job.inputs["options"]},
        "pub": pub_report(job.result()[0]),
    }


def _tags(job):
    before = list(job.tags)
    after = job.update_tags([*before, "later"])
    return {"before": before, "after": sorted(after)}


def _delete(connected, job):
    connected.delete_job(job.job_id())
    return raised(lambda: connected.job(job.job_id()))


def _cancel(backend, mark):
    job = _submit(backend, mark, *sys.argv[1:])
    outcome = raised(job.cancel)
    return {"cancel": outcome, "status": job.status(), "result": raised(job.result)}


def _private(backend, mark):
    job = _submit(backend, mark, private=True)
    job.wait_for_final_state(timeout=120)
    return {"private": job.private, "inputs": job.inputs, "shots": pub_report(job.result()[0])["shots"]}


driver(main)
