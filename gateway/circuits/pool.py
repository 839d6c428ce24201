"""Warm workers, each for one project until it is retired. The zygote forks them in milliseconds.

A worker that served a project is never given to another: what a payload may have changed in it stays with the
project that sent it. A stock of workers nobody has used yet is kept, so a new project waits for nothing.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Coroutine, Mapping

from gateway.processes.nursery import Nursery
from gateway.processes.supervise import Child, ChildError

_MODULE = "gateway.circuits.worker"
_RETRY_SECONDS = 1.0
_WATCH_SECONDS = 1.0
_GRACE_SECONDS = 0.5
_ENVIRONMENT: Mapping[str, str] = {
    # One thread each: a zygote must not have more, and the pool is what runs in parallel.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "QISKIT_PARALLEL": "FALSE",
    # Else its Rust passes hand work to a pool of threads, which a fork does not have: they would wait for ever.
    "QISKIT_IN_PARALLEL": "TRUE",
    "QISKIT_SETTINGS": "/dev/null",
    "PYTHONDONTWRITEBYTECODE": "1",
}


class Pool:
    """Keeps `stock` unused workers ready, and at most `kept` that wait for their own project."""

    def __init__(self, orders: str, *, stock: int, kept: int) -> None:
        self._orders, self._kept = orders, kept
        self._fresh: asyncio.Queue[Child] = asyncio.Queue(stock)
        self._idle: OrderedDict[Child, str] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._nursery: Nursery | None = None
        self._closing = False
        self.retired = 0
        """How many workers ended before the pool did."""
        self._trouble: str | None = "its workers are starting"
        self.missed: tuple[str, ...] = ()
        """Limits that this system does not let workers set."""

    @property
    def trouble(self) -> str | None:
        """Say why there is no warm worker; `None` is good."""
        if self._trouble is None and self._nursery is not None and not self._nursery.alive:
            return "its workers are starting again"
        return self._trouble

    def start(self) -> None:
        """Begin to stock, in the background."""
        self._stocker = self._spawn(self._keep_stocked())
        self._watcher = self._spawn(self._keep_watch())

    async def close(self) -> None:
        """End every worker and the zygote."""
        self._closing = True
        self._watcher.cancel()
        workers = [*self._idle, *self._unstocked()]
        # To end a fork in the middle is to kill the zygote before its workers, which nobody would reap then.
        await asyncio.wait({self._stocker}, timeout=_GRACE_SECONDS)
        self._stocker.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(worker.close() for worker in [*workers, *self._unstocked()]))
        if self._nursery is not None:
            await self._nursery.close()

    async def take(self, project: str) -> Child:
        """Give a worker that has served this project or nobody."""
        for worker, owner in reversed(self._idle.items()):
            if owner == project:
                del self._idle[worker]
                if worker.alive:
                    return worker
                self.retire(worker)
                break
        while not (worker := await self._fresh.get()).alive:
            self.retire(worker)
        return worker

    def give_back(self, worker: Child, project: str) -> None:
        """Keep a worker for its project's next payload; the one unused for longest makes room."""
        self._idle[worker] = project
        while len(self._idle) > self._kept:
            self.retire(self._idle.popitem(last=False)[0])

    def retire(self, worker: Child) -> None:
        """End a worker, in the background."""
        self.retired += 1
        self._spawn(worker.close())

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _unstocked(self) -> list[Child]:
        """Take every unused worker out of stock."""
        return [self._fresh.get_nowait() for _ in range(self._fresh.qsize())]

    async def _keep_watch(self) -> None:
        """Clear the stock when the zygote died, which makes room for workers of a new one."""
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            if self._nursery is not None and not self._nursery.alive:
                for worker in self._unstocked():
                    self.retire(worker)

    async def _keep_stocked(self) -> None:
        while not self._closing:
            try:
                worker = await self._fork()
            except ChildError:
                self._trouble = "its workers do not start"
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            self._trouble = None
            try:
                await self._fresh.put(worker)
            except asyncio.CancelledError:
                await worker.close()
                raise

    async def _fork(self) -> Child:
        if self._nursery is None or not self._nursery.alive:
            if self._nursery is not None:
                with contextlib.suppress(ChildError):
                    await self._nursery.close()
            self._nursery = await Nursery.spawn(_MODULE, arguments=(self._orders,), environment=_ENVIRONMENT)
            self.missed = tuple(self._nursery.greeting["missed"])
        return await self._nursery.fork()
