"""A job whose metadata hold a secret, one whose circuit's name does, and the same without."""

import os

from ionq_kit import WAIT, backend, bell, compiled, driver, raised


def main():
    """Try all three."""
    device, secret = backend("ionq_simulator.sim_line_5"), os.environ["A_SECRET"]
    circuit = compiled(device, bell())
    noted = raised(lambda: device.run(circuit, shots=200, extra_metadata={"storage": secret}))
    named = raised(lambda: device.run(circuit.copy(name=secret), shots=200))
    counts = device.run(circuit, shots=200).result(**WAIT).get_counts()
    return {"metadata": noted, "name": named, "counts": counts}


driver(main)
