"""One OPA server, through opa-python-client; the only module that knows it, and where its traps end.

The client repeats a POST that failed, throws the body of an error away, raises whatever aiohttp raises, and puts paths
into addresses as they are. Here nothing is repeated, errors have types and say what OPA said, and paths are constants.
Times in seconds unless the name says otherwise.
"""

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import aiohttp
import msgspec
from opa_client.opa_async import AsyncOpaClient

from gateway.domain.errors import InsecureError
from gateway.domain.secret import Secret

_PACKAGE: Final = "gateway.main"
_RULE: Final = "decision"
# Errors of builtins are errors, not undefined: regorus sees them so, and undefined could hide a denial.
_ASKED: Final = {"provenance": True, "strict-builtin-errors": True}
OLDEST: Final = (1, 21, 3)
"""Older servers can be made to accept unsigned bundles (GHSA-g2pf-6v5v-qcc8)."""
_TOLD_BYTES: Final = 16 * 1024
_TOLD_CHARACTERS: Final = 300
_ERROR_STATUS: Final = 400
_EVALUATION_FAILED: Final = 500


class OpaError(Exception):
    """An answer that does not count: the rule id of the denial, and words for people."""

    rule = "engine/error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class OpaTimeoutError(OpaError):
    """It took too long."""

    rule = "engine/timeout"


class OpaUnreachableError(OpaError):
    """Nobody is there, or nobody we may talk to."""

    rule = "engine/unavailable"


class OpaMalformedError(OpaError):
    """It does not speak like an OPA."""

    rule = "engine/malformed"


class OpaRevisionError(OpaError):
    """It holds other policies, or does not say which."""

    rule = "engine/revision"


class OpaVersionError(OpaError):
    """It is too old to be believed."""

    rule = "engine/version"

    def __init__(self, found: str) -> None:
        super().__init__(
            f"OPA {found} is too old: it can be made to accept unsigned bundles; 1.21.3 or later is needed"
        )


class OpaRefusedError(OpaError):
    """It answered with an HTTP error; what it said of that is kept."""

    def __init__(self, status: int, told: str) -> None:
        super().__init__(f"OPA answered HTTP {status}{f': {told}' if told else ''}; its log says more")
        self.status = status

    @property
    def decided(self) -> bool:
        """Whether every OPA would say the same of these facts: the evaluation itself failed."""
        return self.status == _EVALUATION_FAILED


class _Held(msgspec.Struct, frozen=True):
    revision: str = ""


class Provenance(msgspec.Struct, frozen=True):
    """Which OPA decided, and by which bundles."""

    version: str
    bundles: dict[str, _Held] = {}

    @property
    def revisions(self) -> frozenset[str]:
        """What its bundles call themselves."""
        return frozenset(each.revision for each in self.bundles.values())


class Answer(msgspec.Struct, frozen=True):
    """A reply; `result` is absent when the decision is undefined."""

    provenance: Provenance
    result: Any = msgspec.UNSET

    @property
    def defined(self) -> bool:
        """Whether there is a decision at all."""
        return self.result is not msgspec.UNSET


class _Place(msgspec.Struct, frozen=True):
    file: str = ""
    row: int = 0


class _Said(msgspec.Struct, frozen=True):
    """The body of an error. Its messages are left out: one of a builtin repeats the facts it was given."""

    code: str = ""
    location: _Place = _Place()
    errors: list["_Said"] = []

    def __str__(self) -> str:
        """Say what failed, and in which line."""
        return f"{self.code} at {self.location.file}:{self.location.row}" if self.location.file else self.code


class _BundleStatus(msgspec.Struct, frozen=True):
    message: str = ""


class _Plugins(msgspec.Struct, frozen=True):
    bundles: dict[str, _BundleStatus] = {}


class _Status(msgspec.Struct, frozen=True):
    result: _Plugins


class _Client(AsyncOpaClient):  # type: ignore[misc]  # the library has no types
    """The library's client, whose errors keep what OPA said."""

    @asynccontextmanager
    async def _request(self, method: str, url: str, **parameters: Any) -> AsyncIterator[Any]:
        async with super()._request(method, url, **parameters) as response:
            if response.status >= _ERROR_STATUS:
                raise OpaRefusedError(response.status, _told(await response.content.read(_TOLD_BYTES)))
            yield response


class OpaServer:
    """One server that is asked for decisions."""

    def __init__(self, url: str, *, token: Secret | None = None, deadline_seconds: float = 1.0) -> None:
        where = _checked(url)
        self.name = where.netloc
        """How it is called in logs and metrics."""
        self._client = _Client(
            host=f"[{where.hostname}]" if ":" in (where.hostname or "") else where.hostname,
            port=where.port or (443 if where.scheme == "https" else 8181),
            ssl=where.scheme == "https",
            token=None if token is None else token.reveal().decode(),
            # A retried POST would only make a denial later: 0.9 s later by default.
            retries=0,
            timeout=deadline_seconds,
        )

    async def open(self) -> None:
        """Make ready to connect."""
        await self._client.__aenter__()

    async def close(self) -> None:
        """Hang up."""
        await self._client.__aexit__(None, None, None)

    async def ask(self, facts: bytes, *, seconds: float | None = None) -> Answer:
        """Ask for a decision, and wait for it so long at most.

        Raises:
            OpaError: there is none, and why.
        """
        asked = self._client.query_rule(msgspec.json.decode(facts), _PACKAGE, _RULE, _ASKED)
        reply = await _answered(asked, seconds)
        try:
            answer = msgspec.convert(reply, Answer)
        except msgspec.ValidationError:
            raise OpaRevisionError("OPA does not say which policies it holds") from None
        if _version(answer.provenance.version) < OLDEST:
            raise OpaVersionError(answer.provenance.version)
        return answer

    async def troubles(self) -> Mapping[str, str]:
        """Say what OPA has to say of bundles that it could not take; needs its status plugin.

        Raises:
            OpaError: it says nothing at all.
        """
        reply = await _answered(self._client.get_status())
        try:
            status = msgspec.convert(reply, _Status)
        except msgspec.ValidationError:
            raise OpaMalformedError("OPA does not tell its status as it should") from None
        return {name: each.message[:_TOLD_CHARACTERS] for name, each in status.result.bundles.items() if each.message}


async def _answered(asked: Coroutine[Any, Any, Any], seconds: float | None = None) -> Any:
    """Wait for an answer, with the errors of every library below in our words."""
    try:
        async with asyncio.timeout(seconds):
            return await asked
    except TimeoutError:
        raise OpaTimeoutError("OPA gave no decision in time") from None
    except (aiohttp.ContentTypeError, ValueError):
        raise OpaMalformedError("OPA did not answer with JSON") from None
    except (aiohttp.ClientError, OSError) as error:
        raise OpaUnreachableError(f"OPA cannot be reached ({type(error).__name__})") from None


def _told(body: bytes) -> str:
    try:
        said = msgspec.json.decode(body, type=_Said)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return "; ".join(str(each) for each in said.errors or [said])[:_TOLD_CHARACTERS]


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
            f"policy.opa.urls has {url!r}; give http://127.0.0.1:PORT or https://HOST:PORT, without a path"
        )
    if where.scheme == "http" and not _is_loopback(where.hostname):
        raise InsecureError(
            f"policy.opa.urls sends facts to {where.hostname} in clear; use https, or OPA on this machine"
        )
    return where


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
