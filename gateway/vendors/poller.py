"""Follows every forwarded job of one vendor: one heap by the time of the next look, a few looks at a time.

While the vendor is left alone nothing is asked. Afterwards everything is overdue at once, and the shared budget
of requests lets the looks through one by one.
"""

import asyncio
import heapq
from itertools import count
from typing import Final

import structlog

from gateway.telemetry import events
from gateway.vendors.desk import Desk
from gateway.vendors.following import Followed, Wish
from gateway.vendors.visiting import Visitor

_LONGEST_REST: Final = 60.0
_ENDED: Final = 10_000
"""Ids of ended jobs that are remembered, so that a late cancel is told that it is too late."""
log = structlog.get_logger(__name__)


class Poller:
    """The jobs of one vendor."""

    def __init__(self, desk: Desk, visitor: Visitor) -> None:
        self._desk, self._visitor = desk, visitor
        self._jobs: dict[str, Followed] = {}
        self._heap: list[tuple[float, int, Followed]] = []
        self._serial = count()
        self._sooner = asyncio.Event()
        self._slots = asyncio.Semaphore(desk.pace.polls_at_once)
        self._visits: set[asyncio.Task[None]] = set()
        self._ended: dict[str, None] = {}
        self._wishes: dict[str, None] = {}

    def take_up(self, *, job_id: str, attempt: int, account_id: str, vendor_job_id: str, body: bytes) -> None:
        """Follow a job from now on; a job that is followed already stays as it is."""
        known = self._jobs.get(job_id)
        if known is not None and (known.attempt, known.vendor_job_id) == (attempt, vendor_job_id):
            return
        now = self._desk.timing.monotonic()
        pause = self._desk.pace.first_poll_seconds
        job = Followed(
            job_id=job_id,
            attempt=attempt,
            account_id=account_id,
            vendor_job_id=vendor_job_id,
            body=body,
            interval=pause,
            due=now,
        )
        self._jobs[job_id] = job
        self._ended.pop(job_id, None)
        if job_id in self._wishes:
            del self._wishes[job_id]
            job.wish, pause = Wish(due=now), 0.0
        self._schedule(job, self._desk.timing.spread(pause))
        self._count()

    def get(self, job_id: str) -> Followed | None:
        """Give a job that is followed."""
        return self._jobs.get(job_id)

    def stop(self, job_id: str) -> bool:
        """Want a job stopped, now or as soon as it is followed; false when it had already ended."""
        if job_id in self._ended:
            return False
        job = self._jobs.get(job_id)
        if job is None:
            self._wishes[job_id] = None
            _trim(self._wishes)
        elif job.wish is None:
            job.wish = Wish(due=self._desk.timing.monotonic())
            if not job.visited:
                self._schedule(job, 0.0)
        return True

    async def run(self) -> None:
        """Look at whatever is due, for ever."""
        try:
            while True:
                await self._desk.breakers.healthy.wait()
                job = self._due()
                if job is None:
                    await self._desk.timing.wait(self._sooner, self._rest())
                    self._sooner.clear()
                    continue
                job.visited = True
                await self._slots.acquire()
                task = asyncio.create_task(self._visit(job))
                self._visits.add(task)
                task.add_done_callback(self._visits.discard)
        finally:
            await self._stop_visits()

    async def _stop_visits(self) -> None:
        visits = list(self._visits)
        for each in visits:
            each.cancel()
        await asyncio.gather(*visits, return_exceptions=True)

    async def _visit(self, job: Followed) -> None:
        pause: float | None = self._desk.pace.longest_poll_seconds
        try:
            pause = await self._visitor.visit(job)
        except Exception:
            log.exception(events.WORKER_FAILED, worker="poller", job_id=job.job_id)
        finally:
            self._slots.release()
            job.visited = False
        if pause is None:
            self._end(job)
        elif self._jobs.get(job.job_id) is job:
            overdue = job.wish is not None and job.wish.asked == 0
            self._schedule(job, min(pause, self._desk.pace.first_poll_seconds) if overdue else pause)

    def _end(self, job: Followed) -> None:
        if self._jobs.get(job.job_id) is job:
            del self._jobs[job.job_id]
        self._ended[job.job_id] = None
        _trim(self._ended)
        self._count()

    def _schedule(self, job: Followed, pause: float) -> None:
        job.due = self._desk.timing.monotonic() + pause
        heapq.heappush(self._heap, (job.due, next(self._serial), job))
        self._sooner.set()

    def _due(self) -> Followed | None:
        """Take the next job out of the heap if it is time; entries that were overtaken are dropped."""
        while self._heap and self._heap[0][0] <= self._desk.timing.monotonic():
            due, _, job = heapq.heappop(self._heap)
            if self._current(due, job):
                return job
        return None

    def _rest(self) -> float:
        return self._heap[0][0] - self._desk.timing.monotonic() if self._heap else _LONGEST_REST

    def _current(self, due: float, job: Followed) -> bool:
        return due == job.due and self._jobs.get(job.job_id) is job and not job.visited

    def _count(self) -> None:
        self._desk.metrics.followed(vendor=self._desk.name, count=len(self._jobs))


def _trim(remembered: dict[str, None]) -> None:
    """Forget the oldest."""
    while len(remembered) > _ENDED:
        del remembered[next(iter(remembered))]
