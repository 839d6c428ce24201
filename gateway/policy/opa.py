"""A real OPA server as decision point, through opa-python-client; the only module that knows it.

OPA holds the policies (`opa run --server --bundle DIR`, DIR written by `Bundle.write`); we hold the same
bundle, and a decision counts only when OPA says it came from that very revision. Times in seconds unless the
name says otherwise.
"""

import asyncio
import contextlib
import ipaddress
import time
from typing import Any
from urllib.parse import SplitResult, urlsplit

import aiohttp
import msgspec
from opa_client.opa_async import AsyncOpaClient

from gateway.domain.decision import Decision
from gateway.domain.errors import InsecureError
from gateway.domain.secret import Secret
from gateway.policy.answer import PolicyEngineError, Question, check_selftest
from gateway.policy.bundle import Bundle

OLDEST = (1, 21, 3)
"""Older servers can be made to accept unsigned bundles (GHSA-g2pf-6v5v-qcc8)."""
_PACKAGE, _RULE = "gateway.main", "decision"
# Errors of builtins are errors, not undefined: regorus sees them so, and undefined could hide a denial.
_ASKED = {"provenance": True, "strict-builtin-errors": True}
_WATCH_SECONDS = 5.0


class OpaDecisionPoint:
    """Asks one OPA server."""

    def __init__(self, url: str, bundle: Bundle, *, token: Secret | None = None, deadline_seconds: float = 1.0) -> None:
        self.engine = "opa"
        self.bundle = bundle
        where = _checked(url)
        self._client: Any = AsyncOpaClient(
            host=f"[{where.hostname}]" if ":" in (where.hostname or "") else where.hostname,
            port=where.port or (443 if where.scheme == "https" else 8181),
            ssl=where.scheme == "https",
            token=None if token is None else token.reveal().decode(),
            # A retried POST would only make a denial later: 0.9 s later by default.
            retries=0,
            timeout=deadline_seconds,
        )
        self._problem: str | None = "OPA was not asked yet"
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect, and check version, revision and what is known.

        Raises:
            PolicyEngineError: OPA is not there, too old, holds other policies, or fails a self-test.
        """
        await self._client.__aenter__()
        try:
            for known in self.bundle.selftests:
                check_selftest(known, await self._known(known.facts))
        except BaseException:
            await self._client.__aexit__(None, None, None)
            raise
        self._watching = asyncio.create_task(self._watch())

    async def _known(self, facts: bytes) -> Decision:
        decision = await self.decide(facts, decision_id="self-test")
        if self._problem is not None:
            raise PolicyEngineError(f"OPA cannot be used: {self._problem}")
        return decision

    async def close(self) -> None:
        """Hang up."""
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching
        await self._client.__aexit__(None, None, None)

    async def decide(self, facts: bytes, *, decision_id: str) -> Decision:
        """Decide on canonical facts."""
        began = time.perf_counter()
        try:
            document = self._believed(await self._query(facts))
        except _DoubtError as doubt:
            self._problem = doubt.message
            return self._question(facts, decision_id).refused(doubt.rule, doubt.message, _milliseconds(began))
        self._problem = None
        return self._question(facts, decision_id).answered(document, _milliseconds(began))

    def ready(self) -> str | None:
        """Say why it cannot decide now."""
        return self._problem

    def _question(self, facts: bytes, decision_id: str) -> Question:
        return Question(id=decision_id, facts=facts, engine=self.engine, bundle=self.bundle)

    async def _query(self, facts: bytes) -> Any:
        try:
            return await self._client.query_rule(msgspec.json.decode(facts), _PACKAGE, _RULE, _ASKED)
        except TimeoutError:
            raise _DoubtError("engine/timeout", "OPA gave no decision in time") from None
        except aiohttp.ClientResponseError as error:
            raise _DoubtError("engine/error", f"OPA answered HTTP {error.status}; its log says why") from None
        except (aiohttp.ClientError, OSError) as error:
            raise _DoubtError("engine/unavailable", f"OPA cannot be reached ({type(error).__name__})") from None
        except ValueError:
            raise _DoubtError("engine/malformed", "OPA did not answer with JSON") from None

    def _believed(self, reply: Any) -> Any:
        """Give the decision object, if it comes from the OPA and the policies that we mean."""
        try:
            provenance = msgspec.convert(reply, _Reply).provenance
        except msgspec.ValidationError:
            raise _DoubtError("engine/revision", "OPA does not say which policies it holds") from None
        self.engine = f"opa {provenance.version}"
        if _version(provenance.version) < OLDEST:
            raise _DoubtError("engine/version", f"OPA {provenance.version} is too old; 1.21.3 or later is needed")
        if self.bundle.revision not in {bundle.revision for bundle in provenance.bundles.values()}:
            raise _DoubtError("engine/revision", "OPA holds other policies; give it what `gateway policy build` writes")
        if "result" not in reply:
            raise _DoubtError("engine/undefined", "the policies give no decision at all")
        return reply["result"]

    async def _watch(self) -> None:
        """Ask about nothing again and again, so that readiness comes back without a job to try it on."""
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            await self.decide(b"{}", decision_id="watch")


class _DoubtError(Exception):
    """An answer that does not count: the rule id of the denial, and words."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule, self.message = rule, message


class _Bundle(msgspec.Struct):
    revision: str = ""


class _Provenance(msgspec.Struct):
    version: str
    bundles: dict[str, _Bundle]


class _Reply(msgspec.Struct):
    """What must be in every reply; `result` is absent when the decision is undefined."""

    provenance: _Provenance


def _milliseconds(began: float) -> float:
    return (time.perf_counter() - began) * 1000


def _version(text: str) -> tuple[int, ...]:
    """Read `1.21.3`, also of a build that says `1.21.3-dev`; what cannot be read is too old."""
    try:
        return tuple(int(part) for part in text.partition("-")[0].split("."))
    except ValueError:
        return (0,)


def _checked(url: str) -> SplitResult:
    """Refuse what would send facts and token in clear over a network, or what the client would not honour."""
    where = urlsplit(url)
    if where.scheme not in {"http", "https"} or not where.hostname or where.path.strip("/") or where.query:
        raise InsecureError(
            f"policy.opa_url is {url!r}; give http://127.0.0.1:PORT or https://HOST:PORT, without a path"
        )
    if where.scheme == "http" and not _is_loopback(where.hostname):
        raise InsecureError(
            f"policy.opa_url sends facts to {where.hostname} in clear; use https, or OPA on this machine"
        )
    return where


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
