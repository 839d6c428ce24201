"""Workers are shared fairly, and nobody waits without a bound."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from gateway.circuits.turns import TooManyWaitingError, Turns


def turns(**changes) -> Turns:
    return Turns(**{"places": 2, "waiting": 10, "waiting_per_principal": 5, "seconds": 5.0} | changes)


async def hold(queue: Turns, principal: str, project: str, log: list[str]) -> None:
    async with queue.turn(principal=principal, project=project):
        log.append(principal)
        await asyncio.sleep(0.01)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_principal_has_one_payload_in_flight():
    queue, log = turns(), []
    async with queue.turn(principal="ada", project="p"):
        second = asyncio.create_task(hold(queue, "ada", "q", log))
        await settle()
        assert log == []
        assert queue.waiting == 1

    await second
    assert log == ["ada"]
    assert queue.waiting == 0


async def test_one_place_is_never_taken_by_a_project_that_has_another():
    queue, log = turns(), []
    async with queue.turn(principal="ada", project="p"):
        same = asyncio.create_task(hold(queue, "bob", "p", log))
        other = asyncio.create_task(hold(queue, "cy", "q", log))
        await settle()
        assert log == ["cy"]

    await asyncio.gather(same, other)
    assert log == ["cy", "bob"]


async def test_a_single_place_serves_everybody_in_turn():
    queue, log = turns(places=1), []

    await asyncio.gather(*(hold(queue, name, "p", log) for name in ("ada", "bob", "cy")))

    assert log == ["ada", "bob", "cy"]


async def test_newcomers_do_not_overtake_those_who_wait_and_may():
    queue, log = turns(places=1), []
    async with queue.turn(principal="ada", project="p"):
        waiting = [asyncio.create_task(hold(queue, name, "q", log)) for name in ("bob", "cy")]
        await settle()

    await asyncio.gather(*waiting, hold(queue, "dan", "r", log))
    assert log == ["bob", "cy", "dan"]


@pytest.mark.parametrize(
    ("bounds", "fit"),
    [
        pytest.param({"waiting": 3}, 3, id="waiting in all"),
        pytest.param({"waiting_per_principal": 2}, 2, id="waiting of one principal"),
    ],
)
async def test_waiting_is_bounded(bounds, fit):
    queue = turns(**bounds)
    async with AsyncExitStack() as held:
        await held.enter_async_context(queue.turn(principal="ada", project="p"))
        waiting = [asyncio.create_task(hold(queue, "ada", "p", [])) for _ in range(fit)]
        await settle()

        with pytest.raises(TooManyWaitingError):
            await hold(queue, "ada", "p", [])

    await asyncio.gather(*waiting)


async def test_a_wait_ends_in_time_and_leaves_no_trace():
    queue = turns(seconds=0.02)
    async with queue.turn(principal="ada", project="p"):
        with pytest.raises(TooManyWaitingError):
            await hold(queue, "ada", "p", [])

    assert queue.waiting == 0
    await hold(queue, "ada", "p", [])


async def test_who_leaves_the_queue_gives_the_turn_on():
    """A client that hangs up in the moment it is admitted must not keep the place for ever."""
    queue, log = turns(places=1), []
    async with queue.turn(principal="ada", project="p"):
        leaving = asyncio.create_task(hold(queue, "bob", "p", log))
        staying = asyncio.create_task(hold(queue, "cy", "p", log))
        await settle()
    leaving.cancel()
    await asyncio.gather(leaving, staying, return_exceptions=True)

    assert log == ["cy"]
    await hold(queue, "dan", "p", log)
    assert log == ["cy", "dan"]
