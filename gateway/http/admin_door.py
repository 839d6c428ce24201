"""Whoever comes to the admin interface: identified before anything is read, and every refusal noted.

The credential is a gateway key as a bearer token (RFC 6750). OpenAPI alone is served without one.
"""

import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from litestar import Litestar
from litestar.types import HTTPScope, Message, Receive, Send

from gateway.domain.errors import GatewayError, UnavailableError
from gateway.domain.principal import Caller
from gateway.enforcement.gate import Gate
from gateway.enforcement.refusals import Refusals
from gateway.http import guards
from gateway.http.admin import SCHEMA
from gateway.http.pages import bearer
from gateway.http.problems import problem, retry_after, status_of
from gateway.http.proxy import ALWAYS, send_answer
from gateway.ports.dialect import WireAnswer
from gateway.settings.listeners import Server
from gateway.telemetry.logging import REQUEST
from gateway.telemetry.metrics import Metrics

DIALECT: Final = "admin"
"""How the admin interface is called where dialects are: in metrics, logs and refusals."""
_QUESTIONS: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminDoor:
    """Lets callers through to the admin application."""

    app: Litestar
    gate: Gate
    refusals: Refusals
    metrics: Metrics
    server: Server
    request_ids: Iterator[str]
    changed: Callable[[], Awaitable[None]]
    """Takes in what was changed: a process does not hear of its own commits."""

    async def serve(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Handle one request from first byte to last."""
        started, request_id = time.perf_counter(), next(self.request_ids)
        REQUEST.set({"request_id": request_id, "dialect": DIALECT})
        state: dict[str, Any] = {"request_id": request_id}
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = (*ALWAYS, (b"qgw-request-id", request_id.encode("ascii")))
                message["headers"] = [*message.get("headers", ()), *own]
            await send(message)

        try:
            state["caller"] = await self._admitted(scope)
        except GatewayError as error:
            state["error"], status = error, status_of(error)
            await send_answer(send, _refusal(error, request_id), request_id)
        else:
            # Litestar writes into what it is given; what it says of the request is read from there.
            inner: Any = {**scope, "state": state}
            await self.app(inner, receive, sending)
            scope = inner
            if scope["method"] not in _QUESTIONS:
                await self.changed()
        operation = getattr(scope.get("route_handler"), "operation_id", None) or "unknown"
        await self._note(state, str(operation))
        seconds = time.perf_counter() - started
        self.metrics.request(dialect=DIALECT, operation=str(operation), status=status, seconds=seconds)

    async def _admitted(self, scope: HTTPScope) -> Caller | None:
        guards.check_peer(scope, self.server.trusted_proxies)
        headers = guards.headers_of(scope)
        guards.check_host(headers, self.server.host_names)
        path = guards.check_target(scope)
        if path == SCHEMA or path.startswith(f"{SCHEMA}/"):
            return None
        caller = await self.gate.identify(bearer(headers))
        REQUEST.set({**REQUEST.get(), "principal_id": caller.principal.id, "project_id": caller.project.id})
        return caller

    async def _note(self, state: dict[str, Any], operation: str) -> None:
        error = state.get("error")
        if error is None:
            return
        caller = state.get("caller")
        (self.metrics.refused if caller else self.metrics.unauthenticated)(error.code)
        if not isinstance(error, UnavailableError):
            await self.refusals.note(caller, error, dialect=DIALECT, operation=operation)


def _refusal(error: GatewayError, request_id: str) -> WireAnswer:
    return WireAnswer(
        status=status_of(error),
        body=problem(error, request_id=request_id),
        content_type="application/problem+json",
        headers=retry_after(error),
    )
