"""Answers that are no vendor's and no framework's: a page of bytes, how long it stays true, and who may read it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from litestar.types import Send

from gateway.domain.secret import Secret
from gateway.ports.dialect import ApiKey

_BEARER: Final = "bearer "


@dataclass(frozen=True, slots=True)
class Page:
    """One answer, and how long it stays true."""

    body: bytes
    content_type: str
    cache: str
    headers: Mapping[str, str] = field(default_factory=dict)


def bearer(headers: Mapping[str, str]) -> ApiKey | None:
    """Read the gateway key that is shown as a bearer token (RFC 6750)."""
    text = headers.get("authorization", "")
    return ApiKey(Secret.of(text[len(_BEARER) :].strip())) if text.lower().startswith(_BEARER) else None


async def send_page(send: Send, status: int, page: Page, request_id: str, *, head_only: bool) -> None:
    """Send it."""
    headers = {
        **page.headers,
        "content-type": page.content_type,
        "content-length": str(len(page.body)),
        "cache-control": page.cache,
        "x-content-type-options": "nosniff",
        "qgw-request-id": request_id,
    }
    written = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": written})
    await send({"type": "http.response.body", "body": b"" if head_only else page.body, "more_body": False})
