"""Tasks that run for as long as an upstream is open, and that no defect of one answer stops."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog

from gateway.telemetry import events
from gateway.vendors.timing import Timing

_PAUSE_SECONDS: Final = 5.0
log = structlog.get_logger(__name__)


class Clocks:
    """Named endless tasks; one that breaks is logged and begins again."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, endless: Mapping[str, Callable[[], Awaitable[None]]]) -> None:
        """Start them."""
        self._tasks = [asyncio.create_task(self._keep(name, run)) for name, run in endless.items()]

    async def close(self) -> None:
        """Stop them, and wait until they have stopped."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await run()
            except Exception:
                log.exception(events.WORKER_FAILED, worker=name)
            await self._timing.sleep(_PAUSE_SECONDS)
