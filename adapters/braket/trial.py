"""A tiny task as AWS's clients submit it, for the gateway's self-test: a Bell pair, and a signature on every request.

Braket deletes no tasks: what ran stays until retention takes it.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4

from adapters.braket import arns
from gateway.domain.backend import ExecutionKind
from gateway.domain.signature import S3, Signer, sign_request
from gateway.ports.trial import Asked, Holder, Trial

_REGION: Final = "us-east-1"
_BRAKET: Final = "/aws/braket"
_S3: Final = "/aws/s3"
_BELL: Final = (
    "OPENQASM 3.0;\nbit[2] b;\nqubit[2] q;\nh q[0];\ncnot q[0], q[1];\nb[0] = measure q[0];\nb[1] = measure q[1];"
)
_HEADER: Final = {"name": "braket.ir.openqasm.program", "version": "1"}
_MOST_SHOTS: Final = 10**9
"""More is no body of Braket's."""


def _body(backend: str, shots: int, circuit: str = _BELL) -> bytes:
    task = {
        # A token that comes again means the task that it meant before.
        "clientToken": str(uuid4()),
        "deviceArn": arns.device(backend, ExecutionKind.SIMULATOR),
        "shots": shots,
        "outputS3Bucket": "amazon-braket-selftest",
        "outputS3KeyPrefix": "tasks",
        "action": json.dumps({"braketSchemaHeader": _HEADER, "source": circuit, "inputs": {}}),
    }
    return json.dumps(task).encode()


def _unreadable(backend: str) -> bytes:
    return _body(backend, 1, "OPENQASM 3.0; this is no circuit;")


def _results(_: str, task: Mapping[str, Any]) -> str:
    return f"{_S3}/{task.get('outputS3Bucket')}/{task.get('outputS3Directory')}/results.json"


def _proof(holder: Holder, asked: Asked) -> Mapping[str, str]:
    service = S3 if asked.path.startswith(_S3) else "braket"
    signer = Signer(access_key_id=holder.pair.access_key_id, secret=holder.pair.secret, region=_REGION, service=service)
    url = f"http://{asked.host}{asked.path}"
    return sign_request(signer, method=asked.method, url=url, headers={}, body=asked.body, now=asked.at)


TRIAL: Final = Trial(
    jobs=f"{_BRAKET}/quantum-task",
    proof=_proof,
    body=_body,
    unreadable=_unreadable,
    results=_results,
    completed="completed",
    ended=frozenset({"completed", "failed", "cancelled"}),
    member="quantumTaskArn",
    deletes=False,
    far=_MOST_SHOTS,
    taken=HTTPStatus.CREATED,
    nobody=HTTPStatus.FORBIDDEN,
)
