"""An HTTP client in a process of its own: keep-alive connections, one request in flight on each.

`drive` starts it, hands it a `Plan` on stdin and reads a `Load` from its stdout. It speaks only as much
HTTP/1.1 as our servers answer (a Content-Length on every answer), so that it takes little of the two cores.
"""

import asyncio
import subprocess
import sys
import time
from collections import Counter
from itertools import count

import msgspec
import uvloop

NUMBER = b"########"
"""Where a body holds this, each request has a number of its own, so that no two are alike."""
_GRACE_SECONDS = 60.0
"""How long answers that were asked for in time may take."""


class Request(msgspec.Struct, frozen=True):
    """One request, sent again and again by some of the connections."""

    method: str
    path: str
    headers: dict[str, str] = {}
    body: bytes = b""

    def wire(self, port: int) -> bytes:
        """Write it as it goes over the wire."""
        headers = {"host": f"127.0.0.1:{port}", **self.headers}
        if self.body:
            headers["content-length"] = str(len(self.body))
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{self.method} {self.path} HTTP/1.1\r\n{head}\r\n".encode() + self.body


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to send, over how many connections, for how long."""

    port: int
    requests: list[Request]
    """Shared out among the connections in turn."""
    connections: int
    seconds: float
    """No request is sent after this."""
    most: int = 1_000_000
    """Nor after so many in all."""


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What came back."""

    seconds: float
    """From the first request to the last answer."""
    statuses: dict[int, int]
    p50_ms: float
    p95_ms: float
    p99_ms: float
    sample: bytes
    """The body of the last answer."""

    @property
    def answers(self) -> int:
        """How many answers there were, whatever they said."""
        return sum(self.statuses.values())

    @property
    def rate(self) -> float:
        """Answers per second."""
        return self.answers / self.seconds


class UnexpectedAnswersError(Exception):
    """The server did not answer as it should, so its speed means nothing."""


def drive(plan: Plan, *, status: int = 200) -> Load:
    """Run a plan in a second process.

    Raises:
        UnexpectedAnswersError: not every answer had the expected status.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.traffic"],
        input=msgspec.msgpack.encode(plan),
        stdout=subprocess.PIPE,
        check=True,
        timeout=plan.seconds + 2 * _GRACE_SECONDS,
    )
    load = msgspec.msgpack.decode(done.stdout, type=Load)
    if set(load.statuses) != {status}:
        raise UnexpectedAnswersError(f"answers by status: {load.statuses}; the last: {load.sample[:500]!r}")
    return load


class _Client:
    """All connections, and what they measured."""

    def __init__(self, plan: Plan) -> None:
        self._plan, self._left = plan, plan.most
        self._latencies: list[float] = []
        self._statuses: Counter[int] = Counter()
        self._numbers = count()
        self._sample = b""

    async def run(self) -> Load:
        """Carry the plan out."""
        plan = self._plan
        wires = [request.wire(plan.port) for request in plan.requests]
        began = time.perf_counter()
        async with asyncio.timeout(plan.seconds + _GRACE_SECONDS):
            await asyncio.gather(
                *(self._repeat(wires[n % len(wires)], began + plan.seconds) for n in range(plan.connections))
            )
        seconds = time.perf_counter() - began
        ordered = sorted(self._latencies)

        def quantile(share: float) -> float:
            return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000

        return Load(
            seconds=seconds,
            statuses=dict(self._statuses),
            p50_ms=quantile(0.50),
            p95_ms=quantile(0.95),
            p99_ms=quantile(0.99),
            sample=self._sample,
        )

    async def _repeat(self, wire: bytes, until: float) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._plan.port)
        while self._left > 0 and (sent := time.perf_counter()) < until:
            self._left -= 1
            writer.write(wire.replace(NUMBER, b"%08d" % next(self._numbers)))
            status, body = await _answer(reader)
            self._latencies.append(time.perf_counter() - sent)
            self._statuses[status] += 1
            self._sample = body
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
    return int(head[9:12]), await reader.readexactly(length)


def main() -> None:
    """Read a plan, carry it out, write the load."""
    plan = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Plan)
    sys.stdout.buffer.write(msgspec.msgpack.encode(uvloop.run(_Client(plan).run())))


if __name__ == "__main__":
    main()
