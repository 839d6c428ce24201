"""Being refused: by policy, for the wrong secret or clock, on a changed body, and for what is not offered."""

import os
from datetime import timedelta

import boto3
import botocore.auth
from braket.aws import AwsDevice, AwsSession
from braket.circuits import Circuit, Observable
from braket.ir.openqasm import Program
from braket.program_sets import ProgramSet
from braket_kit import DEVICE, bell, device, driver, raised


def main():
    chosen, client = device(), AwsSession().braket_client
    attempts = Attempts(chosen.aws_session.braket_client)
    denied = raised(lambda: chosen.run(bell(), shots=2_000_000))
    denied["attempts"] = attempts.count
    source = "OPENQASM 3.0;\nbit b;\nqubit q;\nb = measure q;\nh q;\n"
    return {
        "denied": denied,
        "unread": raised(lambda: chosen.run(Program(source=source), shots=10)),
        "exact": raised(lambda: chosen.run(Circuit().h(0).expectation(Observable.Z(), 0))),
        "set": raised(lambda: chosen.run(ProgramSet([bell(), bell()]), shots=20)),
        "noise": raised(lambda: chosen.run(bell().bit_flip(0, 0.1), shots=10)),
        "no_device": raised(lambda: AwsDevice("arn:aws:braket:::device/quantum-simulator/gateway/nothing")),
        "no_task": raised(lambda: client.get_quantum_task(quantumTaskArn=unknown())),
        "jobs": raised(lambda: client.search_jobs(filters=[])),
        "limits": raised(lambda: client.create_spending_limit(deviceArn=DEVICE, spendingLimit="1")),
        "secret": {name: raised(call) for name, call in wrong_secret().items()},
        "stranger": raised(lambda: signed_by("AKIAIOSFODNN7EXAMPLE").client("braket").search_devices(filters=[])),
        "changed": raised(lambda: changed().search_devices(filters=[])),
        "late": raised(late),
        "after": raised(lambda: client.search_devices(filters=[])["devices"][0]["deviceType"]),
    }


class Attempts:
    """Counts what is really sent."""

    def __init__(self, client):
        self.count = 0
        client.meta.events.register("before-send.braket.CreateQuantumTask", self)

    def __call__(self, **_):
        self.count += 1


def unknown():
    return "arn:aws:braket:us-east-1:000000000000:quantum-task/00000000-0000-4000-8000-000000000000"


def signed_by(key):
    return boto3.Session(aws_access_key_id=key, aws_secret_access_key="x" * 40)


def wrong_secret():
    session = signed_by(os.environ["AWS_ACCESS_KEY_ID"])
    return {
        "braket": lambda: session.client("braket").search_devices(filters=[]),
        "s3": lambda: session.client("s3").get_object(Bucket="some-bucket", Key="key"),
        "sts": lambda: session.client("sts").get_caller_identity(),
    }


def changed():
    """Give a client whose bodies are changed after they were signed, as somebody on the way would."""
    client = boto3.Session().client("braket")

    def change(request, **_):
        request.body = request.body.replace(b"[]", b"[ ]")
        request.headers["Content-Length"] = str(len(request.body))

    client.meta.events.register("before-send", change)
    return client


def late():
    """Sign as a machine does whose clock is wrong."""
    now = botocore.auth.get_current_datetime
    botocore.auth.get_current_datetime = lambda **given: now(**given) - timedelta(minutes=6)
    try:
        return boto3.Session().client("braket").search_devices(filters=[])
    finally:
        botocore.auth.get_current_datetime = now


driver(main)
