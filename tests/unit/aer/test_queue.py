import asyncio

import pytest

from adapters.aer.errors import QueueFullError
from adapters.aer.queue import FairQueue


def queue_of(*jobs: str, per_principal=10, total=20) -> FairQueue[str]:
    """Queue jobs named `<principal><number>`."""
    queue: FairQueue[str] = FairQueue(per_principal=per_principal, total=total)
    for job in jobs:
        queue.put(job[0], job, job)
    return queue


async def drained(queue: FairQueue[str]) -> list[str]:
    return [await queue.get() for _ in range(len(queue))]


async def test_principals_take_turns_however_many_jobs_one_has():
    queue = queue_of("a1", "a2", "a3", "a4", "b1", "c1", "c2")

    assert await drained(queue) == ["a1", "b1", "c1", "a2", "c2", "a3", "a4"]


async def test_a_newcomer_waits_one_round_and_not_one_queue():
    queue = queue_of(*(f"a{number}" for number in range(10)))
    await queue.get()
    queue.put("b", "b0", "b0")

    assert (await drained(queue))[:3] == ["a1", "b0", "a2"]


async def test_the_position_is_the_order_in_which_jobs_are_taken():
    queue = queue_of("a1", "a2", "a3", "b1", "c1", "c2", "c3", "b2")
    positions = {job: queue.position(job) for job in ("a1", "a2", "a3", "b1", "b2", "c1", "c2", "c3")}

    assert await drained(queue) == sorted(positions, key=positions.get)
    assert sorted(positions.values()) == list(range(1, 9))
    assert queue.position("a1") is None


async def test_a_job_can_leave_and_takes_its_lane_along_when_it_was_the_last():
    queue = queue_of("a1", "a2", "b1")

    assert queue.remove("a1") == "a1"
    assert queue.remove("b1") == "b1"
    assert queue.remove("b1") is None
    assert await drained(queue) == ["a2"]


async def test_whoever_waits_is_woken_by_the_next_job():
    queue = queue_of()
    waiting = [asyncio.create_task(queue.get()) for _ in range(2)]
    await asyncio.sleep(0)
    queue.put("a", "a1", "a1")
    queue.put("a", "a2", "a2")

    assert sorted(await asyncio.gather(*waiting)) == ["a1", "a2"]


def test_one_principal_cannot_fill_the_room():
    queue = queue_of("a1", "a2", per_principal=2)

    with pytest.raises(QueueFullError, match="2 simulator jobs of this principal are waiting already, 2 may"):
        queue.put("a", "a3", "a3")
    queue.put("b", "b1", "b1")


def test_all_principals_together_cannot_overfill_it():
    queue = queue_of("a1", "b1", "c1", total=3)

    with pytest.raises(QueueFullError, match="of all principals") as refusal:
        queue.put("d", "d1", "d1")
    assert refusal.value.code == "simulator-queue-full"
    assert len(queue) == 3
