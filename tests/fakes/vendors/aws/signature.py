"""Signature Version 4, checked by signing the raw request again with botocore's own signer and comparing.

Header authentication only. Refused beyond a wrong signature: a clock more than minutes away, a header of the
`x-amz-` family that was not signed, a body that is not the one whose hash was signed, presigned URLs.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from aiohttp import web
from botocore.auth import S3SigV4Auth, SigV4Auth  # type: ignore[import-untyped]  # ships no types
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]  # as above
from botocore.credentials import Credentials  # type: ignore[import-untyped]  # as above

from tests.fakes.vendors.aws.answers import no, service_of
from tests.fakes.vendors.serving import RefusedError

STREAMED: Final = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
UNSIGNED: Final = "UNSIGNED-PAYLOAD"
_AUTHORIZATION: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,\s]+)/(?P<day>\d{8})/(?P<region>[a-z0-9-]+)/(?P<service>[a-z0-9-]+)"
    r"/aws4_request, ?SignedHeaders=(?P<signed>[a-z0-9;_-]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)
_CLOCK_SKEW: Final = {"s3": timedelta(minutes=15)}
_OTHER_SKEW: Final = timedelta(minutes=5)
_MISMATCH: Final = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)
Trouble = Literal["missing", "malformed", "unknown key", "mismatch", "skewed", "unsigned header", "wrong body"]
_CODES: Final[dict[Trouble, dict[str, tuple[int, str]]]] = {
    "missing": {"s3": (403, "AccessDenied"), "sts": (403, "MissingAuthenticationToken")},
    "malformed": {"s3": (400, "AuthorizationHeaderMalformed"), "sts": (400, "IncompleteSignature")},
    "unknown key": {"s3": (403, "InvalidAccessKeyId"), "sts": (403, "InvalidClientTokenId")},
    "mismatch": {"s3": (403, "SignatureDoesNotMatch"), "sts": (403, "SignatureDoesNotMatch")},
    "skewed": {"s3": (403, "RequestTimeTooSkewed"), "sts": (403, "SignatureDoesNotMatch")},
    "unsigned header": {"s3": (403, "AccessDenied"), "sts": (403, "SignatureDoesNotMatch")},
    "wrong body": {"s3": (400, "XAmzContentSHA256Mismatch"), "sts": (403, "SignatureDoesNotMatch")},
}
_BRAKET_CODES: Final[dict[Trouble, str]] = {
    "missing": "MissingAuthenticationTokenException",
    "malformed": "IncompleteSignatureException",
    "unknown key": "UnrecognizedClientException",
}


@dataclass(frozen=True, slots=True)
class Key:
    """One credential the fake takes; a temporary one has a session token that must be sent along."""

    id: str
    secret: str = field(repr=False)
    token: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, text: str) -> "Key":
        """Read `ID:SECRET` or `ID:SECRET:TOKEN`."""
        parts = text.split(":")
        if not 2 <= len(parts) <= 3 or not all(parts):
            raise ValueError("a credential is ID:SECRET or ID:SECRET:TOKEN")
        return cls(*parts)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who signed, and for what."""

    key_id: str
    region: str
    service: str


def verify(request: web.Request, body: bytes, keys: Mapping[str, Key], *, now: datetime | None = None) -> Caller:
    """Tell who signed a request; raises the service's own refusal when nobody known did."""
    found = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
    if found is None:
        absent = "Authorization" not in request.headers
        raise _no(request, "missing" if absent else "malformed", "Missing Authentication Token")
    key = keys.get(found["key"])
    if key is None or request.headers.get("X-Amz-Security-Token") != key.token:
        raise _no(request, "unknown key", "The security token included in the request is invalid.")
    _check_headers(request, found["signed"].split(";"))
    _check_clock(request, found["day"], now or datetime.now(UTC))
    _check_body(request, body)
    signer = (S3SigV4Auth if found["service"] == "s3" else SigV4Auth)(
        Credentials(key.id, key.secret), found["service"], found["region"]
    )
    if not hmac.compare_digest(_signature(signer, request, body, found["signed"].split(";")), found["signature"]):
        raise _no(request, "mismatch", _MISMATCH)
    return Caller(key.id, found["region"], found["service"])


def _check_headers(request: web.Request, signed: list[str]) -> None:
    if signed != sorted(set(signed)) or not {"host", "x-amz-date"} <= set(signed):
        raise _no(request, "malformed", "SignedHeaders must be sorted and name host and x-amz-date.")
    if unsigned := sorted(name for name in map(str.lower, request.headers) if _must_be_signed(name, signed)):
        raise _no(request, "unsigned header", f"Headers present but not signed: {', '.join(unsigned)}")
    if service_of(request) == "s3" and "x-amz-content-sha256" not in request.headers:
        raise no("s3", 400, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256")


def _must_be_signed(name: str, signed: list[str]) -> bool:
    return name.startswith("x-amz-") and name not in signed


def _check_clock(request: web.Request, day: str, now: datetime) -> None:
    stamp = request.headers["X-Amz-Date"]
    try:
        signed_at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise _no(request, "malformed", "Date must be in ISO-8601 'basic format'.") from error
    if stamp[:8] != day:
        raise _no(request, "malformed", "Date in Credential scope does not match YYYYMMDD from ISO-8601 date.")
    if abs(now - signed_at) > _CLOCK_SKEW.get(service_of(request), _OTHER_SKEW):
        raise _no(request, "skewed", f"Signature expired or not yet current: {stamp} is too far from now.")


def _check_body(request: web.Request, body: bytes) -> None:
    """Compare the signed hash with the body; S3 alone takes bodies that only TLS protects."""
    told = request.headers.get("X-Amz-Content-Sha256")
    if told is None or told == hashlib.sha256(body).hexdigest():
        return
    allowed = {STREAMED, UNSIGNED} if service_of(request) == "s3" and request.secure else set()
    if told not in allowed:
        raise _no(request, "wrong body", "The provided 'x-amz-content-sha256' header does not match what was computed.")


def _signature(signer: Any, request: web.Request, body: bytes, signed: list[str]) -> str:
    """Sign what arrived: raw target, the signed headers with all their values, and the body."""
    again = AWSRequest(method=request.method, url=f"{request.scheme}://{request.host}{request.raw_path}", data=body)
    for name in signed:
        for value in request.headers.getall(name, []):
            again.headers[name] = value
    again.context["timestamp"] = request.headers["X-Amz-Date"]
    text = signer.string_to_sign(again, signer.canonical_request(again))
    signature: str = signer.signature(text, again)
    return signature


def _no(request: web.Request, trouble: Trouble, message: str) -> RefusedError:
    service = service_of(request)
    other = (403, _BRAKET_CODES.get(trouble, "InvalidSignatureException"))
    status, code = _CODES[trouble].get(service, other)
    return no(service, status, code, message, verdict="unauthenticated")
