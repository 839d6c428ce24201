"""A task that says everywhere what it is for, at Amazon Braket, and what comes back of it."""

from braket.aws import AwsDevice
from braket.ir.openqasm import Program
from braket_kit import driver

GARNET = "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet"
SECRET = "gravity_drive"
SOURCE = f"""OPENQASM 3.0; // {SECRET}
input float t_{SECRET};
bit[2] b_{SECRET};
qubit[2] q_{SECRET};
rx(t_{SECRET}) q_{SECRET}[0];
b_{SECRET}[0] = measure q_{SECRET}[0];
b_{SECRET}[1] = measure q_{SECRET}[1];
"""


def main():
    """Run it, and tell what a user sees."""
    program = Program(source=SOURCE, inputs={f"t_{SECRET}": 3.14159265})
    task = AwsDevice(GARNET).run(program, shots=500, poll_interval_seconds=0.2, tags={"owner": SECRET})
    result = task.result()
    return {
        "id": task.id,
        "counts": dict(result.measurement_counts),
        "source": result.additional_metadata.action.source,
        "tags": task.metadata()["tags"],
    }


driver(main)
