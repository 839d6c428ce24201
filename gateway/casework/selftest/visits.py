"""Submissions of synthetic principals through the front door: one that must run, and some that must be denied.

The same bytes, the same door, the same rooms, the same ledger as everybody's; only a socket is left out. What ran is
deleted again where its dialect can, so that a self-test each minute leaves entries behind and no payloads.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Protocol
from urllib.parse import quote

from gateway.casework.selftest.actors import Cast
from gateway.casework.selftest.findings import PATH, Finding
from gateway.domain.clock import Clock
from gateway.ports.dialect import WireAnswer
from gateway.ports.trial import Asked, Holder, Trial

SHOTS: Final = 10
JOB_SECONDS: Final = 20.0
"""How long the job may take: it waits for its turn at the simulator like any other."""
_LOOK_SECONDS: Final = 0.2
_HALTED: Final = b'"halted"'
_WORDS: Final = 200


class Door(Protocol):
    """The front door."""

    host: str
    """What it is called, as a signature covers it."""

    async def __call__(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> WireAnswer:
        """Send one request and wait for its answer."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """A submission that must be denied, and what must be in the answer."""

    what: str
    key: Holder | None
    body: bytes
    status: HTTPStatus = HTTPStatus.FORBIDDEN
    rule: str = ""
    fixed: bool = True
    """Whether no table can lower the rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """One round of them."""

    door: Door
    trial: Trial
    cast: Cast
    elsewhere: str | None
    """A backend that the project may not use."""
    clock: Clock
    lowered: Callable[[str], bool]
    """Whether a rule is not hard now, by its level, its rollout or a broken glass."""
    withdrawn: Callable[[str], Awaitable[bool]]
    """Ends a job, by its client's name for it, that waits for a second person; says whether it did."""
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def examine(self) -> tuple[Finding, ...]:
        """Go through the door with each of them."""
        found = [await self._run(), *[await self._denied(each) for each in self._to_deny()]]
        return tuple(each for each in found if each is not None)

    def _to_deny(self) -> Iterator[Denied]:
        cast, body = self.cast, self.trial.body
        tiny = body(cast.backend, SHOTS)
        yield Denied(what="nobody", key=None, body=tiny, status=self.trial.nobody)
        far = body(cast.backend, self.trial.far)
        yield Denied(what="greedy", key=cast.allowed, body=far, rule="circuits/shots", fixed=False)
        yield Denied(
            what="unreadable", key=cast.allowed, body=self.trial.unreadable(cast.backend), rule="wire/readable"
        )
        if cast.denied is not None:
            yield Denied(what="reader", key=cast.denied, body=tiny, rule="access/role-may-submit")
        if self.elsewhere is not None:
            there = body(self.elsewhere, SHOTS)
            yield Denied(what="elsewhere", key=cast.allowed, body=there, rule="access/backend-allow-list", fixed=False)

    async def _denied(self, wanted: Denied) -> Finding | None:
        # What no rule is sure to deny is not sent: it would run, on hardware even.
        if self._is_lowered(wanted):
            return None
        answer = await self._ask("POST", self.trial.jobs, wanted.key, wanted.body)
        as_it_should = answer.status == wanted.status and wanted.rule.encode() in answer.body
        # Tables, or a glass, may have come between question and answer.
        if as_it_should or self._is_lowered(wanted):
            return None
        told = f"should be refused with {wanted.status:d}{wanted.rule and f' by {wanted.rule}'}, was {_told(answer)}"
        return self._found(wanted.what, answer, told)

    def _is_lowered(self, wanted: Denied) -> bool:
        return not wanted.fixed and self.lowered(wanted.rule)

    async def _run(self) -> Finding | None:
        """Submit, follow, fetch and delete a job as a client does."""
        answer = await self._ask("POST", self.trial.jobs, self.cast.allowed, self.trial.body(self.cast.backend, SHOTS))
        if answer.status != self.trial.taken:
            return self._found("allowed", answer, f"should be taken, was {_told(answer)}")
        name = str(_document(answer).get(self.trial.member))
        job = f"{self.trial.jobs}/{quote(name, safe='')}"
        if await self.withdrawn(name):
            # Policy lets it go once somebody says yes; nobody is asked to say so each minute.
            await self._forget(job)
            return None
        ended = await self._ended(job)
        if _status(ended) != self.trial.completed:
            # A simulator that is busy with others' work is slow, and not broken.
            problem = f"the job should complete, and is {_status(ended)!r}"
            return Finding(part=PATH, what="allowed", problem=problem, sure=False)
        results = await self._ask("GET", self.trial.results(job, ended), self.cast.allowed)
        await self._forget(job)
        if results.status != HTTPStatus.OK:
            return self._found("results", results, f"should be given out, was {_told(results)}")
        return None

    async def _forget(self, job: str) -> None:
        if self.trial.deletes:
            await self._ask("DELETE", job, self.cast.allowed)

    async def _ended(self, job: str) -> Mapping[str, Any]:
        told: Mapping[str, Any] = {}
        for _ in range(round(JOB_SECONDS / _LOOK_SECONDS)):
            told = _document(await self._ask("GET", job, self.cast.allowed))
            if _status(told) in self.trial.ended:
                break
            await self.pause(_LOOK_SECONDS)
        return told

    async def _ask(self, method: str, path: str, key: Holder | None, body: bytes = b"") -> WireAnswer:
        asked = Asked(method=method, host=self.door.host, path=path, body=body, at=self.clock.now())
        proof = {} if key is None else self.trial.proof(key, asked)
        return await self.door(method, path, {**proof, **({"content-type": "application/json"} if body else {})}, body)

    def _found(self, what: str, answer: WireAnswer, told: str) -> Finding | None:
        if _HALTED in answer.body:
            # Somebody stopped all work on purpose.
            return None
        unavailable = answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        denied = b"policy-denied" in answer.body
        return Finding(part=PATH, what=what, problem=told, sure=not unavailable, by_policy=denied)


def _document(answer: WireAnswer) -> Mapping[str, Any]:
    try:
        found = json.loads(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _status(job: Mapping[str, Any]) -> str:
    return str(job.get("status", "")).lower()


def _told(answer: WireAnswer) -> str:
    return f"{answer.status}: {answer.body[:_WORDS].decode('utf-8', 'replace')}"
