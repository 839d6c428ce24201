"""The worker processes: one zygote that has imported everything, and a fork of it for each principal in turn."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from adapters.aer.settings import AerSettings
from gateway.processes.nursery import Nursery
from gateway.processes.supervise import Child, ChildError

_MODULE = "adapters.aer.worker"
_ENVIRONMENT = {
    **dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"), "1"),
    "QISKIT_PARALLEL": "FALSE",
}
"""Libraries read this when they are imported. A zygote may hold one thread only; Aer starts its own when it runs."""


@dataclass(slots=True, kw_only=True)
class Desk:
    """Where one job at a time is simulated: the process there now, and for whom it works."""

    child: Child | None = None
    principal_id: str = ""

    def fits(self, principal_id: str, jobs: int) -> bool:
        """Whether the process there may take a job of this principal; it never serves two."""
        child = self.child
        return child is not None and child.alive and self.principal_id == principal_id and child.requests < jobs


class Crew:
    """Finds a worker for every job, and replaces what died."""

    def __init__(self, settings: AerSettings, readers: Mapping[str, str]) -> None:
        self._settings = settings
        self._arguments = (str(settings.memory_bytes), *(f"{name}={where}" for name, where in readers.items()))
        self._environment = {**_ENVIRONMENT, "OMP_NUM_THREADS": str(settings.threads)}
        self._nursery: Nursery | None = None
        self._one_at_a_time = asyncio.Lock()
        self.forked = 0
        """How many workers there have been."""

    async def warm(self) -> None:
        """Bring the zygote up, if it is not.

        Raises:
            ChildError: it did not get ready.
        """
        # Not given up half way when the caller is: `close` waits for it, so that no process is left behind.
        await asyncio.shield(asyncio.create_task(self._warm()))

    async def seat(self, desk: Desk, principal_id: str) -> Child:
        """Give a worker for a principal's job: the one at the desk where it fits, else a fresh one.

        Raises:
            ChildError: none could be started.
        """
        if desk.child is None or not desk.fits(principal_id, self._settings.jobs_per_worker):
            await self.clear(desk)
            try:
                desk.child = await self._fork()
            except ChildError:
                # The zygote died and its death shows only now; another one is brought up.
                desk.child = await self._fork()
            desk.principal_id = principal_id
            self.forked += 1
        return desk.child

    async def clear(self, desk: Desk) -> None:
        """Send the worker at a desk away."""
        child, desk.child = desk.child, None
        if child is not None:
            await child.close()

    async def close(self) -> None:
        """End the zygote, and with it every worker."""
        async with self._one_at_a_time:
            await self._drop_nursery()

    async def _warm(self) -> None:
        async with self._one_at_a_time:
            if self._nursery is None or not self._nursery.alive:
                await self._drop_nursery()
                self._nursery = await Nursery.spawn(_MODULE, arguments=self._arguments, environment=self._environment)

    async def _fork(self) -> Child:
        await self.warm()
        async with self._one_at_a_time:
            assert self._nursery is not None
            return await self._nursery.fork()

    async def _drop_nursery(self) -> None:
        nursery, self._nursery = self._nursery, None
        if nursery is not None:
            await nursery.close()
