"""Tells the ledger what changed, in order, without holding up whoever noticed it."""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any, Final

import structlog

from gateway.ports.upstream import Outside
from gateway.telemetry import events

_DRAIN_SECONDS: Final = 5.0
log = structlog.get_logger(__name__)


class Herald:
    """A queue in front of `Outside.tell`: transitions are few, and each must be told once."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._queue: asyncio.Queue[tuple[str, Mapping[str, Any]]] = asyncio.Queue()

    def say(self, event: str, body: Mapping[str, Any]) -> None:
        """Have something told soon."""
        self._queue.put_nowait((event, body))

    async def run(self) -> None:
        """Tell, for ever."""
        while True:
            event, body = await self._queue.get()
            try:
                await self._outside.tell(event, body)
            except Exception:
                log.exception(events.ENTRY_MISSED, code=event)
            finally:
                self._queue.task_done()

    async def drain(self) -> None:
        """Wait until all was told, but not for ever."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._queue.join(), _DRAIN_SECONDS)
