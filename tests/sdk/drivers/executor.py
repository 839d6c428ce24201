"""The client-side primitives and the Executor itself; twirled too."""

import numpy as np
from kit import (
    bell,
    client_side,
    compiled,
    device,
    driver,
    dynamic,
    observable,
    pub_report,
    rotated,
    settled,
    two_registers,
)
from qiskit_ibm_runtime import Executor, QuantumProgram

ANGLES = np.array([[0.0, 0.0], [0.3, np.pi / 2], [1.1, np.pi]])
"""Parameters are ordered by name: phi, theta."""
TWIRLED = {
    "twirling.enable_gates": True,
    "twirling.enable_measure": True,
    "twirling.num_randomizations": 8,
    "twirling.shots_per_randomization": 16,
}


def main():
    backend = device()
    turned = compiled(backend, rotated())
    plain = _sampled(backend, [compiled(backend, bell())], shots=512)
    return {
        "bell": pub_report(plain.result()[0]),
        "result_metadata": plain.result().metadata,
        "parametrised": pub_report(_sampled(backend, [(turned, ANGLES)], shots=128).result()[0]),
        "registers": pub_report(_sampled(backend, [compiled(backend, two_registers())], shots=128).result()[0]),
        "dynamic": pub_report(_sampled(backend, [compiled(backend, dynamic())], shots=128).result()[0]),
        "twirled": pub_report(_sampled(backend, [compiled(backend, bell())], shots=128, **TWIRLED).result()[0]),
        "twirled_parametrised": pub_report(_sampled(backend, [(turned, ANGLES)], shots=128, **TWIRLED).result()[0]),
        "estimator": _estimated(backend),
        "program": _program(backend, turned),
    }


def _sampled(backend, pubs, shots, **settings):
    sampler = client_side("Sampler")(backend)
    settled(sampler.options, settings)
    return sampler.run(pubs, shots=shots)


def _estimated(backend):
    circuit = compiled(backend, bell(measured=False))
    estimator = client_side("Estimator")(backend)
    result = estimator.run([(circuit, observable(circuit, ("ZZ", 1.0), ("XX", 0.5)))], precision=0.05).result()
    return {
        "evs": result[0].data.evs,
        "stds": result[0].data.stds,
        "metadata": result.metadata,
        "pub": result[0].metadata,
    }


def _program(backend, turned):
    program = QuantumProgram(shots=100, passthrough_data={"mine": [1, {"two": None}]})
    program.append_circuit_item(compiled(backend, bell()))
    program.append_circuit_item(turned, circuit_arguments=ANGLES)
    result = Executor(backend).run(program).result()
    return {
        "shapes": [{name: list(array.shape) for name, array in item.items()} for item in result],
        "means": [{name: float(array.mean()) for name, array in item.items()} for item in result],
        "agreement": float((result[0]["meas"][:, 0] == result[0]["meas"][:, 1]).mean()),
        "passthrough": result.passthrough_data,
    }


driver(main)
