"""The front door from inside: the same application as vendors' SDKs reach, without a socket, for the self-test.

What it serves is counted apart: synthetic requests belong into nobody's rates, and into no refusals that people watch.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message

from gateway.http.app import front_door
from gateway.ports.dialect import WireAnswer
from gateway.telemetry.metrics import Metrics
from gateway.wiring import House


class InsideDoor:
    """Sends one request at a time."""

    host: str
    """What it is called."""

    def __init__(self, house: House) -> None:
        serving, server = house.serving, house.settings.server
        refusals = replace(serving.refusals, written=Counter(), counted=Counter())
        apart = replace(house, metrics=Metrics(), rooms=replace(serving, refusals=refusals))
        self._application: ASGIApp = front_door(apart)
        self.host = min(server.host_names)
        self._peer = str(server.trusted_proxies[0].network_address) if server.trusted_proxies else server.host

    async def __call__(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> WireAnswer:
        """Send a request and wait for its answer."""
        exchange = _Exchange(body)
        scope = self._scope(method, path, {"host": self.host, **headers, **_length(body)})
        # In a context of its own, as a connection has: what is bound to a request ends with it.
        await asyncio.get_running_loop().create_task(self._serve(scope, exchange), context=copy_context())
        return exchange.answer

    async def _serve(self, scope: HTTPScope, exchange: "_Exchange") -> None:
        await self._application(scope, exchange.receive, exchange.send)

    def _scope(self, method: str, path: str, headers: Mapping[str, str]) -> HTTPScope:
        scope: Any = {
            "type": ScopeType.HTTP,
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode("ascii"),
            "root_path": "",
            "query_string": b"",
            "headers": [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()],
            "client": (self._peer, 0),
            "server": (self.host, 0),
            "extensions": {},
        }
        found: HTTPScope = scope
        return found


@dataclass(slots=True)
class _Exchange:
    """One request on its way in, and its answer on its way out."""

    body: bytes
    received: bool = False
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    told: bytes = b""

    async def receive(self) -> Any:
        if self.received:
            # Nobody hangs up.
            await asyncio.Event().wait()
        self.received = True
        return {"type": "http.request", "body": self.body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in message["headers"]}
        elif message["type"] == "http.response.body":
            self.told += message.get("body", b"")

    @property
    def answer(self) -> WireAnswer:
        return WireAnswer(status=self.status, body=self.told, headers=self.headers)


def _length(body: bytes) -> Mapping[str, str]:
    return {"content-length": str(len(body))} if body else {}
