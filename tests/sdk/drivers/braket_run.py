"""Running: one task, a batch, results of every kind, inputs, verbatim boxes, and finding a task again."""

from braket.aws import AwsQuantumTask
from braket.circuits import Circuit, FreeParameter, Observable
from braket.ir.openqasm import Program
from braket_kit import bell, correlated, device, driver

OWN = "OPENQASM 3.0;\ninput float turn;\nbit[2] b;\nqubit[2] q;\nrx(turn) q[1];\nb = measure q;\n"


def main():
    chosen = device()
    task = chosen.run(bell(), shots=400, tags={"owner": "ada", "qgw:classification": "internal"})
    result = task.result()
    asked = correlated()
    values = chosen.run(asked, shots=200).result()
    everywhere = Circuit().x(0).h(1).h(1).expectation(Observable.Z())
    theta = FreeParameter("theta")
    again = AwsQuantumTask(task.id)
    return {
        "task": task.id,
        "counts": dict(result.measurement_counts),
        "measured": list(result.measured_qubits),
        "source": result.additional_metadata.action.source,
        "duration": result.additional_metadata.simulatorMetadata.executionDuration,
        "metadata": task.metadata(),
        "position": task.queue_position().queue_position,
        "values": [values.get_value_by_result_type(kind) for kind in asked.result_types],
        "everywhere": chosen.run(everywhere, shots=50).result().values[0],
        "free": dict(
            chosen.run(Circuit().rx(0, 2 * theta), shots=20, inputs={"theta": 1.5707963}).result().measurement_counts
        ),
        "batch": [dict(each.measurement_counts) for each in batch(chosen)],
        "verbatim": dict(
            chosen.run(Circuit().add_verbatim_box(Circuit().x(1).cz(0, 1)), shots=20, disable_qubit_rewiring=True)
            .result()
            .measurement_counts
        ),
        "own": dict(chosen.run(Program(source=OWN, inputs={"turn": 3.1415927}), shots=20).result().measurement_counts),
        "elsewhere": chosen.run(bell(), ("my-own-bucket", "some/where"), shots=20).metadata()["outputS3Directory"],
        "again": {"state": again.state(), "counts": dict(again.result().measurement_counts)},
        "same": AwsQuantumTask(task.id) == again,
    }


def batch(chosen):
    circuits = [Circuit().x(0).i(1), Circuit().i(0).x(1), Circuit().x(0).x(1)]
    return chosen.run_batch(circuits, shots=20).results(fail_unsuccessful=True)


driver(main)
