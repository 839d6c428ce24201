"""A server that answers every request with the same JSON: what the same server costs without a gateway in it.

`python -m tests.bench.constant PORT` reads the body from stdin. Same listener, event loop and framework as
the front door of the gateway.
"""

import asyncio
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server as Listener
from litestar import Litestar, Response, route
from litestar.types import ControllerRouterHandler

from gateway.http.server import bounds
from gateway.settings.listeners import Server
from tests.running import free_port

_START_SECONDS = 30.0


def application(body: bytes) -> Litestar:
    """Build the app: one plain Litestar handler for every path."""

    @route(["/", "/{path:path}"], http_method=["GET", "POST"])
    async def constant() -> Response[bytes]:
        return Response(body, media_type="application/json", status_code=200)

    handlers: list[ControllerRouterHandler] = [constant]
    return Litestar(handlers, openapi_config=None)


async def _serve(port: int, body: bytes) -> None:
    listener = Listener(
        application(body),
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
        # A timer per request costs as much as a plain answer does; both sides pay for it.
        http1_settings=bounds(Server().header_timeout_ms),
    )
    await asyncio.create_task(listener.serve())


@contextmanager
def answering(body: bytes) -> Iterator[int]:
    """Run the server in a process of its own; gives its port."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.constant", str(port)], stdin=subprocess.PIPE)
    try:
        assert process.stdin is not None
        process.stdin.write(body)
        process.stdin.close()
        wait_until_it_answers(f"http://127.0.0.1:{port}/", process)
        yield port
    finally:
        process.kill()
        process.wait()


def wait_until_it_answers(url: str, process: "subprocess.Popen[bytes]", seconds: float = _START_SECONDS) -> None:
    """Ask again and again until somebody answers, whatever the answer is.

    Raises:
        TimeoutError: nobody did, or the process ended.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310  # loopback
                return
        except urllib.error.HTTPError as answer:
            answer.close()
            return
        except OSError:
            time.sleep(0.01)
    raise TimeoutError(f"nothing answers at {url} after {seconds:g} s")


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), sys.stdin.buffer.read()))
