"""Refusals as a user of the SDK reads them. Argument: how many shots are too many."""

import sys

import requests
from ionq_kit import WAIT, backend, bell, compiled, driver, raised
from qiskit_ionq import IonQProvider


def main():
    """Be refused."""
    device = backend("ionq_qpu.sim_line_5")
    ready = compiled(device, bell())

    def run(**options):
        return raised(lambda: device.run(ready, **options))

    wrong = IonQProvider("not-a-key").get_backend("ionq_qpu.sim_line_5")
    unknown = backend("ionq_qpu.aria-1")
    return {
        "denied": run(shots=int(sys.argv[1])),
        "unknown_backend": raised(lambda: unknown.run(ready, shots=10, extra_metadata={"qgw:simulator": "deny"})),
        "fallen_back": unknown.run(ready, shots=10).result(**WAIT).success,
        "unknown_job": raised(lambda: device.retrieve_job("5e551047-0000-4000-8000-000000000001")),
        "unknown_type": run(extra_query_params={"type": "quantum-function"}),
        "unknown_field": run(extra_query_params={"priority": "high"}),
        "wrong_type": run(extra_query_params={"shots": "many"}),
        "unreadable": run(extra_query_params={"input": {"gateset": "qis", "circuit": [{"gate": "x", "target": -1}]}}),
        "wrong_key": raised(lambda: wrong.run(ready, shots=10)),
        "label": run(shots=10, extra_metadata={"qgw:classification": "very"}),
        "status": status(device),
    }


def status(device):
    """Tell what stands on the wire, beside what the SDK shows."""
    client = device.client
    job = client.make_path("jobs", "nobodys")
    answer = requests.get(job, headers=client.api_headers, timeout=30)
    return {"status": answer.status_code, **answer.json()}


driver(main)
