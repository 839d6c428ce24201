"""The front door of every dialect: one raw ASGI handler, because the received bytes matter.

It reads a request within bounds, lets the dialect say what it asks for, lets the gate carry it out, and
writes what the dialect answers. No rule lives here. Whoever asks is identified before the body is read; only
the exchange of a key comes without a credential, and its body is small.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from itertools import count
from secrets import token_hex
from typing import Final, get_args

import structlog
from litestar.types import HTTPScope, Receive, Send

from gateway.domain import labels
from gateway.domain.errors import GatewayError, UnavailableError
from gateway.domain.principal import Caller
from gateway.enforcement.errors import DeniedError, PolicyUnavailableError
from gateway.enforcement.gate import Gate
from gateway.enforcement.refusals import Refusals
from gateway.enforcement.repeats import Delivery
from gateway.http import guards
from gateway.http.problems import retry_after, status_of
from gateway.ports.answers import Accepted, Answer
from gateway.ports.dialect import Credential, Dialect, Signature, WireAnswer, WireRequest
from gateway.ports.operations import Operation, ShowJob, Submit
from gateway.settings.listeners import Server
from gateway.telemetry import events
from gateway.telemetry.logging import REQUEST
from gateway.telemetry.metrics import Metrics

_LARGE_BODY_BYTES: Final = 256 * 1024
"""Above this a body is decoded in a thread, so that others are not kept waiting."""
_OPERATIONS: Final = frozenset(get_args(Operation))
ALWAYS: Final = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
"""Headers of every answer."""
log = structlog.get_logger(__name__)


class InternalError(UnavailableError):
    """A defect of the gateway. Its cause is in the log under the request id, never in the answer."""

    code = "internal-error"

    def __init__(self) -> None:
        super().__init__("the gateway failed on this request; give its operator the request id of this answer")


def request_ids() -> Iterator[str]:
    """Number requests, after a random beginning that tells this process from any other."""
    beginning = token_hex(6)
    return (f"{beginning}{number:012x}" for number in count())


@dataclass(slots=True)
class Visit:
    """What becomes known of one request while it is handled."""

    id: str
    delivery: Delivery
    operation: str = "unknown"
    caller: Caller | None = None
    watch: asyncio.Task[None] | None = None
    """Sees the client of a submission hang up."""
    head: WireRequest | None = None
    """The request as far as it was read, because a dialect may refuse each of its services in another shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """Serves one dialect under its mounts."""

    dialect: Dialect
    gate: Gate
    refusals: Refusals
    metrics: Metrics
    server: Server
    host_names: frozenset[str]
    """What a `Host` header may name."""
    request_ids: Iterator[str]

    async def serve(self, mount: str, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Handle one request from first byte to last."""
        started = time.perf_counter()
        visit = Visit(id=next(self.request_ids), delivery=self.gate.delivery())
        REQUEST.set({"request_id": visit.id, "dialect": self.dialect.name})
        try:
            answer = await self._answer(visit, mount, scope, receive)
            await send_answer(send, answer, visit.id, head_only=scope["method"] == "HEAD")
        except BaseException:
            visit.delivery.lost(self.gate.clock.now())
            raise
        self._delivered(visit, answer)
        seconds = time.perf_counter() - started
        self.metrics.request(
            dialect=self.dialect.name, operation=visit.operation, status=answer.status, seconds=seconds
        )

    def _delivered(self, visit: Visit, answer: WireAnswer) -> None:
        """Note whether a submission's answer left whole: an SDK takes a 5xx for none, and sends again."""
        if visit.watch is not None:
            visit.watch.cancel()
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            visit.delivery.lost(self.gate.clock.now())
        else:
            visit.delivery.arrived()

    async def _hung_up(self, visit: Visit, receive: Receive) -> None:
        """Wait until the client goes away before its answer left."""
        while (await receive())["type"] != "http.disconnect":
            pass
        visit.delivery.lost(self.gate.clock.now())

    async def _answer(self, visit: Visit, mount: str, scope: HTTPScope, receive: Receive) -> WireAnswer:
        request = WireRequest(method=scope["method"], path="/", query=(), headers={}, body=b"")
        try:
            request = await self._received(visit, mount, scope, receive)
            return await self._handle(visit, request, receive)
        except GatewayError as error:
            return await self._refuse(visit, visit.head or request, error)
        except Exception:
            log.exception(events.REQUEST_FAILED)
            return await self._refuse(visit, visit.head or request, InternalError())

    async def _received(self, visit: Visit, mount: str, scope: HTTPScope, receive: Receive) -> WireRequest:
        guards.check_peer(scope, self.server.trusted_proxies)
        headers = guards.headers_of(scope)
        guards.check_host(headers, self.host_names)
        head = WireRequest(
            method=scope["method"],
            path=guards.check_target(scope).removeprefix(mount) or "/",
            query=guards.query_of(scope),
            headers=headers,
            body=b"",
            target=guards.target_of(scope),
        )
        visit.head = head
        known = not self.dialect.open_to_all(head) and await self._recognise(visit, head)
        if not guards.announces_body(headers):
            return await self._proven(visit, head)
        limit = self.server.max_body_bytes if known else guards.UNKNOWN_BODY_BYTES
        body = await guards.read_body(receive, headers, limit=limit, seconds=self.server.body_timeout_seconds)
        return await self._proven(visit, replace(head, body=body))

    async def _recognise(self, visit: Visit, head: WireRequest) -> bool:
        """Know the caller before the body is read; who signs is only named then, and proven with the body."""
        credential = self.dialect.credential(head)
        if isinstance(credential, Signature):
            return await self.gate.expect(credential)
        await self._identify(visit, credential)
        return True

    async def _proven(self, visit: Visit, request: WireRequest) -> WireRequest:
        if self.dialect.signs and visit.caller is None and not self.dialect.open_to_all(request):
            await self._identify(visit, self.dialect.credential(request))
        return request

    async def _identify(self, visit: Visit, credential: Credential | None) -> None:
        visit.caller = replace(await self.gate.identify(credential), dialect=self.dialect.name)
        who = {"principal_id": visit.caller.principal.id, "project_id": visit.caller.project.id}
        REQUEST.set({**REQUEST.get(), **who})

    async def _handle(self, visit: Visit, request: WireRequest, receive: Receive) -> WireAnswer:
        operation = await self._decode(request)
        visit.operation = _name(operation)
        if isinstance(operation, Submit):
            visit.watch = asyncio.create_task(self._hung_up(visit, receive))
        answer = await self._perform(visit, operation)
        wire = self.dialect.answer(operation, answer)
        job = getattr(answer, "job", None)
        if job is None:
            return wire
        headers = {**wire.headers, labels.RECEIPT: labels.receipt(job.client_job_id)}
        if isinstance(answer, Accepted):
            headers |= {**self.dialect.answer_headers(job), "qgw-decision-id": job.decision_id}
        return WireAnswer(status=wire.status, body=wire.body, headers=headers, content_type=wire.content_type)

    async def _decode(self, request: WireRequest) -> Operation:
        if len(request.body) > _LARGE_BODY_BYTES:
            return await asyncio.to_thread(self.dialect.operation, request)
        return self.dialect.operation(request)

    async def _perform(self, visit: Visit, operation: Operation) -> Answer:
        if visit.caller is None:
            return await self.gate.open_to_all(operation, self.dialect.name)
        if isinstance(operation, ShowJob):
            # By far the most requests: a poll changes nothing, so nothing is lost with a client that hangs up.
            return await self.gate.perform(visit.caller, operation, self.dialect, visit.delivery)
        # A client that hangs up must not stop a submission between its permit and its forwarding.
        return await asyncio.shield(self.gate.perform(visit.caller, operation, self.dialect, visit.delivery))

    async def _refuse(self, visit: Visit, request: WireRequest, error: GatewayError) -> WireAnswer:
        status = status_of(error)
        (self.metrics.refused if visit.caller else self.metrics.unauthenticated)(error.code)
        if not isinstance(error, DeniedError | UnavailableError):
            # A denial has an entry of its own; what is unavailable was not refused.
            await self.refusals.note(visit.caller, error, dialect=self.dialect.name, operation=visit.operation)
        wire = self.dialect.refuse(request, error, status=status, request_id=visit.id)
        decided = {}
        if isinstance(error, DeniedError | PolicyUnavailableError):
            decided = {"qgw-decision-id": error.decision.id, labels.RECEIPT: labels.receipt(error.decision.id)}
        headers = {**wire.headers, **retry_after(error), **decided}
        return WireAnswer(status=wire.status, body=wire.body, headers=headers, content_type=wire.content_type)


def _name(operation: Operation) -> str:
    """Name an operation as the port does, also where a dialect has a kind of its own."""
    return next(each.__name__ for each in type(operation).__mro__ if each in _OPERATIONS)


async def send_answer(send: Send, answer: WireAnswer, request_id: str, *, head_only: bool = False) -> None:
    """Write an answer with the headers that every answer has."""
    headers = [
        *ALWAYS,
        (b"content-type", answer.content_type.encode("ascii")),
        (b"qgw-request-id", request_id.encode("ascii")),
        *((name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in answer.headers.items()),
    ]
    if answer.status != 204:  # noqa: PLR2004  # an answer without content announces no length
        headers.append((b"content-length", b"%d" % len(answer.body)))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head_only else answer.body, "more_body": False})
