"""Who may use a worker next: one payload in flight per principal, and never all workers for one project.

First come, first served among those who may. Waiting is bounded in number and time. Times in seconds.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


class TooManyWaitingError(Exception):
    """The queue is full, or the wait was too long."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Waiter:
    principal: str
    project: str
    admitted: asyncio.Future[None] = field(repr=False)


class Turns:
    """Hands out `places` turns."""

    def __init__(self, *, places: int, waiting: int, waiting_per_principal: int, seconds: float) -> None:
        self._places = places
        self._places_per_project = max(1, places - 1)
        self._bounds = (waiting, waiting_per_principal)
        self._seconds = seconds
        self._principals: set[str] = set()
        self._projects: Counter[str] = Counter()
        self._queue: deque[_Waiter] = deque()
        self._queued: Counter[str] = Counter()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._queue)

    @asynccontextmanager
    async def turn(self, *, principal: str, project: str) -> AsyncIterator[None]:
        """Wait for a turn and hold it.

        Raises:
            TooManyWaitingError: the queue is full, or the turn did not come in time.
        """
        if self._queue or not self._admits(principal, project):
            await self._wait(principal, project)
        else:
            self._enter(principal, project)
        try:
            yield
        finally:
            self._principals.discard(principal)
            self._projects[project] -= 1
            self._projects += Counter()
            self._admit()

    async def _wait(self, principal: str, project: str) -> None:
        most, most_of_one = self._bounds
        if len(self._queue) >= most or self._queued[principal] >= most_of_one:
            raise TooManyWaitingError
        waiter = _Waiter(principal=principal, project=project, admitted=asyncio.get_running_loop().create_future())
        self._queue.append(waiter)
        self._queued[principal] += 1
        self._admit()
        try:
            async with asyncio.timeout(self._seconds):
                await waiter.admitted
        except BaseException as error:
            self._give_up(waiter)
            if isinstance(error, TimeoutError):
                raise TooManyWaitingError from None
            raise

    def _give_up(self, waiter: _Waiter) -> None:
        if waiter in self._queue:
            self._queue.remove(waiter)
            self._leave_queue(waiter)
            return
        # Admitted in the very moment of giving up: the turn passes on.
        self._principals.discard(waiter.principal)
        self._projects[waiter.project] -= 1
        self._admit()

    def _admit(self) -> None:
        for waiter in list(self._queue):
            if sum(self._projects.values()) >= self._places:
                return
            if self._admits(waiter.principal, waiter.project):
                self._queue.remove(waiter)
                self._leave_queue(waiter)
                self._enter(waiter.principal, waiter.project)
                waiter.admitted.set_result(None)

    def _leave_queue(self, waiter: _Waiter) -> None:
        self._queued[waiter.principal] -= 1
        self._queued += Counter()

    def _admits(self, principal: str, project: str) -> bool:
        return (
            sum(self._projects.values()) < self._places
            and principal not in self._principals
            and self._projects[project] < self._places_per_project
        )

    def _enter(self, principal: str, project: str) -> None:
        self._principals.add(principal)
        self._projects[project] += 1
