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
_CRASH_WINDOW_SECONDS: Final = 60.0
_FIRST_PAUSE_SECONDS: Final = 0.1
_LONGEST_PAUSE_SECONDS: Final = 15.0
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
        self._crashes: deque[float] = deque(maxlen=16)

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._stopping.set)
        while True:
            status = await self._one_generation()
            if self._stopping.is_set():
                return 0 if status in {0, -signal.SIGTERM} else 1
            if status == REFUSED_TO_START:
                return status
            log.error(events.CHILD_REPLACED, child="serving", exit_code=status)
            if await self._told_while_resting():
                return 0

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

    async def _told_while_resting(self) -> bool:
        """Rest before the next generation; true when told to stop meanwhile."""
        try:
            async with asyncio.timeout(self._pause_seconds()):
                return await self._stopping.wait()
        except TimeoutError:
            return False

    def _pause_seconds(self) -> float:
        """Rest twice as long with every crash of the last minute; giving up would leave nobody to come back."""
        now = time.monotonic()
        self._crashes.append(now)
        recent = sum(now - crash < _CRASH_WINDOW_SECONDS for crash in self._crashes)
        return min(_FIRST_PAUSE_SECONDS * 2.0 ** (recent - 1), _LONGEST_PAUSE_SECONDS)
