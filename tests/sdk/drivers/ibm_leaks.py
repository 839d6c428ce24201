"""A circuit that holds a secret in its metadata, one whose name does, and the same without."""

import os

from kit import bell, compiled, device, driver
from qiskit_ibm_runtime import SamplerV2


def main():
    """Try all three."""
    backend, secret = device(), os.environ["A_SECRET"]
    sampler = SamplerV2(backend)
    clean = compiled(backend, bell())
    noted, named = clean.copy(), clean.copy(name=secret)
    noted.metadata = {"storage": {"key": secret}}
    told = {}
    for place, circuit in {"metadata": noted, "name": named}.items():
        try:
            told[place] = sampler.run([circuit], shots=100).job_id()
        except Exception as error:
            told[place] = str(error)
    return {**told, "counts": sampler.run([clean], shots=100).result()[0].data.meas.get_counts()}


driver(main)
