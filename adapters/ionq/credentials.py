"""Where IonQ's SDK puts the caller's key, and the one question it asks without."""

import re

from gateway.domain.secret import Secret
from gateway.ports.dialect import ApiKey, Credential, WireRequest

_BACKEND = re.compile(r"/backends/[^/]+")


def find(request: WireRequest) -> Credential | None:
    """Read `Authorization: apiKey …`; `None` when it holds nothing we know."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "apikey" or not value.strip():
        return None
    return ApiKey(Secret.of(value.strip()))


def is_lookup(request: WireRequest) -> bool:
    """Say whether this is the SDK counting a backend's qubits, which it does before it looks for a key."""
    known = "authorization" in request.headers
    return request.method == "GET" and not known and _BACKEND.fullmatch(request.path) is not None
