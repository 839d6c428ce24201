"""How the drill's clients speak to the gateway: as each vendor's SDK would, retries included.

A client has one intent and goes on until it has an answer: it sends the same bytes again when its connection is
cut or the status is one that the SDK retries. Whoever runs an SDK in a loop does the same.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from uuid import NAMESPACE_OID, uuid5

import aiohttp
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

PAUSES = (0.0, 0.05, 0.1, 0.25, 0.5, 1.0)
"""Seconds before each further try; far inside every SDK's own window."""
RETRIED = frozenset({429, 500, 502, 503, 504})
GOLDEN = Path(__file__).parents[1] / "golden"


class NoAnswerError(Exception):
    """An intent never got an answer."""


class Speaker(Protocol):
    """One vendor's words."""

    @property
    def path(self) -> str:
        """Where jobs are submitted."""
        ...

    def headers(self, url: str, body: bytes) -> Mapping[str, str]:
        """Write the headers of one request to a whole address."""
        ...

    def body(self, name: str) -> bytes:
        """Write the submission of an intent; the name comes back in the vendor's books."""
        ...

    def job_id(self, answer: Any) -> str:
        """Find the job id in an answer."""
        ...


@dataclass(frozen=True)
class Ionq:
    """As qiskit-ionq posts."""

    key: str
    path: str = "/ionq/v0.4/jobs"

    def headers(self, url: str, body: bytes) -> Mapping[str, str]:  # noqa: ARG002  # others sign
        """Show the key."""
        return {"authorization": f"apiKey {self.key}", "content-type": "application/json"}

    def body(self, name: str) -> bytes:
        """Write a Bell pair."""
        gates = [{"gate": "h", "target": 0}, {"gate": "cnot", "control": 0, "target": 1}]
        job = {"type": "ionq.circuit.v1", "backend": "qpu.forte-1", "shots": 10, "name": name}
        return json.dumps({**job, "input": {"gateset": "qis", "qubits": 2, "circuit": gates}}).encode()

    def job_id(self, answer: Any) -> str:
        """Find it."""
        return str(answer["id"])


@dataclass(frozen=True)
class Ibm:
    """As qiskit-ibm-runtime posts."""

    key: str
    path: str = "/ibm/api/v1/jobs"

    def headers(self, url: str, body: bytes) -> Mapping[str, str]:  # noqa: ARG002  # others sign
        """Show the key."""
        return {"authorization": f"apikey {self.key}", "content-type": "application/json"}

    def body(self, name: str) -> bytes:
        """Write the golden sampler job, tagged with the intent."""
        golden = json.loads((GOLDEN / "ibm" / "requests" / "sampler.sdk-0.51.json").read_bytes())
        return json.dumps({**golden, "backend": "ibm_test_five", "tags": [name]}).encode()

    def job_id(self, answer: Any) -> str:
        """Find it."""
        return str(answer["id"])


@dataclass(frozen=True)
class Braket:
    """As amazon-braket-sdk posts: signed by botocore anew for each try, under one token."""

    key_id: str
    secret: str = field(repr=False)
    path: str = "/aws/braket/quantum-task"

    def headers(self, url: str, body: bytes) -> Mapping[str, str]:
        """Sign."""
        request = AWSRequest("POST", url, {"content-type": "application/json"}, body)
        SigV4Auth(Credentials(self.key_id, self.secret), "braket", "us-east-1").add_auth(request)
        return dict(request.headers)

    def body(self, name: str) -> bytes:
        """Write a flip, tagged with the intent."""
        source = "OPENQASM 3.0;\nbit[1] b;\nqubit[1] q;\nx q[0];\nb[0] = measure q[0];"
        action = {"braketSchemaHeader": {"name": "braket.ir.openqasm.program", "version": "1"}, "source": source}
        wanted = {
            "deviceArn": "arn:aws:braket:us-east-1::device/qpu/ionq/Forte-1",
            "action": json.dumps({**action, "inputs": {}}),
            "shots": 10,
            "outputS3Bucket": "amazon-braket-drill",
            "outputS3KeyPrefix": "tasks",
            "clientToken": str(uuid5(NAMESPACE_OID, name)),
            "tags": {"intent": name},
        }
        return json.dumps(wanted).encode()

    def job_id(self, answer: Any) -> str:
        """Find it."""
        return str(answer["quantumTaskArn"]).rpartition("/")[2]


async def insist(session: aiohttp.ClientSession, url: str, speaker: Speaker, body: bytes, *, seconds: float) -> str:
    """Submit until there is an answer, and give the job id.

    Raises:
        NoAnswerError: none came in time, or a refusal.
    """
    deadline = asyncio.get_running_loop().time() + seconds
    tries = 0
    while asyncio.get_running_loop().time() < deadline:
        try:
            async with session.post(
                f"{url}{speaker.path}", data=body, headers=dict(speaker.headers(f"{url}{speaker.path}", body))
            ) as answer:
                content = await answer.read()
                if answer.status < 300:
                    return speaker.job_id(json.loads(content))
                if answer.status not in RETRIED:
                    raise NoAnswerError(f"{answer.status}: {content[:300]!r}")
        except (aiohttp.ClientError, OSError, TimeoutError):
            pass
        await asyncio.sleep(PAUSES[min(tries, len(PAUSES) - 1)])
        tries += 1
    raise NoAnswerError(f"no answer in {seconds:g} s")
