"""Looking around at IBM's own machines. Argument: `direct` where nothing but looking is wanted."""

import sys

from kit import bell, compiled, driver, pub_report, raised, service
from qiskit_ibm_runtime import Batch, SamplerV2, Session

DEVICE = "ibm_test_five"


def main():
    """Look at everything that a user can see without a job, and then at jobs that live on."""
    connected = service()
    backend = connected.backend(DEVICE)
    seen = {"device": device(backend)}
    if sys.argv[1:] == ["direct"]:
        return seen
    ready = compiled(backend, bell())
    sampler = SamplerV2(backend)
    return {
        **seen,
        "listed": sorted(each.name for each in connected.backends()),
        "least_busy": connected.least_busy(simulator=False).name,
        "sessions": sessions(backend, ready),
        "job": job(connected, sampler, ready),
        "cancelled": cancelled(sampler, ready),
        "denied": raised(lambda: sampler.run([ready], shots=2_000_000)),
        "usage": raised(connected.usage),
    }


def device(backend):
    """Tell what the SDK reads of one."""
    configuration, properties, status = backend.configuration(), backend.properties(), backend.status()
    return {
        "configuration": configuration.to_dict(),
        "properties": properties.to_dict(),
        "target": sorted(backend.target.operation_names),
        "status": {"operational": status.operational, "pending": status.pending_jobs, "message": status.status_msg},
    }


def sessions(backend, ready):
    """Run in a session and in a batch."""
    with Session(backend=backend, max_time="1h") as session:
        first = SamplerV2(mode=session).run([ready], shots=10)
        shots = pub_report(first.result()[0])["shots"]
    with Batch(backend=backend) as batch:
        jobs = [SamplerV2(mode=batch).run([ready], shots=10) for _ in range(2)]
        together = [pub_report(each.result()[0])["shots"] for each in jobs]
    late = raised(lambda: SamplerV2(mode=session).run([ready], shots=10))
    return {"shots": shots, "batch": together, "closed": session.status(), "late": late, "id": first.job_id()}


def job(connected, sampler, ready):
    """Do with a job what a user does later: find, list, tag, read logs and metrics, delete."""
    sampler.options.environment.job_tags = ["kept"]
    one = sampler.run([ready], shots=10)
    one.wait_for_final_state(timeout=60)
    found = connected.job(one.job_id())

    def ids(**filters):
        return [each.job_id() for each in connected.jobs(**filters)]

    told = {
        "id": one.job_id(),
        "tags": sorted(found.update_tags(["kept", "later"])),
        "lists": {
            "tagged": ids(job_tags=["later"]),
            "on": one.job_id() in ids(backend_name=DEVICE),
            "pending": one.job_id() in ids(pending=True),
            "program": one.job_id() in ids(program_id="sampler"),
        },
        "logs": found.logs(),
        "metrics": found.metrics(),
        "inputs": found.inputs["pubs"][0][0].num_qubits,
        "properties": found.properties() is not None,
    }
    connected.delete_job(one.job_id())
    return {**told, "deleted": raised(lambda: connected.job(one.job_id()))}


def cancelled(sampler, ready):
    """Cancel a job in the queue."""
    waiting = sampler.run([ready], shots=10)
    outcome = raised(waiting.cancel)
    waiting.wait_for_final_state(timeout=60)
    told = {"id": waiting.job_id(), "cancel": outcome, "status": waiting.status()}
    return {**told, "result": raised(waiting.result)}


driver(main)
