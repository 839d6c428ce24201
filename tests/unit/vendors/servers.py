"""Raw servers on loopback that do exactly what a test says, byte by byte, and write down what they were sent."""

import asyncio
import contextlib
import re
from dataclasses import dataclass, field
from typing import Any

from gateway.ports.vendor import VendorRequest

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def answer(body: bytes = b"ok", *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def get(url: str, **changes: Any) -> VendorRequest:
    """Ask a question."""
    return VendorRequest(**{"method": "GET", "url": url, "seconds": 5.0, **changes})


def post(url: str, body: bytes = b"{}", **changes: Any) -> VendorRequest:
    """Change something."""
    return get(url, method="POST", body=body, **changes)


@dataclass
class Exchange:
    """One request, as it came in."""

    connection: int
    head: str
    body: bytes

    @property
    def method(self) -> str:
        return self.head.split(" ", 1)[0]

    @property
    def target(self) -> str:
        return self.head.split(" ", 2)[1]

    @property
    def headers(self) -> dict[str, str]:
        lines = self.head.split("\r\n")[1:]
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


@dataclass
class Server:
    """Answers with what `reply` says: bytes, `None` to hang up, or a coroutine function given the stream."""

    reply: object
    url: str = ""
    port: int = 0
    connections: int = 0
    requests: list[Exchange] = field(default_factory=list)
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _tasks: list[asyncio.Task] = field(default_factory=list)

    async def close(self):
        self.drop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks)

    async def serve(self, reader, writer):
        self._tasks.append(asyncio.current_task())
        self.connections += 1
        number = self.connections
        self._writers.append(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                request = await self.read(reader, number)
                self.requests.append(request)
                reply = self.reply(request) if callable(self.reply) else self.reply
                if asyncio.iscoroutine(reply):
                    reply = await reply
                if reply is None:
                    break
                writer.write(reply)
                await writer.drain()
                if b"connection: close" in reply.lower():
                    break
        writer.close()

    @staticmethod
    async def read(reader, number):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").removesuffix("\r\n\r\n")
        length = re.search(r"content-length: *(\d+)", head, re.IGNORECASE)
        return Exchange(number, head, await reader.readexactly(int(length[1])) if length else b"")

    def drop(self) -> None:
        """Break every connection at once."""
        for writer in self._writers:
            writer.transport.abort()


@contextlib.asynccontextmanager
async def running(reply, *, tls=None, scheme="http", host="127.0.0.1"):
    server = Server(reply)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    server.url = f"{'https' if tls else scheme}://{host}:{server.port}"
    try:
        yield server
    finally:
        listener.close()
        await server.close()


@contextlib.asynccontextmanager
async def proxying(*, answers=b"HTTP/1.1 200 Connection established\r\n\r\n"):
    """An egress proxy that knows CONNECT only."""
    asked = []
    writers = []

    async def pump(reader, writer):
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(65536):
                writer.write(chunk)
                await writer.drain()
        writer.close()

    async def serve(reader, writer):
        writers.append(writer)
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        asked.append(head)
        writer.write(answers)
        if b" 200 " in answers:
            _, port = head.split(" ")[1].rsplit(":", 1)
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", int(port))
            writers.append(far_writer)
            await asyncio.gather(pump(far_reader, writer), pump(reader, far_writer))
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://user:pass@127.0.0.1:{listener.sockets[0].getsockname()[1]}", asked
    finally:
        listener.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0.01)
