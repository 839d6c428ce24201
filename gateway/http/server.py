"""Both listeners in this process and on this event loop, served by granian.

granian's own process manager is not used: measured, its worker goes on answering after its parent was
killed. Here the serving process is ours and dies with its supervisor (docs/adr).
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server as Listener

from gateway.domain.errors import RefusedError
from gateway.http.app import front_door, management
from gateway.http.listener import CountedListener
from gateway.wiring import House

_HEADER_BYTES: Final = 16 * 1024
_MANAGEMENT_HEADER_MS: Final = 5000


class CannotListenError(RefusedError):
    """A listener could not take its address, or lost it."""

    code = "cannot-listen"

    def __init__(self, *, address: str) -> None:
        super().__init__(f"cannot listen on {address}; another program may have it: stop that one, or set another port")


@dataclass(slots=True)
class Listeners:
    """The front door and the management listener, while they serve."""

    listeners: tuple[Listener | CountedListener, ...]
    addresses: tuple[str, ...]
    tasks: tuple[asyncio.Task[None], ...] = ()

    @classmethod
    def of(cls, house: House) -> "Listeners":
        """Make both listeners; nothing listens yet."""
        settings = house.settings
        return cls((_front(house), _management(house)), (settings.server.origin, settings.management.origin))

    def start(self) -> None:
        """Begin to listen."""
        self.tasks = tuple(asyncio.create_task(listener.serve()) for listener in self.listeners)

    async def failed(self) -> None:
        """Wait until one of them ends, which none should.

        Raises:
            CannotListenError: an address is taken, or not this machine's.
        """
        done, _ = await asyncio.wait(self.tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            problem = task.exception()
            address = self.addresses[self.tasks.index(task)]
            raise CannotListenError(address=address) from problem

    async def stop(self, *, drain_seconds: float) -> None:
        """Take no new requests and let those in flight finish, for a bounded time."""
        for listener in self.listeners:
            listener.stop()
        await asyncio.wait(self.tasks, timeout=drain_seconds)


def _front(house: House) -> CountedListener:
    server = house.settings.server
    listener = Listener(
        front_door(house),
        address=server.host,
        port=server.port,
        backlog=server.backlog,
        ssl_cert=server.tls.certificate if server.tls else None,
        ssl_key=server.tls.private_key if server.tls else None,
        http1_settings=bounds(server.header_timeout_ms),
        # Without lifespan: rooms are opened and closed by the serving process, not by an application.
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
    )
    return CountedListener(listener, house.metrics.connections, idle_seconds=server.header_timeout_ms / 1000)


def _management(house: House) -> Listener:
    listener = house.settings.management
    return Listener(
        management(house),
        address=listener.host,
        port=listener.port,
        http1_settings=bounds(_MANAGEMENT_HEADER_MS),
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
    )


def bounds(header_timeout_ms: int) -> HTTP1Settings:
    """Give what every connection is held to: slow headers and large ones end it."""
    return HTTP1Settings(header_read_timeout=header_timeout_ms, max_buffer_size=_HEADER_BYTES)
