"""The wire to one vendor: complete requests out, complete answers in, and an exact word for whatever goes wrong.

The only module that knows aiohttp, besides the one that asks OPA. What it does by itself is switched off: no
redirect, cookie, proxy or credential from the environment, no header that was not asked for, no second try. aiohttp
3.14 sends GET, HEAD, PUT and DELETE again when a connection breaks, and a server may close a kept connection in
the instant it is used. So whatever may change something goes over a connection of its own and is never sent
again; only a question over a kept connection is.
"""

import io
import re
import ssl
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib.metadata import version
from ipaddress import ip_address
from typing import Any, Final

import aiohttp
from yarl import URL

from gateway.domain.errors import InsecureError
from gateway.ports.vendor import AnswerLostError, VendorAnswer, VendorRequest, VendorUnreachableError
from gateway.vendors.echoes import without_echo
from gateway.vendors.settings import VendorHttp
from gateway.vendors.unpacking import Unpacker, UnpackingError

_QUESTIONS: Final = frozenset({"GET", "HEAD"})
_CHUNK_BYTES: Final = 65_536
_URL: Final = re.compile(r"[!-\"$-~]+")
"""Printable ASCII without spaces and `#`: the URL is sent as it stands."""
_HEADER: Final = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")
_UNASKED: Final = ("Accept", "Accept-Encoding", "Content-Type")


@dataclass(slots=True)
class _Trip:
    """How far one request came; aiohttp writes it down through its traces."""

    connected: bool = False
    """From here on bytes may have left."""
    kept: bool = False
    """Whether the connection served another request before."""


class _BrokenError(Exception):
    """A connection broke; not one of aiohttp's errors, because it would try again."""


class VendorSession:
    """Every connection to one vendor; made anywhere, opened by the first request."""

    def __init__(self, vendor: str, settings: VendorHttp) -> None:
        self._vendor, self._settings = vendor, settings
        self._tls = _tls(vendor, settings)
        self._opened: AsyncExitStack | None = None
        self._asking: aiohttp.ClientSession
        self._acting: aiohttp.ClientSession

    async def close(self) -> None:
        """Close every connection; one that is in use breaks."""
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened.aclose()

    async def send(self, request: VendorRequest) -> VendorAnswer:
        """Send one request and give its complete answer, whatever its status; an error without what it repeats.

        Raises:
            VendorUnreachableError: there was no connection, so certainly nothing left.
            AnswerLostError: anything that went wrong later.
        """
        _check(self._vendor, request)
        self._open()
        trip = _Trip()
        try:
            return without_echo(request, await self._exchange(request, trip))
        except (aiohttp.ClientError, _BrokenError, UnpackingError, OSError, TimeoutError) as error:
            raise self._failure(error, trip) from None

    async def _exchange(self, request: VendorRequest, trip: _Trip) -> VendorAnswer:
        session = self._asking if request.method in _QUESTIONS else self._acting
        async with session.request(
            request.method,
            URL(request.url, encoded=True),
            headers=dict(request.headers),
            # A stream, because aiohttp warns of long bytes; its length is known all the same.
            data=io.BytesIO(request.body) if request.body else None,
            timeout=aiohttp.ClientTimeout(total=request.seconds, sock_connect=self._settings.connect_seconds),
            allow_redirects=False,
            trace_request_ctx=trip,
            middlewares=(_never_again(trip),),
        ) as answer:
            unpacker = Unpacker(answer.headers.get("Content-Encoding", ""), request.largest)
            async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
                unpacker.feed(chunk)
            return VendorAnswer(status=answer.status, headers=_headers(answer), body=unpacker.finish())

    def _failure(self, error: Exception, trip: _Trip) -> VendorUnreachableError | AnswerLostError:
        """Say what happened without aiohttp's words, which quote URLs."""
        if not trip.connected:
            return VendorUnreachableError(f"{self._vendor} cannot be reached: {_why_not_connected(error)}")
        return AnswerLostError(f"{self._vendor} was asked and gave no usable answer: {_why_lost(error)}")

    def _open(self) -> None:
        """Open the two sessions: aiohttp wants a running loop for that."""
        if self._opened is None:
            self._asking, self._acting = self._session(kept=True), self._session(kept=False)
            self._opened = AsyncExitStack()
            for session in (self._asking, self._acting):
                self._opened.push_async_callback(session.close)

    def _session(self, *, kept: bool) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._tls, limit=self._settings.connections, force_close=not kept),
            proxy=self._settings.proxy,
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=_UNASKED,
            headers={"User-Agent": f"quantum-governance-gateway/{version('quantum-governance-gateway')}"},
            trace_configs=[_tracing()],
            raise_for_status=False,
            requote_redirect_url=False,
        )


def _tls(vendor: str, settings: VendorHttp) -> ssl.SSLContext:
    """Believe the system's authorities, or those of one file and no others."""
    if settings.ca_file is None:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ssl.SSLError):
        raise InsecureError(
            f"the ca_file of vendor {vendor} cannot be read as PEM certificates; name one that can, or leave it out"
        ) from None


def _check(vendor: str, request: VendorRequest) -> None:
    """Refuse what would be sent otherwise than it stands, or in the clear; nothing was sent yet."""
    if not _URL.fullmatch(request.url) or not all(
        _HEADER.fullmatch(f"{name}{value}") for name, value in request.headers.items()
    ):
        raise VendorUnreachableError(f"{vendor} is not asked: the request has characters that HTTP does not allow")
    url = URL(request.url, encoded=True)
    if url.user is not None or url.scheme not in {"http", "https"} or not url.host:
        raise VendorUnreachableError(f"{vendor} is not asked: its address must be https://host, without a user")
    if url.scheme == "http" and not _is_loopback(url.host):
        raise VendorUnreachableError(f"{vendor} is not asked: its address is plain http beyond this machine; use https")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _tracing() -> aiohttp.TraceConfig:
    async def created(_session: Any, context: Any, _: Any) -> None:
        context.trace_request_ctx.connected, context.trace_request_ctx.kept = True, False

    async def reused(_session: Any, context: Any, _: Any) -> None:
        context.trace_request_ctx.connected = context.trace_request_ctx.kept = True

    config = aiohttp.TraceConfig()
    config.on_connection_create_end.append(created)
    config.on_connection_reuseconn.append(reused)
    return config


def _never_again(trip: _Trip) -> aiohttp.ClientMiddlewareType:
    """Keep aiohttp from sending again what broke, except a question that met a kept connection as it was closed."""

    async def middleware(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        try:
            return await handler(request)
        except aiohttp.ClientConnectorError:
            raise
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            if request.method in _QUESTIONS and trip.kept:
                raise
            raise _BrokenError from error

    return middleware


def _headers(answer: aiohttp.ClientResponse) -> dict[str, str]:
    """Join repeated headers as RFC 9110 says; how the body was compressed is past."""
    names = {name.lower() for name in answer.headers} - {"content-encoding"}
    return {name: ", ".join(answer.headers.getall(name)) for name in sorted(names)}


def _why_not_connected(error: Exception) -> str:
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "its name does not resolve"
        case aiohttp.ClientProxyConnectionError() | aiohttp.ClientHttpProxyError():
            return "the egress proxy does not connect"
        case aiohttp.ClientConnectorCertificateError():
            return "its certificate is not trusted"
        case aiohttp.ClientConnectorSSLError():
            return "TLS could not be agreed on"
        case TimeoutError():
            return "no connection in time"
        case _:
            return "no connection"


def _why_lost(error: Exception) -> str:
    match error:
        case UnpackingError():
            return str(error)
        case TimeoutError():
            return "it took too long"
        case _:
            return "the connection broke"
