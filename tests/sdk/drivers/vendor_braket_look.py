"""Looking around at Amazon Braket's own devices. Argument: `direct` where nothing but looking is wanted."""

import json
import sys

from braket.aws import AwsDevice, AwsSession
from braket.circuits import Circuit
from braket_kit import bell, driver, raised

GARNET = "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet"
FORTE = "arn:aws:braket:us-east-1::device/qpu/ionq/Forte-1"
SV1 = "arn:aws:braket:::device/quantum-simulator/amazon/sv1"


def main():
    """Look at everything that a user can see without a task, and then at tasks that do not end well."""
    seen = {"devices": {arn: device(arn) for arn in (GARNET, FORTE, SV1)}}
    if sys.argv[1:] == ["direct"]:
        return seen
    garnet = AwsDevice(GARNET)
    return {
        **seen,
        "listed": sorted(each.arn for each in AwsDevice.get_devices()),
        "denied": raised(lambda: garnet.run(bell(), shots=2_000_000)),
        "refused": raised(lambda: garnet.run(Circuit().add_verbatim_box(Circuit().prx(1, 0.1, 0).cz(1, 3)), shots=10)),
        "cancelled": cancelled(garnet),
        "search": search(AwsSession().copy_session(region="eu-north-1").braket_client),
    }


def device(arn):
    """Tell what the SDK reads of one."""
    found = AwsDevice(arn)
    properties = json.loads(found.properties.json())
    queue = {kind.value: size for kind, size in found.queue_depth().quantum_tasks.items()}
    about = {"name": found.name, "provider": found.provider_name, "type": found.type.value, "status": found.status}
    return {**about, "available": found.is_available, "queue": queue, "properties": properties}


def cancelled(found):
    """Cancel a task in the queue."""
    task = found.run(bell(), shots=10, poll_interval_seconds=0.2, tags={"owner": "grace"})
    early = raised(task.cancel)
    result = task.result()
    return {"id": task.id, "cancel": early, "state": task.state(), "result": result, "late": raised(task.cancel)}


def search(client):
    """Find tasks by what boto can ask for."""
    names = ("name", "operator", "values")

    def found(*asked):
        filters = [dict(zip(names, each, strict=True)) for each in asked]
        return [each["quantumTaskArn"] for each in client.search_quantum_tasks(filters=filters)["quantumTasks"]]

    on = ("deviceArn", "EQUAL", [GARNET])
    return {
        "cancelled": found(("status", "EQUAL", ["CANCELLED"]), on),
        "failed": found(("status", "EQUAL", ["FAILED"])),
    }


driver(main)
