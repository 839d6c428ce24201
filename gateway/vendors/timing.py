"""Time as this room uses it: what time it is, how long something took, how to wait, and how to spread."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Handed in, so that a test lets days pass in no time."""

    clock: Clock
    monotonic: Callable[[], float] = time.monotonic
    """Seconds that no correction of the machine's clock moves; every pause and every age is measured by it."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Callable[[], float] = random.random
    """In [0, 1); spreading load is no secret."""

    def now(self) -> datetime:
        """Give the time of day, in UTC."""
        return self.clock.now()

    def spread(self, seconds: float) -> float:
        """Lengthen a pause by up to a fifth, so that what began together drifts apart."""
        return seconds * (1 + self.random() / 5)

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Wait for something to happen, but no longer than so many seconds."""
        waits = [asyncio.ensure_future(self.sleep(max(0.0, seconds))), asyncio.ensure_future(event.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
