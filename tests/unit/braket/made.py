"""Requests, bodies and jobs in Braket's shape, for the tests of the dialect."""

import json
from dataclasses import replace

from gateway.domain.ids import ClientJobId
from gateway.domain.job import JobStatus
from gateway.ports.dialect import WireRequest
from tests.fakes import values

DEVICE = "arn:aws:braket:::device/quantum-simulator/gateway/sim_line_5"
TASK_ID = "0b5e1dd2-7f5e-4c6c-9f0e-3f6f1c2a4d51"
BUCKET = "amazon-braket-us-east-1-000000000000"
BELL = "OPENQASM 3.0;\nbit[2] b;\nqubit[2] q;\nh q[0];\ncnot q[0], q[1];\nb[0] = measure q[0];\nb[1] = measure q[1];"
OPENQASM = {"name": "braket.ir.openqasm.program", "version": "1"}
ECHO = {"region": "us-east-1", "bucket": BUCKET, "prefix": "tasks", "shots": 8, "parameters": ""}
JOB = replace(values.JOB, client_job_id=ClientJobId(TASK_ID), dialect="braket", echo=ECHO)
DONE = replace(JOB, status=JobStatus.COMPLETED, finished_at=values.NOW)
KEY = f"/{BUCKET}/tasks/{TASK_ID}/results.json"


def authorization(service="braket", region="us-east-1"):
    """Claim a signature; its form is right."""
    scope = f"QGWK0123456789AB/20260301/{region}/{service}/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature={'0' * 64}"


def request(method, path, body=b"", *, service="braket", region="us-east-1", query=(), headers=None):
    """Give a request as it arrives below the mount."""
    content = json.dumps(body).encode() if isinstance(body, dict) else body
    sent = {
        "host": "gateway.example.org",
        "x-amz-date": "20260301T120000Z",
        "authorization": authorization(service, region),
        **(headers or {}),
    }
    return WireRequest(method=method, path=path, query=tuple(query), headers=sent, body=content, target=f"/aws{path}")


def encoded(arn):
    """Encode an ARN as botocore puts it into a path."""
    return arn.replace(":", "%3A").replace("/", "%2F")


def task_arn(account):
    """Name the task of this module in an account."""
    return f"arn:aws:braket:us-east-1:{account}:quantum-task/{TASK_ID}"


def action(source=BELL, inputs=None, **changes):
    """Give an action as the text that stands in a body."""
    return json.dumps({"braketSchemaHeader": OPENQASM, "source": source, "inputs": inputs or {}, **changes})


def task(**changes):
    """Give a CreateQuantumTask body."""
    body = {
        "clientToken": "615c742f-0000-4000-8000-000000000000",
        "deviceArn": DEVICE,
        "shots": 8,
        "outputS3Bucket": BUCKET,
        "outputS3KeyPrefix": "tasks",
        "action": action(),
        "deviceParameters": '{"paradigmParameters": {"qubitCount": 2}}',
    }
    return {name: value for name, value in {**body, **changes}.items() if value is not None}


def measured(rows, qubits):
    """Give a result whose shots read these rows of bits."""
    numbers = [sum(bit << place for place, bit in enumerate(row)) for row in rows]
    name = "measured_" + "_".join(map(str, qubits))
    return values.result(values.item(registers={name: values.register(len(qubits), numbers)}, shots=len(rows)))
