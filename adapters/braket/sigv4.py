"""AWS Signature Version 4, both ways: what a received request was signed over, and signing one of our own.

What is signed is the request as it travels: the raw target with the mount, the `Host` header as the client sent it,
and the body's hash. Amazon S3 signs a path as it is encoded on the wire; every other service encodes that once more.
Pure: clock, secrets and comparison belong to whoever calls.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import quote, unquote_to_bytes, urlsplit

from adapters.braket import chunked
from gateway.domain.secret import Secret
from gateway.domain.signature import sign

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
UNSIGNED_CHUNKS = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
S3 = "s3"

_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} +Credential=(?P<key>[A-Za-z0-9]{{1,128}})/(?P<day>[0-9]{{8}})/(?P<region>[a-z0-9-]{{1,32}})"
    r"/(?P<service>[a-z0-9-]{1,32})/aws4_request, *SignedHeaders=(?P<headers>[a-z0-9;_-]{1,2048}),"
    r" *Signature=(?P<signature>[0-9a-f]{64})"
)
_HEX = re.compile(r"[0-9a-f]{64}")
_STAMP = "%Y%m%dT%H%M%SZ"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Whose requests are signed, and for which region and service."""

    access_key_id: str
    secret: Secret
    region: str
    service: str
    token: Secret | None = None
    """Of temporary credentials."""


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
        string_to_sign=_string_to_sign(stamp, shown_.scope, canonical), signed_at=moment, body_signed=payload[1]
    )


def sign_request(
    signer: Signer, *, method: str, url: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> dict[str, str]:
    """Give the headers of a request of ours: those given, and what signs them.

    `url` is absolute and encoded as it will be sent; its host becomes the `Host` that is signed.
    """
    parts, stamp = urlsplit(url), now.astimezone(UTC).strftime(_STAMP)
    sent = {name.lower(): value for name, value in headers.items()} | {"x-amz-date": stamp}
    if signer.token is not None:
        sent["x-amz-security-token"] = signer.token.reveal().decode()
    digest = sha256(body).hexdigest()
    if signer.service == S3:
        sent["x-amz-content-sha256"] = digest
    covered = dict(sorted({**sent, "host": _host(parts.netloc, parts.scheme)}.items()))
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    canonical = canonical_request(signer.service, method, target, covered, digest)
    claims = Shown(
        access_key_id=signer.access_key_id,
        day=stamp[:8],
        region=signer.region,
        service=signer.service,
        signed_headers=tuple(covered),
        signature="",
    )
    signature = sign(
        signer.secret,
        _string_to_sign(stamp, claims.scope, canonical),
        day=claims.day,
        region=claims.region,
        service=claims.service,
    )
    names = ";".join(covered)
    credential = f"Credential={signer.access_key_id}/{claims.scope}"
    return {**sent, "authorization": f"{ALGORITHM} {credential}, SignedHeaders={names}, Signature={signature}"}


def canonical_request(service: str, method: str, target: str, covered: Mapping[str, str], payload: str) -> bytes:
    """Write a request in the one form that both sides hash; `covered` holds the signed headers in their order."""
    path, _, query = target.partition("?")
    lines = "".join(f"{name}:{' '.join(value.split())}\n" for name, value in covered.items())
    parts = [method, _path(service, path), _query(query), lines, ";".join(covered), payload]
    return "\n".join(parts).encode("latin-1")


def _string_to_sign(stamp: str, scope: str, canonical: bytes) -> bytes:
    return "\n".join([ALGORITHM, stamp, scope, sha256(canonical).hexdigest()]).encode()


def _path(service: str, path: str) -> str:
    if service == S3:
        return quote(unquote_to_bytes(path or "/"), safe="/~")
    return quote(_plain(path), safe="/~")


def _plain(path: str) -> str:
    """Remove dot segments and empty ones, as every service but S3 does."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in {"", "."}:
            kept.append(segment)
    return "/" + "/".join(kept) + ("/" if kept and path.endswith("/") else "")


def _query(query: str) -> str:
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return "&".join(f"{name}={value}" for name, value in sorted((name, value) for name, _, value in pairs))


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
        return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def _host(netloc: str, scheme: str) -> str:
    usual = {"https": ":443", "http": ":80"}[scheme]
    return netloc.rpartition("@")[2].removesuffix(usual)
