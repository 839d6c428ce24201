"""Whoever opens the console: recognised by a cookie before anything is shown, and held to what every answer says.

Order: peer, host, path, origin of a form, session, the form's token; then the page. Every answer, errors too, forbids
scripts and styles of anybody else's, frames, and to be kept by a cache.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from litestar import Litestar, Request
from litestar.types import HTTPScope, Message, Receive, Send

from gateway.casework.sign_ins import NotSignedInError
from gateway.domain.errors import GatewayError, UnavailableError
from gateway.domain.secret import Secret
from gateway.enforcement.refusals import Refusals
from gateway.http import guards
from gateway.http.console.app import STATIC, console, pages, refusal
from gateway.http.console.assets import Assets
from gateway.http.console.attempts import Attempts, client_of
from gateway.http.console.cookies import Cookies
from gateway.http.console.forms import LARGEST_BYTES, Form, check_csrf, check_origin, csrf_of
from gateway.http.console.page import Page, Pages
from gateway.http.console.sign_in import SIGN_IN, Desk
from gateway.http.console.viewer import Viewer
from gateway.identity.challenge import Challenges
from gateway.settings.listeners import Server
from gateway.telemetry.logging import REQUEST
from gateway.telemetry.metrics import Metrics
from gateway.wiring import House
from gateway.wiring.console import MOUNT

DIALECT: Final = "console"
"""How the console is called where dialects are: in metrics, logs and refusals."""
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS: Final = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not `no-referrer`: with that, browsers hide from us where a form comes from.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_TLS_ONLY: Final = {"strict-transport-security": "max-age=31536000"}
_NO_STORE: Final = (b"cache-control", b"no-store")
_IN: Final = f"{MOUNT}{SIGN_IN}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleDoor:
    """Lets people through to the console."""

    app: Litestar
    desk: Desk
    pages: Pages
    refusals: Refusals
    metrics: Metrics
    server: Server
    request_ids: Iterator[str]

    @classmethod
    def of(cls, house: House, request_ids: Iterator[str]) -> "ConsoleDoor":
        """Make the door and what lies behind it."""
        serving, chosen = house.serving, house.settings.console
        assert serving.sign_ins is not None, "a serving process signs people in"
        assets = Assets(STATIC)
        desk = Desk(
            settings=chosen,
            gate=serving.gate,
            sign_ins=serving.sign_ins,
            provider=serving.provider,
            challenges=Challenges(house.vault, house.clock),
            attempts=Attempts(chosen.attempts_per_minute),
            cookies=Cookies(tls=house.settings.server.url.startswith("https:")),
        )
        return cls(
            app=console(house, desk, assets),
            desk=desk,
            pages=pages(house, assets),
            refusals=serving.refusals,
            metrics=house.metrics,
            server=house.settings.server,
            request_ids=request_ids,
        )

    async def serve(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Handle one request from first byte to last."""
        started, request_id = time.perf_counter(), next(self.request_ids)
        REQUEST.set({"request_id": request_id, "dialect": DIALECT})
        page = Page(pages=self.pages, path=scope["path"], request_id=request_id)
        state: dict[str, Any] = {"page": page}
        # Litestar writes into what it is given; what it says of the request is read from there.
        inner: Any = {**scope, "state": state}
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = self._headers(message.get("headers", ()), request_id)
            await send(message)

        try:
            receive = await self._admit(scope, receive, state)
        except GatewayError as error:
            await self._turn_away(inner, receive, sending, error)
        else:
            await self.app(inner, receive, sending)
        operation = str(getattr(getattr(inner.get("route_handler"), "fn", None), "__qualname__", "unknown"))
        await self._note(state, operation)
        seconds = time.perf_counter() - started
        self.metrics.request(dialect=DIALECT, operation=operation, status=status, seconds=seconds)

    async def _admit(self, scope: HTTPScope, receive: Receive, state: dict[str, Any]) -> Receive:
        """Put page, viewer and form into the state, or refuse; gives what is left to receive."""
        guards.check_peer(scope, self.server.trusted_proxies)
        headers = guards.headers_of(scope)
        guards.check_host(headers, self.server.host_names)
        path = guards.check_target(scope)
        state["address"] = client_of(scope, headers, self.server.trusted_proxies)
        state["cookies"] = cookies = _cookies(headers.get("cookie", ""))
        changing = _changes(scope["method"])
        if changing:
            check_origin(headers, scheme="https" if self.desk.cookies.tls else "http")
            body = await guards.read_body(
                receive, headers, limit=LARGEST_BYTES, seconds=self.server.body_timeout_seconds
            )
            state["form"], receive = Form.parse(headers, body), _nothing_more(receive)
        if not _is_open(path):
            token = Secret.of(cookies.get(self.desk.cookies.session, ""))
            state["page"], state["viewer"] = await self._recognised(token, state["page"])
            if changing:
                check_csrf(headers, state["form"], token)
        return receive

    async def _recognised(self, token: Secret, page: Page) -> tuple[Page, Viewer]:
        sign_ins = self.desk.sign_ins
        viewer = Viewer.of(await sign_ins.standing(token), sign_ins.permissions)
        REQUEST.set({**REQUEST.get(), "principal_id": viewer.principal.id})
        return page.for_viewer(viewer, csrf_of(token)), viewer

    async def _turn_away(self, scope: Any, receive: Receive, send: Send, error: GatewayError) -> None:
        """Send somebody who asks for a page to the way in; tell everybody else what is wrong."""
        state = scope["state"]
        page: Page = state["page"]
        if isinstance(error, NotSignedInError) and scope["method"] == "GET":
            asked = guards.target_of(scope)
            over = "&over" if error.was_in else ""
            answer: Any = page.moved(f"{_IN}?next={quote(asked, safe='')}{over}")
        else:
            state["error"] = error
            answer = refusal(page, error)
        request: Request[Any, Any, Any] = Request(scope, receive)
        await answer.to_asgi_response(app=None, request=request)(scope, receive, send)

    async def _note(self, state: dict[str, Any], operation: str) -> None:
        error = state.get("error")
        if error is None:
            return
        viewer = state.get("viewer")
        (self.metrics.refused if viewer else self.metrics.unauthenticated)(error.code)
        if not isinstance(error, UnavailableError):
            caller = viewer.caller if viewer else None
            await self.refusals.note(caller, error, dialect=DIALECT, operation=operation)

    def _headers(self, given: Iterable[tuple[bytes, bytes]], request_id: str) -> list[tuple[bytes, bytes]]:
        """Add what every answer says to what one says itself; only a file that never changes may be kept."""
        own = list(given)
        always = _HEADERS | (_TLS_ONLY if self.desk.cookies.tls else {}) | {"qgw-request-id": request_id}
        kept = () if any(name.lower() == _NO_STORE[0] for name, _ in own) else (_NO_STORE,)
        return [*own, *kept, *((name.encode("ascii"), value.encode("ascii")) for name, value in always.items())]


def _changes(method: str) -> bool:
    """Say whether a request may change something; only forms may.

    Raises:
        MethodRefusedError: neither a page nor a form.
    """
    if method not in {"GET", "POST"}:
        raise guards.MethodRefusedError("the console shows pages and takes forms; use GET or POST")
    return method == "POST"


def _is_open(path: str) -> bool:
    """Say whether a path is for everybody: the way in, and what pages look like."""
    return path == _IN or path.startswith((f"{_IN}/", f"{STATIC}/"))


def _cookies(header: str) -> Mapping[str, str]:
    """Read every cookie; one that a neighbour wrote in its own way does not hide ours."""
    pairs = (each.strip().partition("=") for each in header.split(";"))
    return {name: value for name, _, value in pairs}


def _nothing_more(receive: Receive) -> Receive:
    """Give what is left of a request whose body was read: nothing, and then that the client went away."""
    told = False

    async def receiving() -> Any:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": b"", "more_body": False}

    return receiving
