"""AWS Signature Version 4 as it arrives: what a received request was signed over, and whether that protects it.

What is signed is the request as it travels: the raw target with the mount, the `Host` header as the client sent it,
and the body's hash. Pure: clock, secrets and comparison belong to whoever calls.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from adapters.braket import chunked
from gateway.domain.signature import ALGORITHM, S3, STAMP, canonical_request, string_to_sign

UNSIGNED = "UNSIGNED-PAYLOAD"
UNSIGNED_CHUNKS = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"

_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} +Credential=(?P<key>[A-Za-z0-9]{{1,128}})/(?P<day>[0-9]{{8}})/(?P<region>[a-z0-9-]{{1,32}})"
    r"/(?P<service>[a-z0-9-]{1,32})/aws4_request, *SignedHeaders=(?P<headers>[a-z0-9;_-]{1,2048}),"
    r" *Signature=(?P<signature>[0-9a-f]{64})"
)
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An `Authorization` header, taken apart; nothing of it is proven."""

    access_key_id: str
    day: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str

    @property
    def scope(self) -> str:
        """What the signing key is good for."""
        return f"{self.day}/{self.region}/{self.service}/aws4_request"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A request as its signature covers it."""

    string_to_sign: bytes
    signed_at: datetime
    body_signed: bool
    """Whether changing the body would break the signature, or a checksum where only transport protects it."""


def shown(authorization: str) -> Shown | None:
    """Take an `Authorization` header apart; `None` for anything but this algorithm, whole."""
    found = _AUTHORIZATION.fullmatch(authorization)
    if found is None:
        return None
    return Shown(
        access_key_id=found["key"],
        day=found["day"],
        region=found["region"],
        service=found["service"],
        signed_headers=tuple(found["headers"].split(";")),
        signature=found["signature"],
    )


def signed(shown_: Shown, *, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Signed | None:
    """Say over what a request was signed; `None` when it cannot have been signed properly.

    Args:
        shown_: what the request claims.
        method: as received.
        target: raw path and query as received, with the mount.
        headers: lower-case names.
        body: what was received of it.
    """
    stamp = headers.get("x-amz-date", "")
    moment = _moment(stamp)
    payload = _payload(shown_.service, headers, body)
    if moment is None or payload is None or not _covers(shown_.signed_headers, headers):
        return None
    covered = {name: headers[name] for name in shown_.signed_headers}
    canonical = canonical_request(shown_.service, method, target, covered, payload[0])
    return Signed(
        string_to_sign=string_to_sign(stamp, shown_.scope, canonical), signed_at=moment, body_signed=payload[1]
    )


def _covers(names: tuple[str, ...], headers: Mapping[str, str]) -> bool:
    """Check that the host is signed, and whatever speaks to AWS: anybody on the way could have added the rest."""
    told = {name for name in headers if name.startswith("x-amz-")} | {"host"}
    return list(names) == sorted(set(names)) and told <= set(names) <= set(headers)


def _payload(service: str, headers: Mapping[str, str], body: bytes) -> tuple[str, bool] | None:
    """Give what stands for the body in what was signed, and whether it protects the body."""
    claimed = headers.get("x-amz-content-sha256")
    complete = bool(body) or not _announces_body(headers)
    if claimed is None and service != S3:
        return sha256(body).hexdigest(), complete
    if service == S3 and claimed == UNSIGNED:
        return UNSIGNED, complete and not body
    if service == S3 and claimed == UNSIGNED_CHUNKS:
        return UNSIGNED_CHUNKS, complete and chunked.content(body, headers) is not None
    if claimed is None or not _HEX.fullmatch(claimed):
        return None
    # The real hash, not the claimed one: a body that was changed must not fit.
    return sha256(body).hexdigest(), complete


def _announces_body(headers: Mapping[str, str]) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _moment(stamp: str) -> datetime | None:
    try:
        return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
