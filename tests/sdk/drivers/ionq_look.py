"""What a user can look at besides results: backends, calibrations, prices, sessions, jobs, costs."""

import requests
from ionq_kit import WAIT, backend, bell, compiled, driver, raised
from qiskit_ionq import IonQProvider
from qiskit_ionq.ionq_session import Session


def main():
    """Look at everything."""
    device = backend("ionq_qpu.sim_line_5")
    done = device.run(compiled(device, bell()), shots=10)
    done.result(**WAIT)
    return {
        "qubits": {name: backend(name).num_qubits for name in ("ionq_simulator", "ionq_qpu.sim_line_5")},
        "missing": backend("ionq_qpu.aria-1").num_qubits,
        "calibration": calibration(device),
        "available": [device.status(), backend().status()],
        "estimate": estimate(device),
        "sessions": sessions(device),
        "cancelled": cancelled(device),
        "raw": raw(device, done.job_id()),
    }


def calibration(device):
    """Read the newest characterization."""
    found = device.calibration()
    return {
        "qubits": found.qubits,
        "pairs": len(found.connectivity),
        "spam": found.median_spam_fidelity,
        "date": found.date.isoformat(),
        "timing": found.timing,
    }


def estimate(device):
    """Ask what a job would cost."""
    found = device.client.estimate_job(
        backend=device.name, oneq_gates=100, twoq_gates=50, qubits=5, shots=1000, error_mitigation=True
    )
    return {"cost": found.cost, "unit": found.cost_unit, "seconds": found.total_runtime, "at": found.estimated_at}


def sessions(device):
    """Run in a session, and find that it takes nothing once it has ended."""
    with Session(device, max_time=5) as session:
        job = device.run(compiled(device, bell()), shots=10)
        job.result(**WAIT)
        open_as, inside = session.status(), session.details()
    listed = device.client.get_with_retry(
        device.client.make_path("sessions", session.session_id, "jobs"), headers=device.client.api_headers
    ).json()["jobs"]
    late = raised(lambda: device.run(compiled(device, bell()), shots=10, session_id=session.session_id))
    limited = raised(lambda: Session(device, max_cost=5))
    return {
        "open": open_as,
        "settings": inside["settings"],
        "ended": session.status(),
        "jobs": [each["id"] for each in listed] == [job.job_id()],
        "late": late,
        "limited": limited,
        "usage": session.usage(),
    }


def cancelled(device):
    """Cancel a job; it may be over before."""
    job = device.run(compiled(device, bell()), shots=10)
    early = raised(job.cancel)
    job.wait_for_final_state(**WAIT)
    status = str(job.status())
    return {"cancel": early, "status": status, "result": raised(lambda: job.result(**WAIT)), "late": raised(job.cancel)}


def raw(device, done):
    """Ask for what the SDK has no words for."""
    client = device.client

    def get(*parts, **query):
        return requests.get(client.make_path(*parts), params=query, headers=client.api_headers, timeout=30).json()

    child = device.run([compiled(device, bell())] * 2, shots=10)
    child.result(**WAIT)
    return {
        "whoami": sorted(get("whoami")),
        "backends": [each["backend"] for each in get("backends")],
        "cost": get("jobs", done, "cost"),
        "histogram": sum(get("jobs", done, "results", "histogram").values()),
        "label": get("jobs", done, "artifacts", "qgw.execution.v1"),
        "listed": [get("jobs", limit=1)["jobs"][0]["id"] == child.job_id(), bool(get("jobs", limit=1)["next"])],
        "completed": done in [job["id"] for job in get("jobs", status="completed")["jobs"]],
        "children": [job["id"] for job in get("jobs", parent_job_id=child.job_id())["jobs"]] == child._children,
        "characterizations": len(get("backends", "qpu.sim_line_5", "characterizations")["characterizations"]),
        "static": sorted(each.name for each in IonQProvider().backends()),
        "deleted": [client.delete_job(done), raised(lambda: device.retrieve_job(done))],
    }


driver(main)
