"""How each vendor is asked, at its own address or a fake's, with a credential from the environment."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from botocore.auth import SigV4Auth  # type: ignore[import-untyped]  # ships no types
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]  # as above
from botocore.credentials import Credentials  # type: ignore[import-untyped]  # as above

from tests.contracts.exchanges import Exchange, NotAnsweredError

_SECONDS = 60.0
_MOST_BYTES = 64 * 1024 * 1024
_SECRETS = ("api_key", "secret_access_key", "session_token", "token")


class NoCredentialError(Exception):
    """The environment does not say who asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """Where a vendor is, and what proves who asks."""

    live: Mapping[str, str]
    """Each service's own address; `{region}` stands for the region."""
    fake: Mapping[str, str]
    """Each service's path below a fake's address."""
    variables: Mapping[str, str]
    """Names that exchanges use, and the environment variables that hold them."""
    optional: frozenset[str] = frozenset()
    module: str = ""
    """The fake, below `tests.fakes.vendors`."""


VENDORS = {
    "ionq": Vendor(
        live={"api": "https://api.ionq.co/v0.4"},
        fake={"api": "/v0.4"},
        variables={"api_key": "IONQ_API_KEY"},
        module="ionq",
    ),
    "ibm": Vendor(
        live={"api": "https://quantum.cloud.ibm.com/api/v1", "iam": "https://iam.cloud.ibm.com"},
        fake={"api": "/api/v1", "iam": ""},
        variables={"api_key": "QISKIT_IBM_TOKEN", "crn": "QISKIT_IBM_INSTANCE"},
        module="ibm",
    ),
    "braket": Vendor(
        live={"api": "https://braket.{region}.amazonaws.com"},
        fake={"api": ""},
        variables={
            "access_key_id": "AWS_ACCESS_KEY_ID",
            "secret_access_key": "AWS_SECRET_ACCESS_KEY",
            "session_token": "AWS_SESSION_TOKEN",
            "region": "AWS_REGION",
            "bucket": "AMZN_BRAKET_OUT_S3_BUCKET",
        },
        optional=frozenset({"session_token", "bucket"}),
        module="aws",
    ),
}


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass
class Asker:
    """Asks one vendor; credentials are names like any other, and never printed."""

    vendor: str
    addresses: Mapping[str, str]
    known: dict[str, str] = field(repr=False)

    def send(self, exchange: Exchange, path: str, body: Any) -> tuple[int, Any]:
        """Send one request."""
        url = f"{self.addresses[exchange.service]}{path}"
        data = b"" if body is None else urlencode(body).encode() if exchange.form else json.dumps(body).encode()
        kind = "application/x-www-form-urlencoded" if exchange.form else "application/json"
        headers = {"Accept": "application/json", **({"Content-Type": kind} if data else {})}
        if exchange.signed:
            headers |= self._proof(exchange.method, url, headers, data)
        request = urllib.request.Request(url, data or None, headers, method=exchange.method)  # noqa: S310  # ours
        status, content = _answer(request)
        try:
            return status, json.loads(content) if content else None
        except ValueError:
            raise NotAnsweredError(f"status {status} with a body that is not JSON") from None

    def _proof(self, method: str, url: str, headers: Mapping[str, str], data: bytes) -> dict[str, str]:
        match self.vendor:
            case "ionq":
                return {"Authorization": f"apiKey {self.known['api_key']}"}
            case "ibm":
                token = {"Authorization": f"Bearer {self.known['token']}"} if "token" in self.known else {}
                return {**token, "Service-CRN": self.known["crn"], "IBM-API-Version": "2026-03-15"}
            case _:
                return self._signature(method, url, headers, data)

    def _signature(self, method: str, url: str, headers: Mapping[str, str], data: bytes) -> dict[str, str]:
        request = AWSRequest(method, url, dict(headers), data)
        named = (self.known.get(name) for name in ("access_key_id", "secret_access_key", "session_token"))
        SigV4Auth(Credentials(*named), "braket", self.known["region"]).add_auth(request)
        return dict(request.headers)


def asker(vendor: str, *, url: str | None, known: Mapping[str, str] | None = None) -> Asker:
    """Make what asks a vendor, at a fake's address or at its own.

    Raises:
        NoCredentialError: a variable is missing that says who asks.
    """
    about = VENDORS[vendor]
    values = dict(known or {name: os.environ[each] for name, each in about.variables.items() if each in os.environ})
    if missing := sorted(about.variables.keys() - about.optional - values.keys()):
        raise NoCredentialError(f"set {', '.join(about.variables[name] for name in missing)}")
    live = {service: address.replace("{region}", values.get("region", "")) for service, address in about.live.items()}
    fake = {service: f"{url}{path}" for service, path in about.fake.items()}
    return Asker(vendor, live if url is None else fake, values)


def _answer(request: urllib.request.Request) -> tuple[int, bytes]:
    try:
        with urllib.request.build_opener(_NoRedirects).open(request, timeout=_SECONDS) as answer:
            return answer.status, answer.read(_MOST_BYTES)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(_MOST_BYTES)
    except OSError as error:
        raise NotAnsweredError(f"no answer: {type(error).__name__}") from None


def secrets(caller: Asker) -> set[str]:
    """Give what may stand in no file and on no terminal."""
    return {caller.known[name] for name in _SECRETS if name in caller.known}
