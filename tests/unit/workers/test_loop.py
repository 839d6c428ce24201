"""Background workers: again and again, whatever happens."""

import asyncio
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from gateway.workers.loop import Worker


async def ran(worker: Worker, enough: asyncio.Event) -> None:
    running = asyncio.create_task(worker.run())
    await asyncio.wait_for(enough.wait(), 10)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_task_is_done_again_and_again():
    times, enough = [], asyncio.Event()

    async def task():
        times.append(asyncio.get_running_loop().time())
        if len(times) == 5:
            enough.set()

    await ran(Worker(name="clock", period_seconds=0.01, task=task), enough)

    assert all(later - earlier >= 0.007 for earlier, later in pairwise(times))


async def test_no_single_failure_stops_a_worker():
    """A worker that ended silently would be noticed when it is needed, which is too late."""
    count, enough = 0, asyncio.Event()

    async def task():
        nonlocal count
        count += 1
        if count == 3:
            enough.set()
            return
        raise RuntimeError("a bug")

    with capture_logs() as logs:
        await ran(Worker(name="clock", period_seconds=0.001, task=task), enough)

    assert [(line["event"], line["worker"]) for line in logs] == [("worker.failed", "clock")] * 2


async def test_replicas_that_started_together_drift_apart(monkeypatch):
    pauses = []

    async def sleep(seconds):
        pauses.append(seconds)
        if len(pauses) == 200:
            raise asyncio.CancelledError

    async def task():
        pass

    monkeypatch.setattr(asyncio, "sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await Worker(name="clock", period_seconds=10, task=task).run()

    assert 8 <= min(pauses) < 9
    assert 11 < max(pauses) <= 12
