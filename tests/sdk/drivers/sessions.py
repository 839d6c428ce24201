"""Sessions and batches: open, run inside, look, close, cancel, find again."""

from kit import bell, compiled, device, driver, pub_report, raised, service
from qiskit_ibm_runtime import Batch, SamplerV2, Session


def main():
    connected = service()
    backend = device(connected)
    circuit = compiled(backend, bell())
    with Session(backend=backend, max_time="1h") as session:
        first = SamplerV2(mode=session).run([circuit], shots=50)
        inside = {"session": session.status(), "details": session.details(), "pub": pub_report(first.result()[0])}
        found = Session.from_id(session.session_id, connected)
    with Batch(backend=backend) as batch:
        jobs = [SamplerV2(mode=batch).run([circuit], shots=20) for _ in range(2)]
        together = [pub_report(job.result()[0])["shots"] for job in jobs]
    cancelled = Session(backend=backend)
    cancelled.cancel()
    return {
        "inside": inside,
        "usage": session.usage(),
        "job_session": first.session_id == session.session_id,
        "found": found.session_id == session.session_id,
        "closed": session.status(),
        "after_close": raised(lambda: SamplerV2(mode=session).run([circuit])),
        "listed": [job.job_id() for job in connected.jobs(session_id=session.session_id)] == [first.job_id()],
        "batch": together,
        "batch_details": batch.details(),
        "cancelled": cancelled.status(),
        "unknown": raised(lambda: Session.from_id("5e551047-ffff-4000-8000-00000000dead", connected)),
    }


driver(main)
