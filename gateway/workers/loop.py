"""A background worker: one small task done again and again, jittered, that no single failure stops."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog

from gateway.telemetry import events

_JITTER: Final = 0.2
"""Replicas that started together drift apart by this share of the period."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """What to do, how often, and what to call it in the log."""

    name: str
    period_seconds: float
    task: Callable[[], Awaitable[object]]

    async def run(self) -> None:
        """Run for ever; a failure is logged and the next period comes all the same."""
        while True:
            spread = 1 + _JITTER * (2 * random.random() - 1)  # noqa: S311  # spreading load is no secret
            await asyncio.sleep(self.period_seconds * spread)
            try:
                await self.task()
            except Exception:
                log.exception(events.WORKER_FAILED, worker=self.name)
