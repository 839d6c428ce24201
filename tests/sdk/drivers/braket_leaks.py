"""A task whose tags hold a secret, one whose program does in a comment, and the same without."""

import os

from braket.ir.openqasm import Program
from braket_kit import bell, device, driver, raised


def main():
    """Try all three."""
    chosen, secret = device(), os.environ["A_SECRET"]
    tagged = raised(lambda: chosen.run(bell(), shots=100, tags={"storage": secret}))
    source = f"OPENQASM 3.0; // {secret}\nbit[1] b;\nqubit[1] q;\nh q[0];\nb[0] = measure q[0];"
    noted = raised(lambda: chosen.run(Program(source=source), shots=100))
    return {
        "tags": tagged,
        "comments": noted,
        "counts": dict(chosen.run(bell(), shots=100).result().measurement_counts),
    }


driver(main)
