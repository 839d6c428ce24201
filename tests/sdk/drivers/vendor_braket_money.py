"""What a device costs, what the SDK's own tracker makes of a task, and the limits on spending."""

from braket.aws import AwsDevice
from braket.tracking import Tracker
from braket_kit import bell, driver, raised

GARNET = "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet"
SV1 = "arn:aws:braket:::device/quantum-simulator/amazon/sv1"


def main():
    """Run one task on a device and one on a simulator, and add up."""
    device, simulator = AwsDevice(GARNET), AwsDevice(SV1)
    client = device.aws_session.braket_client
    with Tracker() as tracker:
        device.run(bell(), shots=100).result()
        simulator.run(bell(), shots=100).result()
    cost = device.properties.service.deviceCost
    return {
        "device": [cost.price, cost.unit],
        "tracked": str(tracker.qpu_tasks_cost()),
        "simulated": str(tracker.simulator_tasks_cost()),
        "limits": client.search_spending_limits(filters=[])["spendingLimits"],
        "create": raised(lambda: client.create_spending_limit(deviceArn=GARNET, spendingLimit="1")),
    }


driver(main)
