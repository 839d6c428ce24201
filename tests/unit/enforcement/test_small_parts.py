"""Turns and tags: the small parts of enforcement."""

import asyncio

import pytest

from gateway.enforcement.tags import TagsRefusedError, check_tags
from gateway.enforcement.turns import Turns


async def test_one_job_is_changed_by_one_at_a_time():
    """An outcome never overtakes the record that its job was forwarded."""
    turns, order = Turns(), []

    async def change(name, pause):
        async with turns.of("job"):
            order.append(f"{name} in")
            await asyncio.sleep(pause)
            order.append(f"{name} out")

    await asyncio.gather(change("forwarded", 0.01), change("outcome", 0))

    assert order == ["forwarded in", "forwarded out", "outcome in", "outcome out"]


async def test_other_jobs_do_not_wait():
    turns = Turns()
    async with turns.of("one"), asyncio.timeout(1), turns.of("other"):
        pass


async def test_locks_leave_with_their_last_user():
    """A gateway that runs for a year must not keep a lock for each of its jobs."""
    turns = Turns()

    with pytest.raises(RuntimeError):
        async with turns.of("job"):
            raise RuntimeError

    assert turns._locks == {}


@pytest.mark.parametrize("tags", [("x",) * 33, ("",), ("x" * 129,)], ids=["too many", "empty", "too long"])
def test_tags_are_bounded(tags):
    with pytest.raises(TagsRefusedError, match="32 tags of 1 to 128"):
        check_tags(tags)


def test_the_most_tags_pass():
    check_tags(("x" * 128,) * 32)
