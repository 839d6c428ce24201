"""Where AWS's SDKs put the caller's credential: a signature over the whole request, in the `Authorization` header.

Presigned URLs are no credential here: boto makes them with a signature of version 2 for a custom endpoint.
"""

from adapters.braket import sigv4
from gateway.ports.dialect import Credential, Signature, WireRequest


def find(request: WireRequest) -> Credential | None:
    """Read the signature of a request; `None` when there is none, or one that no AWS SDK makes."""
    claims = sigv4.shown(request.headers.get("authorization", ""))
    if claims is None:
        return None
    over = sigv4.signed(
        claims, method=request.method, target=request.target, headers=request.headers, body=request.body
    )
    if over is None:
        return None
    return Signature(
        access_key_id=claims.access_key_id,
        day=claims.day,
        region=claims.region,
        service=claims.service,
        signed_at=over.signed_at,
        string_to_sign=over.string_to_sign,
        signature=claims.signature,
        body_signed=over.body_signed,
    )


def scope(request: WireRequest) -> tuple[str, str]:
    """Say for which region and service a request was signed; both empty when it was not."""
    claims = sigv4.shown(request.headers.get("authorization", ""))
    return ("", "") if claims is None else (claims.region, claims.service)
