"""Submit one job of every kind and wait for none; prints the kinds in the order they were submitted.

Whoever receives them can keep the bodies: `tests/golden/ibm/generate.py` does.
"""

import numpy as np
from kit import bell, client_side, compiled, device, driver, dynamic, observable, rotated, settled, two_registers
from qiskit_ibm_runtime import EstimatorV2, Executor, QuantumProgram, SamplerV2

SWEEP = np.linspace(0, np.pi, 6).reshape(3, 2)
GRID = np.linspace(0, 1, 12).reshape(2, 3, 2)
ANGLES = np.linspace(0, 1, 8).reshape(4, 2)
OPTIONS = {
    "default_shots": 77,
    "dynamical_decoupling.enable": True,
    "twirling.enable_gates": True,
    "twirling.enable_measure": True,
    "execution.init_qubits": True,
    "execution.meas_type": "classified",
    "environment.job_tags": ["a", "qgw:classification=internal"],
    "environment.private": True,
    "max_execution_time": 300,
}


def twirled(randomizations, shots):
    return {
        "twirling.enable_gates": True,
        "twirling.enable_measure": True,
        "twirling.num_randomizations": randomizations,
        "twirling.shots_per_randomization": shots,
    }


def main():
    backend = device()
    circuits = {make.__name__: compiled(backend, make()) for make in (bell, rotated, two_registers, dynamic)}
    kinds = {**sampler(backend, circuits), **estimator(backend), **executor(backend, circuits)}
    for submit in kinds.values():
        submit()
    return {"submitted": list(kinds)}


def sampler(backend, circuits):
    def run(*pubs, shots=None, **options):
        primitive = SamplerV2(backend)
        settled(primitive.options, options)
        return primitive.run(list(pubs), shots=shots)

    turned = circuits["rotated"]
    return {
        "sampler": lambda: run((circuits["bell"], None, 1000)),
        "sampler-parametrised": lambda: run((turned, SWEEP, 200), (circuits["bell"],), shots=100),
        "sampler-broadcast": lambda: run((turned, GRID, 64)),
        "sampler-registers": lambda: run((circuits["two_registers"], None, 500)),
        "sampler-dynamic": lambda: run((circuits["dynamic"], None, 500)),
        "sampler-options": lambda: run(circuits["bell"], **OPTIONS),
    }


def estimator(backend):
    pub, broadcast = _estimates(backend)

    def run(pub, precision, level=None):
        primitive = EstimatorV2(backend)
        settled(primitive.options, {} if level is None else {"resilience_level": level})
        return primitive.run([pub], precision=precision)

    return {
        "estimator": lambda: run(pub, 0.02, level=0),
        "estimator-resilience": lambda: run(pub, 0.02, level=2),
        "estimator-broadcast": lambda: run(broadcast, 0.05),
    }


def executor(backend, circuits):
    def sample(pub, **options):
        primitive = client_side("Sampler")(backend)
        settled(primitive.options, options)
        return primitive.run([pub])

    def estimate(pub, **options):
        primitive = client_side("Estimator")(backend)
        settled(primitive.options, options)
        return primitive.run([pub], precision=0.05)

    pub, broadcast = _estimates(backend)
    turned = circuits["rotated"]
    return {
        "executor-sampler": lambda: sample((circuits["bell"], None, 512)),
        "executor-sampler-parametrised": lambda: sample((turned, SWEEP, 128)),
        "executor-sampler-registers": lambda: sample((circuits["two_registers"], None, 128)),
        "executor-sampler-dynamic": lambda: sample((circuits["dynamic"], None, 128)),
        "executor-sampler-twirled": lambda: sample((circuits["bell"], None, 128), **twirled(8, 16)),
        "executor-sampler-twirled-parametrised": lambda: sample((turned, SWEEP, 128), **twirled(4, 32)),
        "executor-estimator": lambda: estimate(pub),
        "executor-estimator-plain": lambda: estimate(pub, resilience_level=0),
        "executor-estimator-broadcast": lambda: estimate(broadcast),
        "executor-program": lambda: _program(backend, circuits["bell"], turned),
    }


def _estimates(backend):
    plain, turned = compiled(backend, bell(measured=False)), compiled(backend, rotated(measured=False))
    columns = [[observable(turned, (pauli, 1.0))] for pauli in ("ZZ", "XX", "IZ")]
    return (plain, observable(plain, ("ZZ", 1.0), ("XX", 0.5))), (turned, columns, ANGLES)


def _program(backend, plain, turned):
    program = QuantumProgram(shots=100, passthrough_data={"mine": [1, {"two": None}]})
    program.append_circuit_item(plain)
    program.append_circuit_item(turned, circuit_arguments=SWEEP)
    return Executor(backend).run(program)


driver(main)
