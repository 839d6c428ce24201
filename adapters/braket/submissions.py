"""CreateQuantumTask: from the received body to the canonical submission. The body itself stays as it came."""

import json
import re
from hashlib import sha256
from itertools import islice
from typing import Any

from adapters.braket import actions, arns, labels
from adapters.braket.errors import HYBRID_JOBS, NotOfferedError
from adapters.braket.wire import CreateTaskBody
from gateway.domain.submission import Submission
from gateway.ports import bodies
from gateway.ports.dialect import WireRequest
from gateway.ports.operations import Submit

PROGRAM = "sampler"
"""What an OpenQASM program with shots is in the house's words."""
_LONGEST_ECHO = 4096
"""Of device parameters, which are shown again; the SDK's own have about 200 characters."""
_CLIENT = re.compile(r"\bBraketSdk/([0-9][0-9A-Za-z.]{0,20})")
_BOTO = re.compile(r"\bBoto3/([0-9][0-9A-Za-z.]{0,20})")


def submit(request: WireRequest, *, region: str) -> Submit:
    """Read a submission, in the region that it was signed for.

    Raises:
        RefusedError: no strict JSON, another action than an OpenQASM program, or a field that cannot be.
    """
    body = bodies.parse(CreateTaskBody, request.body)
    if body.job_token is not None:
        raise NotOfferedError(HYBRID_JOBS)
    action = actions.action(body)
    unknown = (*bodies.unknown(body), *bodies.unknown(action, "/action"))
    return Submit(
        submission=Submission(
            dialect="braket",
            program=PROGRAM,
            backend=arns.backend(body.device),
            body=request.body,
            body_digest=sha256(request.body).hexdigest(),
            options=actions.options(body),
            tags=labels.texts(body.tags),
            session_id=None,
            private=False,
            max_execution_seconds=None,
            calibration_id=None,
            unknown_fields=tuple(islice(unknown, bodies.MOST_POINTERS)),
            sdk=_sdk(request.headers.get("user-agent", "")),
            echo=_echo(body, region),
            repeat_token=request.idempotency_key or body.client_token,
            work_digest=_work_digest(request, body),
        )
    )


def _work_digest(request: WireRequest, body: CreateTaskBody) -> str:
    """Digest what is to be done, where a header says which submissions are one; else the body's own digest counts.

    AWS's SDK makes a new `clientToken` for each call, so a person who repeats one under a header sends another body.
    """
    if request.idempotency_key is None:
        return ""
    work = body.model_dump(mode="json", by_alias=True, exclude={"client_token"})
    return sha256(json.dumps(work, sort_keys=True).encode()).hexdigest()


def _echo(body: CreateTaskBody, region: str) -> dict[str, Any]:
    parameters = body.device_parameters or ""
    return {
        "region": region,
        "bucket": body.bucket,
        "prefix": body.prefix,
        "shots": body.shots,
        "parameters": parameters if len(parameters) <= _LONGEST_ECHO else "",
    }


def _sdk(agent: str) -> str:
    named = (("amazon-braket-sdk", _CLIENT.search(agent)), ("boto3", _BOTO.search(agent)))
    return " ".join(f"{name} {found[1]}" for name, found in named if found)
