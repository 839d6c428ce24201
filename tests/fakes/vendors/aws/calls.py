"""Calls to the fake AWS, signed by botocore: whole operations through its clients, and raw requests to be spoilt.

For tests in this environment, which has botocore but no SDK. The clients block: they run in a thread.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
import botocore.session  # type: ignore[import-untyped]  # ships no types
from botocore.auth import S3SigV4Auth, SigV4Auth  # type: ignore[import-untyped]  # as above
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]  # as above
from botocore.config import Config  # type: ignore[import-untyped]  # as above
from botocore.credentials import Credentials  # type: ignore[import-untyped]  # as above
from yarl import URL

from tests.fakes.vendors.aws.signature import Key
from tests.fakes.vendors.aws.vendor import ACCOUNT, KEY

GARNET: Final = "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet"
FORTE: Final = "arn:aws:braket:us-east-1::device/qpu/ionq/Forte-1"
ANKAA: Final = "arn:aws:braket:us-west-1::device/qpu/rigetti/Ankaa-3"
SV1: Final = "arn:aws:braket:::device/quantum-simulator/amazon/sv1"
FLIP: Final = "OPENQASM 3.0;\nbit[2] b;\nqubit[2] q;\nx q[0];\nb[0] = measure q[0];\nb[1] = measure q[1];"
BUCKET: Final = f"amazon-braket-test-{ACCOUNT}"


def action(source: str = FLIP, **inputs: Any) -> str:
    """Write the action of an OpenQASM program."""
    header = {"name": "braket.ir.openqasm.program", "version": "1"}
    return json.dumps({"braketSchemaHeader": header, "source": source, "inputs": inputs})


def order(device: str = SV1, **more: Any) -> dict[str, Any]:
    """Write the parameters of CreateQuantumTask; botocore adds a client token where none is given."""
    usual = {"deviceArn": device, "shots": 10, "outputS3Bucket": BUCKET, "outputS3KeyPrefix": "tasks"}
    return usual | {"action": action()} | more


class Calls:
    """A caller with a key, at one address; retries are off, so that every refusal is seen."""

    def __init__(self, url: str, key: Key = KEY, region: str = "us-east-1") -> None:
        self.url, self.region = url, region
        self._key = key
        self._session = botocore.session.Session(profile=None)

    async def __call__(self, service: str, operation: str, *, region: str | None = None, **params: Any) -> Any:
        """Make one call; what the service refuses is raised as botocore's `ClientError`."""

        def call() -> Any:
            client = self._session.create_client(
                service,
                region_name=region or self.region,
                endpoint_url=self.url,
                aws_access_key_id=self._key.id,
                aws_secret_access_key=self._key.secret,
                aws_session_token=self._key.token,
                config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30),
            )
            answer = getattr(client, operation)(**params)
            return answer | {"Body": answer["Body"].read()} if "Body" in answer else answer

        return await asyncio.to_thread(call)

    async def make_bucket(self, region: str = "us-east-1") -> None:
        """Make the bucket that `order` names."""
        where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        await self("s3", "create_bucket", region=region, Bucket=BUCKET, **where)

    async def ended(self, arn: str) -> Any:
        """Wait until a task has ended, and describe it."""
        while True:
            task = await self("braket", "get_quantum_task", region=arn.split(":")[3], quantumTaskArn=arn)
            if task["status"] in {"COMPLETED", "FAILED", "CANCELLED"}:
                return task
            await asyncio.sleep(0.02)

    async def results(self, task: Mapping[str, Any]) -> Any:
        """Read the results of a task."""
        region = task["quantumTaskArn"].split(":")[3]
        key = f"{task['outputS3Directory']}/results.json"
        read = await self("s3", "get_object", region=region, Bucket=task["outputS3Bucket"], Key=key)
        return json.loads(read["Body"])

    def signed(
        self, method: str, target: str, body: bytes = b"", *, service: str = "braket", **headers: str
    ) -> dict[str, str]:
        """Give the headers of a signed request; underscores in names stand for dashes."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if body and service == "braket":
            given.setdefault("Content-Type", "application/json")
        request = AWSRequest(method, self.url + target, data=body, headers=given)
        signer = S3SigV4Auth if service == "s3" else SigV4Auth
        signer(Credentials(self._key.id, self._key.secret, self._key.token), service, self.region).add_auth(request)
        return dict(request.headers)

    async def raw(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> tuple[int, Any]:
        """Send exactly this; give the status and the answer with its body as text."""
        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.request(method, URL(self.url + target, encoded=True), headers=headers, data=body or None) as answer,
        ):
            text = await answer.text()
            return answer.status, (dict(answer.headers), text)
