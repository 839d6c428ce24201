"""A tap between a stock SDK and the gateway: bytes go through untouched, and everything that passed can be read."""

import contextlib
import http.client
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

_SECONDS = 60


@dataclass(frozen=True)
class Passed:
    """One exchange."""

    method: str
    path: str
    sent: bytes = field(repr=False)
    status: int
    """0 where the SDK's connection was cut before there was an answer."""
    headers: Sequence[tuple[str, str]] = field(repr=False)
    told: bytes = field(repr=False)


@dataclass
class Tap:
    """What passed, oldest first."""

    url: str
    passed: list[Passed] = field(default_factory=list)
    needles: list[bytes] = field(default_factory=list)
    """The next request with one of these in its body is cut while its answer is awaited."""
    seconds: float = 0.7
    """How long a request that is cut waits before."""

    @classmethod
    @contextmanager
    def before(cls, url: str) -> Iterator["Tap"]:
        """Listen on a free port and hand on to `url`."""
        tap = cls(url="")
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(tap, urlsplit(url).netloc))
        server.daemon_threads = True
        tap.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield tap
        finally:
            server.shutdown()
            server.server_close()

    @contextmanager
    def listening(self) -> Iterator[list[Passed]]:
        """Gather what passes inside the block."""
        begin = len(self.passed)
        gathered: list[Passed] = []
        yield gathered
        gathered += self.passed[begin:]


def _handler(tap: Tap, netloc: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if found := [needle for needle in tap.needles if needle in body]:
                tap.needles.remove(found[0])
                self._hand_on(body, seconds=tap.seconds)
                tap.passed.append(Passed(self.command, self.path, body, 0, (), b""))
                self.close_connection = True
                return
            status, headers, told = self._hand_on(body, seconds=_SECONDS)
            tap.passed.append(Passed(self.command, self.path, body, status, headers, told))
            self._tell(status, headers, told)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = handle_any  # noqa: N815  # the library's names

        def _hand_on(self, body: bytes, *, seconds: float) -> tuple[int, list[tuple[str, str]], bytes]:
            connection = http.client.HTTPConnection(netloc, timeout=seconds)
            with contextlib.closing(connection), contextlib.suppress(TimeoutError):
                connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    connection.putheader(name, value)
                connection.endheaders(body or None)
                answer = connection.getresponse()
                return answer.status, answer.getheaders(), answer.read()
            return 0, [], b""

        def _tell(self, status: int, headers: Sequence[tuple[str, str]], told: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in {"transfer-encoding", "connection", "content-length"}:
                    self.send_header(name, value)
            length = next((value for name, value in headers if name.lower() == "content-length"), str(len(told)))
            self.send_header("content-length", length if self.command == "HEAD" else str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler
