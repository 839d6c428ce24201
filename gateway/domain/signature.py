"""AWS Signature Version 4: the arithmetic that whoever signs and whoever verifies share, and signing a request of ours.

What is signed is the request as it travels. Amazon S3, and what speaks like it, signs a path as it is encoded on the
wire; every other service encodes that once more. Pure: clock and secrets belong to whoever calls.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final
from urllib.parse import quote, unquote_to_bytes, urlsplit

from gateway.domain.secret import Secret

ALGORITHM: Final = "AWS4-HMAC-SHA256"
S3: Final = "s3"
STAMP: Final = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Whose requests are signed, and for which region and service."""

    access_key_id: str
    secret: Secret
    region: str
    service: str
    token: Secret | None = None
    """Of temporary credentials."""


def sign(secret: Secret, string_to_sign: bytes, *, day: str, region: str, service: str) -> str:
    """Sign a string under the key of one day, region and service; gives 64 hexadecimal digits.

    `day` is `YYYYMMDD`, as in the credential scope.
    """
    key = b"AWS4" + secret.reveal()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, string_to_sign, "sha256").hex()


def sign_request(
    signer: Signer, *, method: str, url: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> dict[str, str]:
    """Give the headers of a request of ours: those given, and what signs them.

    `url` is absolute and encoded as it will be sent; its host becomes the `Host` that is signed.
    """
    parts, stamp, digest = urlsplit(url), now.astimezone(UTC).strftime(STAMP), sha256(body).hexdigest()
    sent = {name.lower(): value for name, value in headers.items()} | {"x-amz-date": stamp}
    if signer.token is not None:
        sent["x-amz-security-token"] = signer.token.reveal().decode()
    if signer.service == S3:
        sent["x-amz-content-sha256"] = digest
    covered = dict(sorted({**sent, "host": _host(parts.netloc, parts.scheme)}.items()))
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    day, scope = stamp[:8], f"{stamp[:8]}/{signer.region}/{signer.service}/aws4_request"
    over = string_to_sign(stamp, scope, canonical_request(signer.service, method, target, covered, digest))
    signature = sign(signer.secret, over, day=day, region=signer.region, service=signer.service)
    claims = f"Credential={signer.access_key_id}/{scope}, SignedHeaders={';'.join(covered)}, Signature={signature}"
    return {**sent, "authorization": f"{ALGORITHM} {claims}"}


def canonical_request(service: str, method: str, target: str, covered: Mapping[str, str], payload: str) -> bytes:
    """Write a request in the one form that both sides hash; `covered` holds the signed headers in their order."""
    path, _, query = target.partition("?")
    lines = "".join(f"{name}:{' '.join(value.split())}\n" for name, value in covered.items())
    parts = [method, _path(service, path), _query(query), lines, ";".join(covered), payload]
    return "\n".join(parts).encode("latin-1")


def string_to_sign(stamp: str, scope: str, canonical: bytes) -> bytes:
    """Write what is signed in the end."""
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


def _host(netloc: str, scheme: str) -> str:
    usual = {"https": ":443", "http": ":80"}[scheme]
    return netloc.rpartition("@")[2].removesuffix(usual)
