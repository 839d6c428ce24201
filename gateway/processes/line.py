"""The parent's end of the socket to a child: one frame goes out, one comes back, and nothing else ever does.

Streams would do at the same cost, but would keep what nobody asked for: here a child that says more than it was asked
is cut off, so that none fills the parent's memory.
"""

import asyncio
from typing import Any, cast

from gateway.processes import frames


class Line(asyncio.Protocol):
    """One connection; one answer is waited for at a time."""

    def __init__(self) -> None:
        self.ended = False
        """Whether the other end has hung up."""
        self._transport: asyncio.Transport
        self._received = bytearray()
        self._answer: asyncio.Future[bytes] | None = None
        self._lost = asyncio.Event()

    def send(self, frame: bytes) -> None:
        """Send one frame."""
        self._transport.write(frame)

    async def receive(self) -> dict[str, Any]:
        """Wait for one frame.

        Raises:
            EOFError: the other end has hung up, or was cut off.
            ValueError: what came is no frame.
        """
        self._answer = asyncio.get_running_loop().create_future()
        self._tell()
        return frames.decode(await self._answer)

    def hang_up(self) -> None:
        """Say that nothing more will be asked."""
        self._transport.write_eof()

    def cut(self) -> None:
        """End the connection at once."""
        self._transport.abort()

    async def lost(self) -> None:
        """Wait until the connection is gone."""
        await self._lost.wait()

    # ── what the event loop calls ────────────────────────────────────────────────────────────────
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        # uvloop's are transports in all but name.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Gather an answer."""
        self._received += data
        self._tell()

    def eof_received(self) -> None:
        """Note that nothing more comes; the transport then closes."""
        self._end()

    def connection_lost(self, _error: Exception | None) -> None:
        """Note that the connection is gone."""
        self._end()
        self._lost.set()

    def _end(self) -> None:
        self.ended = True
        self._tell()

    def _tell(self) -> None:
        """Hand over what is whole, to whoever waits for it."""
        try:
            size = frames.whole(self._received)
        except ValueError as error:
            self._fail(error)
            return
        if size is not None and len(self._received) > size:
            self._fail(EOFError())
        elif self._answer is None or self._answer.done():
            return
        elif size is not None:
            answer, self._received = self._received, bytearray()
            self._answer.set_result(frames.body(answer))
        elif self.ended:
            self._answer.set_exception(EOFError())

    def _fail(self, error: Exception) -> None:
        self.ended = True
        self._received.clear()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
        self.cut()
