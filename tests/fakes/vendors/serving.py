"""What all fake vendors share: a server, its command line, its books, and the routes under `/_control/`.

A vendor is a `Vendor`. `running(vendor)` serves it inside a test; `main(...)` is its command line, whose first line on
stdout is one JSON object: `url`, `control` (a second door to the control routes that stays open in every outage), and
whatever the vendor tells about itself.
"""

import argparse
import asyncio
import contextlib
import json
import signal
import ssl
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, ParamSpec, TypeVar

from aiohttp import web
from aiohttp.typedefs import Middleware

from tests.fakes.vendors.faults import CONTROL, Faults, Handler, Order, Outage, ordered
from tests.fakes.vendors.journal import Journal

BODY_BYTES: Final = 256 * 1024 * 1024
"""The largest body taken; the vendors' own limits are smaller and theirs to check."""

_HANDS: Final = ThreadPoolExecutor(1, thread_name_prefix="simulation")
"""One thread for all vendors of a process, for good: qiskit crashes the interpreter when used after the thread that
first imported it has ended."""
Verdict = Literal["unauthenticated", "invalid", "absent"]
Given = ParamSpec("Given")
Made = TypeVar("Made")


class RefusedError(Exception):
    """A handler's way to say no, in the vendor's words."""

    def __init__(self, answer: web.Response, verdict: Verdict = "invalid") -> None:
        super().__init__(f"{answer.status} {verdict}")
        self.answer, self.verdict = answer, verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long jobs take; `instant` simulates nothing and makes cheap, deterministic results of the right shape."""

    queue_seconds: float = 0.05
    run_seconds: float = 0.05
    instant: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSeen:
    """A job as `GET /_control/state` tells of it: enough to find doubles and losses, nothing of its content."""

    id: str
    status: str
    submitted_at: str
    body_sha256: str
    tags: Sequence[str] | None = None
    metadata: Mapping[str, Any] | None = None
    client_token: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


class BackendChange(Order):
    """POST /_control/backends: what is given changes, what is absent stays."""

    backend: str
    online: bool | None = None
    queue_length: int | None = None
    message: str | None = None
    """Why it is away, or what users should know; the vendor shows it as its maintenance message."""
    calibrated_at: datetime | None = None
    """The calibration date from now on; it stands still until `recalibrate`."""
    recalibrate: bool = False
    """A new snapshot now, and at the vendor's pace from then on."""


class Vendor(ABC):
    """One fake vendor: its routes, its words for no, and its books."""

    name: str

    def __init__(self, *, pace: Pace | None = None, journal: Journal | None = None) -> None:
        self.pace = pace or Pace()
        self.journal = journal or Journal()
        self.faults = Faults(self.refuse)
        self.requests: Counter[str] = Counter()
        """How often each route was asked for, failures included, as `METHOD /route/{parameter}`."""
        self.verdicts: Counter[str] = Counter()
        """How often the vendor itself said no, by verdict; `crashed` is a defect of the fake."""

    @abstractmethod
    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Give the vendor's API."""

    @abstractmethod
    def refuse(self, status: int) -> web.Response:
        """Word an error that has no more to say than its status; a 429 carries the vendor's headers."""

    @abstractmethod
    def seen(self) -> Sequence[JobSeen]:
        """Give all jobs, oldest first, deleted ones included."""

    @abstractmethod
    def change(self, change: BackendChange) -> None:
        """Change a backend; raises `KeyError` when there is none of that name."""

    def about(self) -> Mapping[str, Any]:
        """Tell what a caller needs to know beside the address, for the first line on stdout."""
        return {}

    @abstractmethod
    def begin(self) -> None:
        """Take up what a restart interrupted; the event loop is running."""

    async def compute(self, work: Callable[Given, Made], *args: Given.args, **kwargs: Given.kwargs) -> Made:
        """Run something long, such as Aer, without holding up the server; one at a time."""
        return await asyncio.get_running_loop().run_in_executor(_HANDS, lambda: work(*args, **kwargs))

    def end(self) -> None:
        """Stop working; what runs is not waited for."""
        self.journal.close()


def application(vendor: Vendor) -> web.Application:
    """Put a vendor together: its routes, the control routes, the books and the failures around them."""
    app = web.Application(
        client_max_size=BODY_BYTES,
        middlewares=[_counting(vendor), vendor.faults.middleware, _judging(vendor)],
    )
    app.add_routes(vendor.faults.routes())
    app.add_routes(_control(vendor))
    app.add_routes(vendor.routes())
    return app


def _counting(vendor: Vendor) -> Middleware:
    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith(CONTROL):
            resource = request.match_info.route.resource
            vendor.requests[f"{request.method} {resource.canonical if resource else 'unknown'}"] += 1
        return await handler(request)

    return count


def _judging(vendor: Vendor) -> Middleware:
    """Answer in the vendor's words whatever goes wrong inside, and keep count of it."""

    @web.middleware
    async def judge(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(CONTROL):
            return await handler(request)
        try:
            return await handler(request)
        except RefusedError as refused:
            vendor.verdicts[refused.verdict] += 1
            return refused.answer
        except web.HTTPException as refused:
            vendor.verdicts["absent"] += 1
            return vendor.refuse(refused.status)
        except Exception:
            vendor.verdicts["crashed"] += 1
            request.protocol.logger.exception("the fake itself failed")
            return vendor.refuse(500)

    return judge


def _control(vendor: Vendor) -> Sequence[web.RouteDef]:
    async def state(_: web.Request) -> web.Response:
        jobs = [asdict(job) for job in vendor.seen()]
        return web.json_response(
            {
                "vendor": vendor.name,
                "requests": dict(vendor.requests),
                "verdicts": {"unauthenticated": 0, "invalid": 0, "absent": 0, "crashed": 0} | dict(vendor.verdicts),
                "faults": dict(vendor.faults.struck),
                "job_count": len(jobs),
                "jobs": jobs,
            }
        )

    async def backends(request: web.Request) -> web.Response:
        change = await ordered(request, BackendChange)
        try:
            vendor.change(change)
        except KeyError as error:
            raise web.HTTPNotFound(text=f"no backend {change.backend}") from error
        return web.Response(status=204)

    return [web.get("/_control/state", state), web.post("/_control/backends", backends)]


class _Door:
    """The listener of a vendor: one port, shut while the vendor refuses connections."""

    def __init__(self, runner: web.AppRunner, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        self._runner, self._host, self._tls = runner, host, tls
        self.port = port
        self._site: web.TCPSite | None = None
        self._change: asyncio.Task[None] | None = None

    async def open(self) -> None:
        if self._site is None:
            site = web.TCPSite(self._runner, self._host, self.port, ssl_context=self._tls, backlog=1024)
            await site.start()
            self._site, self.port = site, site.port

    async def shut(self) -> None:
        if self._site is not None:
            site, self._site = self._site, None
            await site.stop()

    def heed(self, outage: Outage | None) -> None:
        if self._change is not None:
            self._change.cancel()
        refused = outage is not None and outage.kind == "refuse"
        self._change = asyncio.create_task(self._away(outage.seconds) if outage and refused else self.open())

    async def leave(self) -> None:
        if self._change is not None:
            self._change.cancel()
        await self.shut()

    async def _away(self, seconds: float) -> None:
        await self.shut()
        await asyncio.sleep(seconds)
        await self.open()


@dataclass(frozen=True, slots=True)
class Address:
    """Where a vendor listens."""

    url: str
    control: str
    """Serves the control routes even while `url` refuses connections."""


@contextlib.asynccontextmanager
async def serving(
    vendor: Vendor, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Address]:
    """Serve a vendor until the block is left; port 0 is any free one."""
    runner = web.AppRunner(application(vendor), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    door, back_door = _Door(runner, host, port, tls), _Door(runner, "127.0.0.1", 0, None)
    await door.open()
    await back_door.open()
    vendor.faults.on_outage = door.heed
    vendor.begin()
    try:
        scheme = "https" if tls else "http"
        yield Address(f"{scheme}://{host}:{door.port}", f"http://127.0.0.1:{back_door.port}")
    finally:
        vendor.faults.on_outage = lambda _: None
        await door.leave()
        await runner.cleanup()
        vendor.end()


@contextlib.asynccontextmanager
async def running(
    vendor: Vendor, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """Serve a vendor and give its URL."""
    async with serving(vendor, host=host, port=port, tls=tls) as address:
        yield address.url


def parser(description: str) -> argparse.ArgumentParser:
    """Give the options that every vendor has; add the vendor's own and hand it to `main`."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    options.add_argument("--host", default="127.0.0.1", help="address to listen on")
    options.add_argument("--port", type=int, default=0, help="port to listen on; 0 is any free one")
    options.add_argument("--tls-cert", type=Path, help="PEM certificate chain; with --tls-key, https is spoken")
    options.add_argument("--tls-key", type=Path, help="PEM private key")
    options.add_argument("--state", type=Path, help="file that keeps jobs over a restart")
    options.add_argument("--queue-seconds", type=float, default=0.05, help="how long a job waits")
    options.add_argument("--run-seconds", type=float, default=0.05, help="how long a job runs, simulation apart")
    options.add_argument("--instant", action="store_true", help="simulate nothing: cheap results of the right shape")
    return options


def main(options: argparse.ArgumentParser, make: Callable[[argparse.Namespace, Pace, Journal], Vendor]) -> None:
    """Read the command line, make the vendor and serve it until SIGINT or SIGTERM."""
    given = options.parse_args()
    if (given.tls_cert is None) != (given.tls_key is None):
        options.error("--tls-cert and --tls-key go together")
    pace = Pace(queue_seconds=given.queue_seconds, run_seconds=given.run_seconds, instant=given.instant)
    asyncio.run(_serve(given, make(given, pace, Journal(given.state))))


async def _serve(given: argparse.Namespace, vendor: Vendor) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with serving(vendor, host=given.host, port=given.port, tls=_tls(given)) as address:
        line = {"vendor": vendor.name, "url": address.url, "control": address.control, **vendor.about()}
        print(json.dumps(line), flush=True)  # noqa: T201  # the first line on stdout is the contract
        await stop.wait()


def _tls(given: argparse.Namespace) -> ssl.SSLContext | None:
    if given.tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(given.tls_cert, given.tls_key)
    return context
