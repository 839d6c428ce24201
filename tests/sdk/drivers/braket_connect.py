"""One task from beginning to end, however the environment leads to the gateway."""

from braket.aws import AwsSession
from braket_kit import bell, device, driver, raised


def main():
    task = device().run(bell(), shots=50)
    return {"task": task.id, "shots": sum(task.result().measurement_counts.values()), "upload": raised(upload)}


def upload():
    """Send bytes as boto does: over https in chunks with a checksum behind them."""
    return AwsSession().s3_client.put_object(Bucket="some-bucket", Key="key", Body=b"print()")


driver(main)
