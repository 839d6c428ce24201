"""Requests byte by byte, for what no HTTP client would send."""

import contextlib
import socket
from collections.abc import Iterable, Iterator

from tests.running import Gateway, Reply

PATIENCE_SECONDS = 10.0
"""Longer than any time limit of the gateway under test."""


def head(gateway: Gateway, line: str, *headers: str, key: str | None = None, host: bool = True) -> bytes:
    """Write a request's head."""
    lines = [line]
    lines += [f"Host: 127.0.0.1:{gateway.port}"] if host else []
    lines += [f"Authorization: apikey {key}"] if key else []
    return "\r\n".join([*lines, *headers, "", ""]).encode("latin-1")


def exchange(gateway: Gateway, *pieces: bytes, patience: float = PATIENCE_SECONDS) -> bytes:
    """Send bytes and give all that comes back until the gateway hangs up or has nothing more to say."""
    with contextlib.closing(socket.create_connection(("127.0.0.1", gateway.port), timeout=patience)) as connection:
        with contextlib.suppress(OSError):  # whoever is refused early is not listened to any further
            for piece in pieces:
                connection.sendall(piece)
        return _everything(connection)


def ask(gateway: Gateway, *pieces: bytes) -> Reply:
    """Send bytes that are one request, and give its answer."""
    return answers(exchange(gateway, *_closing(pieces)))[0]


@contextlib.contextmanager
def held(gateway: Gateway, requests: Iterable[bytes]) -> Iterator[None]:
    """Send bytes on a connection each, and keep all of them open."""
    with contextlib.ExitStack() as stack:
        for request in requests:
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", gateway.port), timeout=10))
            connection.sendall(request)
        yield


def answers(received: bytes) -> list[Reply]:
    """Tell one answer from the next."""
    found = []
    while received:
        top, _, rest = received.partition(b"\r\n\r\n")
        status, *lines = top.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        length = int(headers.get("content-length", 0))
        found.append(Reply(int(status.split()[1]), headers, rest[:length]))
        received = rest[length:]
    return found


def chunked(pieces: Iterable[bytes]) -> Iterable[bytes]:
    """Write a body whose length nobody announces."""
    for piece in pieces:
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def _closing(pieces: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Ask for the connection to be closed after the answer, so that its end is seen."""
    return (pieces[0].replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1), *pieces[1:])


def _everything(connection: socket.socket) -> bytes:
    received = bytearray()
    with contextlib.suppress(OSError):
        while piece := connection.recv(65536):
            received += piece
    return bytes(received)
