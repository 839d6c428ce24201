"""Looking around at IonQ's own machines. Argument: `direct` where nothing but looking is wanted."""

import sys

from ionq_kit import WAIT, backend, bell, compiled, driver, raised
from qiskit import QuantumCircuit
from qiskit_ionq import ErrorMitigation, MSGate
from qiskit_ionq.ionq_session import Session

MACHINES = ("ionq_qpu.forte-1", "ionq_qpu.aria-1")


def main():
    """Look at everything that a user can see without a job, and then at jobs that do not end well."""
    seen = {"devices": {name: device(name) for name in (*MACHINES, "ionq_simulator")}}
    if sys.argv[1:] == ["direct"]:
        return seen
    forte = backend("ionq_qpu.forte-1")
    ready = compiled(forte, bell())
    return {
        **seen,
        "session": session(forte, ready),
        "denied": raised(lambda: forte.run(ready, shots=2_000_000)),
        "refused": raised(lambda: forte.run(ready, shots=10, error_mitigation=ErrorMitigation.DEBIASING)),
        "failed": failed(),
    }


def device(name):
    """Tell what the SDK reads of one."""
    found = backend(name)
    told = {"qubits": found.num_qubits, "available": found.status()}
    calibration = found.calibration()
    if calibration is None:
        return told
    fields = ("qubits", "connectivity", "fidelity", "timing", "median_spam_fidelity")
    return {**told, "date": calibration.date.isoformat(), **{field: getattr(calibration, field) for field in fields}}


def session(found, ready):
    """Run in a session."""
    with Session(found, max_time=5) as opened:
        job = found.run(ready, shots=10)
        counts = job.result(**WAIT).get_counts()
    late = raised(lambda: found.run(ready, shots=10, session_id=opened.session_id))
    return {"id": opened.session_id, "job": job.job_id(), "shots": sum(counts.values()), "late": late}


def failed():
    """Ask a machine for a gate that it does not have: IonQ takes the job and fails it."""
    found = backend("ionq_qpu.forte-1", gateset="native")
    circuit = QuantumCircuit(2, 2)
    circuit.append(MSGate(0, 0), [0, 1])
    circuit.measure([0, 1], [0, 1])
    job = found.run(circuit, shots=10)
    return {"id": job.job_id(), **raised(lambda: job.result(**WAIT))}


driver(main)
