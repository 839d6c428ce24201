"""granian's embedded listener, with the counts of its worker, which the embedded server throws away.

The worker is built here, as that server builds it, because granian hands its counts out through a pipe only (docs/adr).
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from granian._futures import _new_cbscheduler
from granian._granian import ASGIWorker, IPCSenderHandle, WorkerSignal
from granian.server.embed import Server
from litestar.types import ASGIApp

from gateway.http.connections import Counts, Served, UnreadableCountsError
from gateway.telemetry import events
from gateway.telemetry.connections import ConnectionMetrics

_REPORT_SECONDS: Final = 1
"""How often granian reports; it takes whole seconds only."""
_LENGTH_BYTES: Final = 4
_Worker: Any = ASGIWorker  # granian's type stub knows an older signature
log = structlog.get_logger(__name__)


class CountedListener:
    """A listener that counts what happens to connections below its application."""

    def __init__(self, server: Server, metrics: ConnectionMetrics, *, idle_seconds: float) -> None:
        self._server, self._metrics = server, metrics
        self._served = Served(metrics.served, idle_seconds=idle_seconds)

    async def serve(self) -> None:
        """Serve until stopped, with the worker below instead of granian's own."""
        await self._server.serve(self._work)  # type: ignore[arg-type]  # it awaits what its stub says returns nothing

    def stop(self) -> None:
        """Take no new requests, and end when those in flight are answered."""
        self._server.stop()  # type: ignore[no-untyped-call]  # granian leaves it untyped

    async def _work(self, number: int, stopping: WorkerSignal, application: ASGIApp, sock: Any, *_: Any) -> None:
        server, loop, stopped = self._server, asyncio.get_running_loop(), asyncio.Event()
        stopping.add_cb(lambda: loop.call_soon_threadsafe(stopped.set))
        counts, report = os.pipe()
        worker = _Worker(
            number,
            sock,
            IPCSenderHandle(report),
            server.runtime_threads,
            server.runtime_blocking_threads,
            server.blocking_threads,
            server.blocking_threads_idle_timeout,
            server.backpressure,
            server.http,
            server.http1_settings,
            server.http2_settings,
            server.websockets,
            server.static_path,
            *server.ssl_ctx,
            (_REPORT_SECONDS, None),
        )
        # Not `serve_async`, which the embedded server uses: it alone of granian's ways to serve never reports.
        scheduler = _new_cbscheduler(loop, self._answering(application), impl_asyncio=True)  # type: ignore[no-untyped-call]
        worker.serve_str(scheduler, loop, stopping)
        following = asyncio.create_task(self._follow(counts))
        await stopped.wait()
        following.cancel()

    def _answering(self, application: ASGIApp) -> Callable[[Any], Awaitable[None]]:
        async def answer(watcher: Any) -> None:
            scope, protocol = watcher.scope, watcher.proto
            client = scope["client"]
            self._served.begin(client)
            try:
                await application(scope, protocol.receive, protocol.send)
            except BaseException as error:  # noqa: BLE001  # granian answers 500 and logs it; nobody else waits for this
                watcher.err(error)
            else:
                watcher.done()
            finally:
                self._served.end(client)

        return answer

    async def _follow(self, pipe: int) -> None:
        """Read reports until the worker closes its end of the pipe."""
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(pipe, "rb", buffering=0)
        )
        last = Counts()
        try:
            while True:
                length = int.from_bytes(await reader.readexactly(_LENGTH_BYTES))
                counts = Counts.of(await reader.readexactly(length))
                self._metrics.reported(
                    taken=counts.taken - last.taken, failed=counts.failed - last.failed, open_now=counts.open
                )
                last = counts
        except asyncio.IncompleteReadError:
            return
        except UnreadableCountsError:
            log.exception(events.CONNECTIONS_UNCOUNTED)
        finally:
            transport.close()
