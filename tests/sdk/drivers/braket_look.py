"""Looking around: devices and what they say of themselves, searches, tags, cancelling, and the bucket."""

import tempfile
from pathlib import Path

from braket.aws import AwsDevice, AwsSession
from braket_kit import DEVICE, bell, device, driver, raised


def main():
    chosen, session = device(), AwsSession()
    task = chosen.run(bell(), shots=10, tags={"owner": "ada"})
    task.result()
    place = task.metadata()
    return {
        "devices": sorted(each.arn for each in AwsDevice.get_devices()),
        "only": [each.name for each in AwsDevice.get_devices(arns=[DEVICE])],
        "about": about(chosen),
        "identity": session.account_id,
        "default": session.default_bucket(),
        "searches": searches(session.braket_client, task),
        "tags": tags(session.braket_client, task.id),
        "bucket": bucket(session, place["outputS3Bucket"], place["outputS3Directory"]),
        "cancelled": cancelled(chosen),
        "too_late": raised(task.cancel),
    }


def about(chosen):
    properties = chosen.properties
    return {
        "name": chosen.name,
        "type": chosen.type.value,
        "provider": chosen.provider_name,
        "status": chosen.status,
        "available": chosen.is_available,
        "queue": {kind.value: size for kind, size in chosen.queue_depth().quantum_tasks.items()},
        "class": type(properties).__name__,
        "qubits": properties.paradigm.qubitCount,
        "shots": properties.service.shotsRange,
        "summary": properties.service.deviceDocumentation.summary,
        "gates": properties.action["braket.ir.openqasm.program"].supportedOperations,
        "results": [each.name for each in properties.action["braket.ir.openqasm.program"].supportedResultTypes],
    }


def searches(client, task):
    def found(*filters, **more):
        names = ("name", "operator", "values")
        asked = [dict(zip(names, each, strict=True)) for each in filters]
        return client.search_quantum_tasks(filters=asked, **more)

    pages = client.get_paginator("search_quantum_tasks").paginate(filters=[], PaginationConfig={"PageSize": 1})
    every = [each["quantumTaskArn"] for page in pages for each in page["quantumTasks"]]
    done = found(("status", "EQUAL", ["COMPLETED"]), ("deviceArn", "EQUAL", [DEVICE]))["quantumTasks"]
    return {
        "every": task.id in every,
        "twice": len(every) - len(set(every)),
        "done": task.id in [each["quantumTaskArn"] for each in done],
        "failed": found(("status", "EQUAL", ["FAILED"]))["quantumTasks"],
        "before": found(("createdAt", "LT", ["2020-01-01T00:00:00Z"]))["quantumTasks"],
    }


def tags(client, arn):
    def now():
        return client.list_tags_for_resource(resourceArn=arn)["tags"]

    begin = now()
    client.tag_resource(resourceArn=arn, tags={"owner": "grace", "purpose": "test"})
    between = now()
    client.untag_resource(resourceArn=arn, tagKeys=["owner"])
    return [begin, between, now()]


def bucket(session, name, directory):
    client, key = session.s3_client, f"{directory}/results.json"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.json"
        session.download_from_s3(f"s3://{name}/{key}", str(path))
        whole = path.read_bytes()
    return {
        "keys": session.list_keys(name, directory),
        "listed": key in session.list_keys(name, "tasks"),
        "length": client.head_object(Bucket=name, Key=key)["ContentLength"] == len(whole),
        "part": client.get_object(Bucket=name, Key=key, Range="bytes=2-5")["Body"].read() == whole[2:6],
        "region": client.get_bucket_location(Bucket=name)["LocationConstraint"],
        "head": client.head_bucket(Bucket=name)["ResponseMetadata"]["HTTPStatusCode"],
        "elsewhere": raised(lambda: client.get_object(Bucket="another-bucket", Key=key)),
        "upload": raised(lambda: client.put_object(Bucket=name, Key="code.py", Body=b"print()")),
    }


def cancelled(chosen):
    """Cancel at once; a small simulation may be over before."""
    task = chosen.run(bell(), shots=100_000)
    outcome = raised(task.cancel)
    if outcome["type"] is None:
        return {
            **outcome,
            "result": task.result(),
            "state": task.state(),
            "reason": task.metadata().get("failureReason"),
        }
    return outcome


driver(main)
