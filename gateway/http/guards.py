"""What a request must look like before anybody reads it: host, peer, path, headers, and a bounded body.

Pure where it can be. A duplicated header that decides something is refused, because a proxy and its vendor
would each pick another one.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final
from urllib.parse import parse_qsl

from litestar.types import HTTPScope, Receive

from gateway.domain.errors import RefusedError

_NOT_COMPRESSED: Final = frozenset({"identity", "aws-chunked"})
"""The second frames a body with checksums; the dialect that is signed so takes it apart."""
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_SINGLE: Final = frozenset(
    {"host", "authorization", "content-length", "content-type", "content-encoding", "idempotency-key"}
)
_PATH: Final = re.compile(rb"/(?:[A-Za-z0-9._~:@!$&'()*+,;=/-]|%[0-9A-Fa-f]{2})*")
_DOTS: Final = re.compile(rb"(?:^|/)(?:\.|%2[eE]){1,2}(?:/|$)")
UNKNOWN_BODY_BYTES: Final = 64 * 1024
"""What a client may send before it has shown a credential; a token exchange is far smaller."""


class BadRequestError(RefusedError):
    """The request line or a header is not what HTTP or this gateway takes."""

    code = "bad-request"


class HostRefusedError(RefusedError):
    """The request names a host that is not ours."""

    code = "host-refused"


class PeerRefusedError(RefusedError):
    """The connection does not come from the declared proxy."""

    code = "peer-refused"


class MethodRefusedError(RefusedError):
    """A method no vendor's API uses."""

    code = "method-refused"


class BodyTooLargeError(RefusedError):
    """The body is longer than allowed."""

    code = "body-too-large"

    def __init__(self, *, limit: int, found: int | None = None) -> None:
        told = f"{found} bytes announced" if found is not None else "more bytes sent"
        super().__init__(f"{told}, a body may have at most {limit}; send fewer or smaller circuits per job")


class BodyTimeoutError(RefusedError):
    """The body did not arrive in time."""

    code = "body-timeout"

    def __init__(self, *, seconds: float) -> None:
        super().__init__(f"the body did not arrive within {seconds:g} s; check the network, or split the job")


class EncodingRefusedError(RefusedError):
    """A compressed request body, which no supported SDK sends."""

    code = "encoding-refused"


def check_peer(scope: HTTPScope, trusted: Iterable[IPv4Network | IPv6Network]) -> None:
    """Refuse connections that bypass the declared proxy; without one every peer may come.

    Raises:
        PeerRefusedError: not the proxy.
    """
    networks = tuple(trusted)
    client = scope["client"]
    if networks and (client is None or not any(ip_address(client[0]) in network for network in networks)):
        raise PeerRefusedError("connect through the gateway's proxy; direct connections are refused")


def headers_of(scope: HTTPScope) -> Mapping[str, str]:
    """Read the headers once, lower case.

    Raises:
        BadRequestError: one that decides something came twice, or is no Latin-1 text.
    """
    sent = tuple(scope["headers"])
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in sent}
    if len(headers) < len(sent):
        names = Counter(name.decode("latin-1").lower() for name, _ in sent)
        if twice := sorted(name for name in _SINGLE if names[name] > 1):
            raise BadRequestError(f"the header {twice[0]} was sent {names[twice[0]]} times; send it once")
    return headers


def query_of(scope: HTTPScope) -> tuple[tuple[str, str], ...]:
    """Read the query's pairs in order. Polls have a plain one, which the general way takes eight times as long for."""
    text = scope["query_string"].decode("latin-1")
    if "%" in text or "+" in text:
        return tuple(parse_qsl(text, keep_blank_values=True))
    pairs = (pair.partition("=") for pair in text.split("&") if pair)
    return tuple((name, value) for name, _, value in pairs)


def check_host(headers: Mapping[str, str], names: frozenset[str]) -> None:
    """Refuse requests for another host, such as one rebound by DNS.

    Raises:
        HostRefusedError: none, or not one of ours.
    """
    host = headers.get("host", "").lower()
    name, _, port = host.rpartition(":")
    if not port.isdecimal():
        name = host
    if name.strip("[]") not in names:
        raise HostRefusedError("the Host header names no host of this gateway; use the address the operator gave you")


def check_target(scope: HTTPScope) -> str:
    """Give the raw path if it is plain.

    Raises:
        MethodRefusedError: an unusual method.
        BadRequestError: bytes that belong in no path, or dot segments.
    """
    if scope["method"] not in METHODS:
        raise MethodRefusedError(
            f"the method {scope['method'][:16]} is not used here; use {', '.join(sorted(METHODS))}"
        )
    raw = scope["raw_path"]
    if not _PATH.fullmatch(raw) or _DOTS.search(raw):
        raise BadRequestError("the path has characters or dot segments that no API here uses; check the URL")
    return raw.decode("ascii")


def target_of(scope: HTTPScope) -> str:
    """Give the raw target as it was sent, for who must verify a signature over it."""
    query = scope["query_string"]
    return (scope["raw_path"] + (b"?" + query if query else b"")).decode("latin-1")


def announces_body(headers: Mapping[str, str]) -> bool:
    """Say whether a body follows; a request with neither header has none (RFC 9112, 6.3), as every poll."""
    return "content-length" in headers or "transfer-encoding" in headers


async def read_body(receive: Receive, headers: Mapping[str, str], *, limit: int, seconds: float) -> bytes:
    """Read a body of bounded size in bounded time.

    Raises:
        BodyTooLargeError: announced or sent more than `limit` bytes.
        BodyTimeoutError: too slow, or cut off.
        EncodingRefusedError: compressed.
    """
    if headers.get("content-encoding", "identity").lower() not in _NOT_COMPRESSED:
        raise EncodingRefusedError("compressed request bodies are not read; send the body as it is")
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise BodyTooLargeError(limit=limit, found=int(announced))
    try:
        async with asyncio.timeout(seconds):
            return await _collect(receive, limit)
    except TimeoutError:
        raise BodyTimeoutError(seconds=seconds) from None


async def _collect(receive: Receive, limit: int) -> bytes:
    chunks = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise BadRequestError("the connection ended before the body was complete")
        chunks += message.get("body", b"")
        if len(chunks) > limit:
            raise BodyTooLargeError(limit=limit)
        if not message.get("more_body", False):
            return bytes(chunks)
