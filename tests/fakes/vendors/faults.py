"""How a fake vendor is told to fail: rules for single requests, and outages of the whole vendor.

A vendor puts `Faults.middleware` around its handlers and `Faults.routes()` beside them. Most kinds of failure need
nothing else; those of `Told` alter what the vendor says and are asked for by its handlers, for example with
`struck(request, "wrong_result")`. Nothing under `/_control/` ever fails. Times are seconds.
"""

import asyncio
import contextlib
import random
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Final, Literal, TypeVar, get_args

import pydantic
from aiohttp import web
from aiohttp.typedefs import Middleware
from pydantic import BaseModel, ConfigDict, Field

CONTROL: Final = "/_control/"
"""Where the fake is told what to do; no vendor has such a path."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Kind = Literal[
    "status",
    "echo",
    "delay",
    "cut_before_read",
    "cut_after_read",
    "accept_then_cut",
    "accept_then_status",
    "accept_then_delay",
    "throttle",
    "half_answer",
    "garbage",
    "wrong_result",
    "stale_calibration",
    "late_result",
]
Told = Literal["wrong_result", "stale_calibration", "late_result"]
"""Kinds that a vendor's handlers must act out themselves; some vendors have no use for some."""
_FAULT: Final = web.RequestKey("fault", str)
_SECONDS: Final = web.RequestKey("fault_seconds", float)
Asked = TypeVar("Asked", bound="Order")


class Order(BaseModel):
    """What a control route is sent; a misspelt field is refused, or a test would test nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Rule(Order):
    """One way to fail, for the requests that match."""

    match: Annotated[str, Field(pattern=r"^[A-Z*]+ .")]
    """`METHOD regex`; the regex is searched in the decoded path, `*` is any method."""
    kind: Kind
    status: Annotated[int, Field(ge=400, le=599)] = 503
    seconds: Annotated[float, Field(ge=0)] = 2.0
    times: Annotated[int, Field(ge=1)] | None = None
    """How often at most; without it, until the rules are replaced."""
    probability: Annotated[float, Field(ge=0, le=1)] | None = None
    body: Any = None
    """Instead of the vendor's own error body; text is sent as it is."""
    headers: dict[str, str] = {}

    def matches(self, request: web.Request) -> bool:
        """Tell whether the rule is about this request."""
        method, _, path = self.match.partition(" ")
        return method in {"*", request.method} and re.search(path, request.path) is not None


class Rules(Order):
    """POST /_control/faults: the first rule that matches, and whose dice fall, strikes."""

    rules: list[Rule]
    seed: int = 0


class Outage(Order):
    """POST /_control/outage: the whole vendor is away."""

    seconds: Annotated[float, Field(gt=0)]
    kind: Literal["503", "refuse", "hang"] = "503"


class Faults:
    """What is to go wrong at one vendor, and what went wrong already."""

    def __init__(self, refuse: Callable[[int], web.Response]) -> None:
        """Be told how the vendor words an answer of a given status, throttling headers of a 429 included."""
        self._refuse = refuse
        self._rules = Rules(rules=[])
        self._left: list[int | None] = []
        self._dice = random.Random(0)
        self._outage: Outage | None = None
        self._over_at = 0.0
        self.struck: Counter[str] = Counter()
        """Failures so far, by kind; outages count as `outage-<kind>`."""
        self.on_outage: Callable[[Outage | None], None] = lambda _: None
        """Told of every beginning and early end, so that a listener can stop listening."""

    def replace(self, rules: Rules) -> None:
        """Forget the rules so far and throw the dice from the new seed."""
        self._rules = rules
        self._left = [rule.times for rule in rules.rules]
        self._dice = random.Random(rules.seed)

    def begin(self, outage: Outage | None) -> None:
        """Start an outage, or end the present one."""
        self._outage = outage
        self._over_at = time.monotonic() + (outage.seconds if outage else 0.0)
        self.on_outage(outage)

    def routes(self) -> Sequence[web.RouteDef]:
        """Give the control routes of faults and outages."""
        return [
            web.post("/_control/faults", self._post_rules),
            web.delete("/_control/faults", self._delete_rules),
            web.post("/_control/outage", self._post_outage),
            web.delete("/_control/outage", self._delete_outage),
        ]

    @property
    def middleware(self) -> Middleware:
        """Give what stands around every handler of the vendor."""

        @web.middleware
        async def around(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.path.startswith(CONTROL):
                return await handler(request)
            if (outage := self._present()) is not None:
                return await self._away(request, outage)
            rule = self._draw(request)
            return await (self._strike(rule, request, handler) if rule else handler(request))

        return around

    def _present(self) -> Outage | None:
        return self._outage if time.monotonic() < self._over_at else None

    async def _away(self, request: web.Request, outage: Outage) -> web.StreamResponse:
        self.struck[f"outage-{outage.kind}"] += 1
        if outage.kind == "503":
            return self._refuse(503)
        if outage.kind == "hang":
            await asyncio.sleep(self._over_at - time.monotonic())
        return _cut(request)

    def _draw(self, request: web.Request) -> Rule | None:
        for place, rule in enumerate(self._rules.rules):
            left = self._left[place]
            if left == 0 or not rule.matches(request):
                continue
            if rule.probability is not None and self._dice.random() >= rule.probability:
                continue
            self._left[place] = None if left is None else left - 1
            return rule
        return None

    async def _strike(self, rule: Rule, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.struck[rule.kind] += 1
        if rule.kind in get_args(Told):
            request[_FAULT], request[_SECONDS] = rule.kind, rule.seconds
            return await handler(request)
        if rule.kind in {"delay", "cut_before_read", "cut_after_read", "status", "echo", "throttle"}:
            return await self._before(rule, request, handler)
        return await self._after(rule, request, await handler(request))

    async def _before(self, rule: Rule, request: web.Request, handler: Handler) -> web.StreamResponse:
        if rule.kind == "cut_before_read":
            return _cut(request)
        if rule.kind == "delay":
            await asyncio.sleep(rule.seconds)
            return await handler(request)
        body = await request.read()
        if rule.kind == "cut_after_read":
            return _cut(request)
        if rule.kind == "echo":
            return _echo(request, body, rule.status)
        return self._worded(rule, 429 if rule.kind == "throttle" else rule.status)

    async def _after(self, rule: Rule, request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
        """Fail when the work is done: the vendor has the job, the client cannot know."""
        if rule.kind == "accept_then_cut":
            return _cut(request)
        if rule.kind == "accept_then_status":
            return self._worded(rule, rule.status)
        if rule.kind == "garbage":
            return web.Response(text="<html>{not json" if rule.body is None else str(rule.body))
        if rule.kind == "half_answer":
            return await _half(request, answer)
        await asyncio.sleep(rule.seconds)
        return answer

    def _worded(self, rule: Rule, status: int) -> web.Response:
        if rule.body is None:
            answer = self._refuse(status)
        elif isinstance(rule.body, str):
            answer = web.Response(text=rule.body, status=status)
        else:
            answer = web.json_response(rule.body, status=status)
        answer.headers.update(rule.headers)
        return answer

    async def _post_rules(self, request: web.Request) -> web.Response:
        self.replace(await ordered(request, Rules))
        return web.json_response(self._rules.model_dump())

    async def _delete_rules(self, _: web.Request) -> web.Response:
        self.replace(Rules(rules=[]))
        return web.Response(status=204)

    async def _post_outage(self, request: web.Request) -> web.Response:
        outage = await ordered(request, Outage)
        self.begin(outage)
        return web.json_response(outage.model_dump())

    async def _delete_outage(self, _: web.Request) -> web.Response:
        self.begin(None)
        return web.Response(status=204)


def struck(request: web.Request, kind: Told) -> bool:
    """Tell a handler whether it is to lie this time."""
    return request.get(_FAULT) == kind


def fault_seconds(request: web.Request) -> float:
    """Tell a handler that was struck how many seconds the rule names."""
    return request[_SECONDS] if _SECONDS in request else 0.0  # noqa: SIM401  # `get` loses the type


async def ordered(request: web.Request, model: type[Asked]) -> Asked:
    """Read the body of a control route; a wrong one is told what is wrong with it, as plain text."""
    try:
        return model.model_validate_json(await request.read())
    except pydantic.ValidationError as error:
        raise web.HTTPBadRequest(text=str(error)) from error


def _echo(request: web.Request, body: bytes, status: int) -> web.Response:
    """Word an error as careless services do: with everything that was sent, credential included."""
    said = f"cannot take {' '.join(request.headers.values())} {body.decode('utf-8', 'replace')}"
    named = dict.fromkeys(("message", "Message", "error", "errorMessage"), said)
    return web.json_response({**named, "errors": [{"message": said, "code": 1}]}, status=status)


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)  # written to a connection that is gone: nobody reads it


async def _half(request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
    whole = answer.body if isinstance(answer, web.Response) else b""
    if not isinstance(whole, bytes) or len(whole) == 0:
        return _cut(request)
    stream = web.StreamResponse(status=answer.status, headers=answer.headers)
    stream.content_length = len(whole)
    with contextlib.suppress(ConnectionResetError):  # whoever asked may be gone already
        await stream.prepare(request)
        await stream.write(whole[: len(whole) // 2])
    _cut(request)
    return stream
