"""Plain HTTP in each vendor's words, so that what the gateway says can be laid beside what the vendor says.

The same speaker is pointed at the gateway with a client's credential, or at the fake with the vendor's own.
"""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.running import Reply

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Past any proxy that the environment names."""
IBM_VERSION = "2025-05-01"


def ask(method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
    """Send one request; a refusal is an answer like any other."""
    request = urllib.request.Request(url, data=body, headers=dict(headers), method=method)  # noqa: S310  # loopback
    try:
        with _DIRECT.open(request, timeout=60) as answer:
            return Reply(answer.status, _lower(answer.headers), answer.read())
    except urllib.error.HTTPError as refused:
        return Reply(refused.code, _lower(refused.headers), refused.read())


@dataclass(frozen=True)
class Ionq:
    """IonQ's API."""

    base: str
    key: str

    def __call__(self, method: str, path: str, body: Any = None) -> Reply:
        """Ask for a path below the base."""
        headers = {"Authorization": f"apiKey {self.key}"}
        if body is None:
            return ask(method, f"{self.base}{path}", headers)
        sent = json.dumps(body).encode()
        return ask(method, f"{self.base}{path}", {**headers, "Content-Type": "application/json"}, sent)


@dataclass(frozen=True)
class Pair:
    """An access key of AWS's kind."""

    id: str
    secret: str


@dataclass(frozen=True)
class Aws:
    """Braket and S3, every request signed by botocore."""

    endpoint: str
    s3_endpoint: str
    pair: Pair

    def braket(self, method: str, path: str, region: str, body: Any = None) -> Reply:
        """Ask Braket; an ARN in the path is percent-encoded by the caller."""
        sent = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        request = AWSRequest(method, f"{self.endpoint}{path}", headers=headers, data=sent)
        SigV4Auth(Credentials(self.pair.id, self.pair.secret), "braket", region).add_auth(request)
        return ask(method, request.url, dict(request.headers), sent)

    def task(self, arn: str) -> Reply:
        """Ask for a task as the SDK does."""
        path = f"/quantum-task/{urllib.parse.quote(arn, safe='')}?additionalAttributeNames=QueueInfo"
        return self.braket("GET", path, arn.split(":")[3])

    def results(self, task: Mapping[str, Any]) -> Reply:
        """Fetch the results of a task from where it says they are."""
        region = task["quantumTaskArn"].split(":")[3]
        return self.s3("GET", f"/{task['outputS3Bucket']}/{task['outputS3Directory']}/results.json", region)

    def bucket(self, name: str, region: str) -> Reply:
        """Make a bucket."""
        place = "" if region == "us-east-1" else f"<LocationConstraint>{region}</LocationConstraint>"
        namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
        wanted = f'<CreateBucketConfiguration xmlns="{namespace}">{place}</CreateBucketConfiguration>'
        return self.s3("PUT", f"/{name}", region, wanted.encode() if place else b"")

    def s3(self, method: str, path: str, region: str, body: bytes = b"") -> Reply:
        """Ask S3."""
        request = AWSRequest(method, f"{self.s3_endpoint}{path}", data=body or None)
        S3SigV4Auth(Credentials(self.pair.id, self.pair.secret), "s3", region).add_auth(request)
        return ask(method, request.url, dict(request.headers), body or None)


@dataclass(frozen=True)
class Ibm:
    """IBM's runtime API, with a token that IAM gave for the key."""

    base: str
    iam: str
    key: str
    crn: str

    def __call__(self, method: str, path: str, body: Any = None) -> Reply:
        """Ask for a path below the base."""
        return self.session()(method, path, body)

    def session(self) -> Callable[..., Reply]:
        """Get a token, and ask with it."""
        return partial(self._ask, self._token())

    def _ask(self, token: str, method: str, path: str, body: Any = None) -> Reply:
        headers = {
            "Authorization": f"Bearer {token}",
            "Service-CRN": self.crn,
            "IBM-API-Version": IBM_VERSION,
            "Content-Type": "application/json",
        }
        return ask(method, f"{self.base}{path}", headers, None if body is None else json.dumps(body).encode())

    def _token(self) -> str:
        form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": self.key}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        reply = ask("POST", f"{self.iam}/identity/token", headers, urllib.parse.urlencode(form).encode())
        return str(reply.json()["access_token"])


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
