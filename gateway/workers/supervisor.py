"""The parent of the serving process: starts it, restarts it after a crash, and takes it along when it goes.

It holds no key, no database and no socket, so there is little that could kill it. The child dies with it
(parent-death signal), and so do the child's own children; a crash of the child leaves its queue in the
database, where the next one finds it.
"""

import asyncio
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Sequence
from typing import Final

import structlog

from gateway.processes.limits import PARENT_PID
from gateway.settings import Settings
from gateway.telemetry import events

SERVING: Final = "gateway.cli.serving"
REFUSED_TO_START: Final = 2
"""Exit status of a serving process that will not start this way: starting it again changes nothing."""
_MOST_CRASHES: Final = 5
_CRASH_WINDOW_SECONDS: Final = 60.0
log = structlog.get_logger(__name__)


def run(settings: Settings, *, arguments: Sequence[str] = ()) -> int:
    """Serve until told to stop; gives the exit status.

    Args:
        settings: already checked; the child reads them again from the same places.
        arguments: what the child needs to find them, such as `--config FILE`.
    """
    return asyncio.run(_Supervisor(settings, arguments).run())


class _Supervisor:
    def __init__(self, settings: Settings, arguments: Sequence[str]) -> None:
        self._grace_seconds = settings.server.drain_seconds + 5.0
        self._arguments = arguments
        self._stopping = asyncio.Event()
        self._crashes: deque[float] = deque(maxlen=_MOST_CRASHES)

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._stopping.set)
        while True:
            status = await self._one_generation()
            if self._stopping.is_set():
                return 0 if status in {0, -signal.SIGTERM} else 1
            if status == REFUSED_TO_START or self._too_many_crashes():
                return status if status > 0 else 1
            log.error(events.CHILD_REPLACED, child="serving", exit_code=status)

    async def _one_generation(self) -> int:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            SERVING,
            *self._arguments,
            env={**os.environ, PARENT_PID: str(os.getpid())},
            # Ctrl-C on a terminal reaches the supervisor alone, which then ends its child in order.
            start_new_session=True,
        )
        ended = asyncio.create_task(child.wait())
        told = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({ended, told}, return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        if not ended.done():
            child.terminate()
            await self._wait_or_kill(child, ended)
        return await ended

    async def _wait_or_kill(self, child: asyncio.subprocess.Process, ended: asyncio.Task[int]) -> None:
        done, _ = await asyncio.wait({ended}, timeout=self._grace_seconds)
        if not done:
            child.kill()

    def _too_many_crashes(self) -> bool:
        now = time.monotonic()
        self._crashes.append(now)
        return len(self._crashes) == _MOST_CRASHES and now - self._crashes[0] < _CRASH_WINDOW_SECONDS
