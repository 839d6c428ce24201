"""The waiting room: bounded, and fair between principals, who take turns however many jobs each has."""

import asyncio
from typing import Generic, TypeVar

from adapters.aer.errors import QueueFullError

Job = TypeVar("Job")


class FairQueue(Generic[Job]):
    """Jobs by principal, first in first out for each; the principals are served round robin."""

    def __init__(self, *, per_principal: int, total: int) -> None:
        self._per_principal, self._total = per_principal, total
        self._lanes: dict[str, dict[str, Job]] = {}
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        """Count the jobs of all principals."""
        return sum(map(len, self._lanes.values()))

    def put(self, principal: str, job_id: str, job: Job) -> None:
        """Let a job wait.

        Raises:
            QueueFullError: too many wait already, of this principal or in all.
        """
        mine = len(self._lanes.get(principal, ()))
        if mine >= self._per_principal:
            raise QueueFullError(waiting=mine, limit=self._per_principal, whose="this principal")
        if len(self) >= self._total:
            raise QueueFullError(waiting=len(self), limit=self._total, whose="all principals")
        self._lanes.setdefault(principal, {})[job_id] = job
        self._filled.set()

    async def get(self) -> Job:
        """Take the next job, waiting for one if there is none."""
        while not self._lanes:
            self._filled.clear()
            await self._filled.wait()
        principal, lane = next(iter(self._lanes.items()))
        job = lane.pop(next(iter(lane)))
        # To the end of the round, or out of it.
        del self._lanes[principal]
        if lane:
            self._lanes[principal] = lane
        return job

    def remove(self, job_id: str) -> Job | None:
        """Take a job out, wherever it stands; `None` when it does not wait."""
        for principal, lane in self._lanes.items():
            if job_id in lane:
                job = lane.pop(job_id)
                if not lane:
                    del self._lanes[principal]
                return job
        return None

    def position(self, job_id: str) -> int | None:
        """Give a job's place, 1 is next; `None` when it does not wait. New principals may still come before it."""
        lanes = list(self._lanes.values())
        for turn, lane in enumerate(lanes):
            if job_id in lane:
                rounds = list(lane).index(job_id)
                earlier = sum(min(len(other), rounds + 1) for other in lanes[:turn])
                later = sum(min(len(other), rounds) for other in lanes[turn + 1 :])
                return 1 + rounds + earlier + later
        return None
