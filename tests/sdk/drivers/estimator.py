"""The classic Estimator: one observable, broadcast observables and parameters, several pubs."""

import numpy as np
from kit import bell, compiled, device, driver, observable, rotated
from qiskit_ibm_runtime import EstimatorV2

ANGLES = np.linspace(0, 1, 8).reshape(4, 2)


def main():
    backend = device()
    estimator = EstimatorV2(backend)
    settled, turned = compiled(backend, bell(measured=False)), compiled(backend, rotated(measured=False))
    plain = estimator.run([(settled, observable(settled, ("ZZ", 1.0), ("XX", 0.5)))], precision=0.02)
    several = estimator.run([(settled, observable(settled, (pauli, 1.0))) for pauli in ("ZZ", "ZI")])
    columns = [[observable(turned, (pauli, 1.0))] for pauli in ("ZZ", "XX", "IZ")]
    return {
        "bell": _report(plain.result()[0]),
        "result_metadata": plain.result().metadata,
        "broadcast": _report(estimator.run([(turned, columns, ANGLES)], precision=0.05).result()[0]),
        "parameters": list(map(str, turned.parameters)),
        "several": [_report(pub) for pub in several.result()],
    }


def _report(pub):
    return {
        "shape": list(pub.data.shape),
        "evs": pub.data.evs,
        "stds": pub.data.stds,
        "ensemble": pub.data.ensemble_standard_error,
        "metadata": pub.metadata,
    }


driver(main)
