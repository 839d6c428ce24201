"""The classic Sampler: plain, parametrised, broadcast, several registers, dynamic, with options."""

import numpy as np
from kit import bell, compiled, device, driver, dynamic, pub_report, rotated, settled, two_registers
from qiskit_ibm_runtime import SamplerV2

ANGLES = np.array([[0.0, 0.0], [0.3, np.pi / 2], [1.1, np.pi]])
"""Parameters are ordered by name: phi, theta."""
GRID = np.linspace(0, 1, 12).reshape(2, 3, 2)


def main():
    backend = device()
    sampler = SamplerV2(backend)
    turned = compiled(backend, rotated())
    first = sampler.run([compiled(backend, bell())], shots=1000)
    several = sampler.run([(turned, ANGLES, 200), (compiled(backend, bell()),)], shots=100)
    return {
        "bell": pub_report(first.result()[0]),
        "job": _about(first),
        "result_metadata": first.result().metadata,
        "parametrised": [pub_report(pub) for pub in several.result()],
        "grid": pub_report(sampler.run([(turned, GRID, 64)]).result()[0]),
        "registers": pub_report(sampler.run([compiled(backend, two_registers())], shots=500).result()[0]),
        "dynamic": pub_report(sampler.run([compiled(backend, dynamic())], shots=500).result()[0]),
        "options": _with_options(backend),
    }


def _about(job):
    return {"id": job.job_id(), "backend": job.backend().name, "status": job.status(), "usage": job.usage()}


def _with_options(backend):
    sampler = SamplerV2(backend)
    wanted = {
        "default_shots": 77,
        "dynamical_decoupling.enable": True,
        "execution.init_qubits": True,
        "environment.job_tags": ["tagged"],
        "max_execution_time": 300,
    }
    settled(sampler.options, wanted)
    job = sampler.run([compiled(backend, bell())])
    return {**pub_report(job.result()[0]), "tags": job.tags, "result_metadata": job.result().metadata}


driver(main)
