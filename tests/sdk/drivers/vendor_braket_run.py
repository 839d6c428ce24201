"""Every kind of task at Amazon Braket itself, and what comes back."""

from braket.aws import AwsDevice, AwsQuantumTask
from braket.circuits import Circuit, FreeParameter
from braket_kit import bell, correlated, driver

GARNET = "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet"
FORTE = "arn:aws:braket:us-east-1::device/qpu/ionq/Forte-1"
SV1 = "arn:aws:braket:::device/quantum-simulator/amazon/sv1"


def main():
    """Run them all."""
    garnet, forte, sv1 = (AwsDevice(arn) for arn in (GARNET, FORTE, SV1))
    verbatim = Circuit().add_verbatim_box(Circuit().prx(1, 3.14159265, 0).cz(1, 2))
    theta = FreeParameter("theta")
    return {
        "plain": told(garnet, bell(), tags={"owner": "ada"}),
        "values": told(garnet, correlated()),
        "verbatim": told(garnet, verbatim, disable_qubit_rewiring=True),
        "inputs": told(forte, Circuit().rx(0, theta).i(1), inputs={"theta": 3.14159265}),
        "histogram": told(forte, bell()),
        "simulator": told(sv1, bell().probability(target=0)),
        "batch": batch(garnet),
        "elsewhere": told(garnet, bell(), folder=("my-own-bucket", "some/where")),
    }


def told(device, circuit, folder=None, **options):
    """Run, wait, read the results twice, and tell."""
    task = device.run(circuit, folder, shots=100, poll_interval_seconds=0.2, **options)
    result, again = task.result(), AwsQuantumTask(task.id).result()
    return {
        "id": task.id,
        "state": task.state(),
        "counts": dict(result.measurement_counts),
        "again": dict(again.measurement_counts),
        "values": list(result.values),
        "measured": list(result.measured_qubits),
        "position": task.queue_position().queue_position,
        "metadata": task.metadata(),
    }


def batch(device):
    """Run several circuits at once, one task each."""
    circuits = [Circuit().x(0).i(1), Circuit().i(0).x(1), Circuit().x(0).x(1)]
    tasks = device.run_batch(circuits, shots=100, poll_interval_seconds=0.2)
    found = tasks.results(fail_unsuccessful=True)
    return {"ids": [task.id for task in tasks.tasks], "counts": [dict(each.measurement_counts) for each in found]}


driver(main)
