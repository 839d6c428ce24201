"""Replays that people watch: one at a time in a process, telling how far it is while it goes."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.casework.recorded import Recordings, Span
from gateway.casework.revisions import Revision, Revisions
from gateway.casework.timemachine import Replay, TimeMachine
from gateway.domain.errors import UnavailableError
from gateway.policy.bundle import Bundle

FILES: Final = "files"
"""Names the policy files of this machine as they are now, whether or not they decide."""


class ReplayRunningError(UnavailableError):
    """Somebody else watches a replay in this process; each takes a processor for itself."""

    code = "replay-running"

    def __init__(self) -> None:
        super().__init__("another replay is running; wait until it has ended, or use `gateway policy replay`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How far a replay is, and in the last step what it found."""

    done: int = 0
    total: int = 0
    found: Replay | None = None

    @property
    def percent(self) -> int:
        """How much of it is done."""
        return 100 * self.done // self.total if self.total else 0


@dataclass(slots=True, kw_only=True)
class Replays:
    """Decides the past again for who looks on."""

    recordings: Recordings
    revisions: Revisions
    files: Callable[[], Awaitable[Bundle]]
    """Reads the policy files of this machine."""
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def candidates(self) -> Sequence[Revision]:
        """List the revisions that ever decided, newest first."""
        return await self.revisions.every()

    async def run(self, candidate: str, span: Span) -> AsyncGenerator[Step, None]:
        """Decide a span again by `files` or by a revision's name, telling each page and then the outcome.

        Who stops listening ends it.

        Raises:
            ReplayRunningError: somebody else's is not over.
            PolicyUnknownError, PolicyDamagedError, PolicyBundleError, PolicyEngineError: the candidate.
        """
        if self._turn.locked():
            raise ReplayRunningError
        async with self._turn:
            bundle = await self.files() if candidate == FILES else await self.revisions.find(candidate)
            machine = TimeMachine(recordings=self.recordings, revisions=self.revisions, workers=1)
            steps: asyncio.Queue[Step] = asyncio.Queue()
            task = asyncio.create_task(
                machine.replay(
                    bundle, span, progress=lambda done, total: steps.put_nowait(Step(done=done, total=total))
                )
            )
            task.add_done_callback(lambda _: steps.put_nowait(Step()))
            try:
                while (step := await steps.get()).total or not task.done():
                    yield step
                found = await task
                yield Step(done=found.total, total=found.total, found=found)
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
