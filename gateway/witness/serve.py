"""A witness over HTTP: a small server of the standard library, because it answers little and must be easy to read.

Nothing in it is secret and every answer is signed; TLS keeps others from holding answers back unnoticed.
"""

import signal
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from ssl import SSLContext
from typing import Final

import structlog

from gateway.audit.note import NOTE_BYTES
from gateway.domain.errors import RefusedError
from gateway.telemetry import events
from gateway.witness.cosign import Reply, Witness

LARGEST: Final = NOTE_BYTES + 64 * 1024
"""A checkpoint and its proof."""
THREADS: Final = 64
SECONDS: Final = 10.0
"""How long a client may take for anything it sends or reads."""
log = structlog.get_logger(__name__)


class WitnessListenError(RefusedError):
    """The witness cannot take its address."""

    code = "witness-listen"

    def __init__(self, address: str) -> None:
        super().__init__(f"cannot listen on {address}; another program may have it: choose another with --listen")


class Server(ThreadingHTTPServer):
    """Serves one witness with a bounded number of threads."""

    daemon_threads = True

    def __init__(self, witness: Witness, host: str, port: int, *, tls: SSLContext | None = None) -> None:
        self.witness = witness
        self._free = threading.BoundedSemaphore(THREADS)
        try:
            super().__init__((host, port), _Handler)
        except OSError:
            raise WitnessListenError(f"{host}:{port}") from None
        if tls is not None:
            # Without the handshake, which a slow client would keep everybody waiting with; its own thread does it.
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def process_request(self, request: socket | tuple[bytes, socket], client_address: tuple[str, int]) -> None:
        """Begin a thread for a connection, once one is free."""
        self._free.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request: socket | tuple[bytes, socket], client_address: tuple[str, int]) -> None:
        """Serve a connection to its end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = SECONDS
    server: Server
    server_version, sys_version = "qgw-witness", ""

    def do_POST(self) -> None:  # the library's name
        if self.path != "/add-checkpoint":
            self._answer(Reply(HTTPStatus.NOT_FOUND, "POST /add-checkpoint\n"))
        elif (length := self._length()) is None:
            self.close_connection = True
            told = f"a body of at most {LARGEST} bytes belongs here\n"
            self._answer(Reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, told))
        else:
            self._answer(self.server.witness.add_checkpoint(self.rfile.read(length)))

    def do_GET(self) -> None:
        log_id = self.path.removeprefix("/checkpoint/")
        if log_id != self.path:
            self._answer(self.server.witness.newest(log_id))
        elif self.path == "/keys":
            self._answer(self.server.witness.who())
        else:
            self._answer(Reply(HTTPStatus.NOT_FOUND, "GET /keys or GET /checkpoint/<SHA-256 of the ledger's name>\n"))

    def log_message(self, *_: object) -> None:
        """Say nothing of single requests."""

    def _length(self) -> int | None:
        announced = self.headers.get("content-length", "")
        small = announced.isdecimal() and len(announced) < 10 and int(announced) <= LARGEST  # noqa: PLR2004
        return int(announced) if small and "transfer-encoding" not in self.headers else None

    def _answer(self, reply: Reply) -> None:
        body = reply.body.encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)


def serve(witness: Witness, host: str, port: int, *, tls: SSLContext | None = None) -> None:
    """Serve until told to stop (SIGTERM, SIGINT)."""
    server = Server(witness, host, port, tls=tls)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    log.info(events.WITNESS_STARTED, address=f"http://{host}:{server.server_port}")
    with server:
        server.serve_forever(poll_interval=0.1)
