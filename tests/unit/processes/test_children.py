"""Children answer, are ended for good, and never outlive their parent."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.processes.limits import CPU_SPENT
from gateway.processes.nursery import Nursery
from gateway.processes.supervise import Child, ChildDiedError, ChildTimeoutError

CHILDREN = Path(__file__).parent / "children"
ENVIRONMENT = {"PYTHONPATH": str(CHILDREN)}


@pytest.fixture
async def child():
    offspring = await Child.spawn("obedient_child", environment=ENVIRONMENT)
    yield offspring
    await offspring.close()


@pytest.fixture
async def nursery():
    mother = await Nursery.spawn("obedient_zygote", environment=ENVIRONMENT)
    yield mother
    await mother.close()


@pytest.fixture(params=["spawned", "forked"])
async def offspring(request):
    """Both ways into the world must make the same kind of child."""
    if request.param == "spawned":
        one = await Child.spawn("obedient_child", environment=ENVIRONMENT)
        yield one
        await one.close()
        return
    mother = await Nursery.spawn("obedient_zygote", environment=ENVIRONMENT)
    one = await mother.fork()
    yield one
    await one.close()
    await mother.close()


def exists(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until_gone(pid: int, seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while exists(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not exists(pid)


async def test_a_child_answers(offspring):
    assert await offspring.request({"echo": [1, "two", b"3"]}, deadline_seconds=5) == {"echo": [1, "two", b"3"]}
    assert offspring.requests == 1
    assert offspring.alive


async def test_a_ready_child_greets(child):
    assert child.greeting == {"name": "obedient", "ready": True}


async def test_a_library_that_prints_corrupts_no_frame(offspring):
    await offspring.request({"print": "\x00\x00\x00\x02{}"}, deadline_seconds=5)

    assert await offspring.request({"echo": 1}, deadline_seconds=5) == {"echo": 1}


async def test_endless_complaints_do_not_stop_a_child(child):
    """Nobody reads the error stream while the child works, so a blocking one would hang it."""
    assert await child.request({"complain_bytes": 10**6}, deadline_seconds=5) == {}


async def test_two_callers_take_turns(child):
    answers = await asyncio.gather(*(child.request({"echo": n}, deadline_seconds=5) for n in range(20)))

    assert answers == [{"echo": n} for n in range(20)]


async def test_a_large_message_passes_both_ways(offspring):
    body = os.urandom(3_000_000)

    assert await offspring.request({"echo": body}, deadline_seconds=10) == {"echo": body}


async def test_a_late_child_is_killed_and_reaped_before_the_caller_hears(offspring):
    with pytest.raises(ChildTimeoutError, match=r"no answer within 0\.1 s"):
        await offspring.request({"sleep": 30}, deadline_seconds=0.1)

    assert not offspring.alive
    assert not Path(f"/proc/{offspring.pid}").exists()


async def test_a_child_that_dies_says_how(offspring):
    with pytest.raises(ChildDiedError) as died:
        await offspring.request({"exit": 7}, deadline_seconds=5)

    assert died.value.status == 7
    assert not offspring.alive


async def test_a_spent_cpu_budget_ends_a_child_inside_one_call_into_c(offspring):
    with pytest.raises(ChildDiedError) as died:
        await offspring.request({"burn": 0.2}, deadline_seconds=30)

    assert died.value.status in CPU_SPENT


async def test_a_cancelled_caller_leaves_no_answer_for_the_next_one(offspring):
    asking = asyncio.create_task(offspring.request({"sleep": 30}, deadline_seconds=60))
    await asyncio.sleep(0.05)
    asking.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asking
    assert not offspring.alive
    assert wait_until_gone(offspring.pid)


async def test_a_dead_child_refuses_politely(offspring):
    os.kill(offspring.pid, signal.SIGKILL)

    with pytest.raises(ChildDiedError):
        await offspring.request({"echo": 1}, deadline_seconds=5)
    with pytest.raises(ChildDiedError):
        await offspring.request({"echo": 1}, deadline_seconds=5)


async def test_closing_ends_a_busy_child_too(offspring):
    asking = asyncio.create_task(offspring.request({"sleep": 30}, deadline_seconds=60))
    await asyncio.sleep(0.05)

    await offspring.close()

    with pytest.raises(ChildDiedError):
        await asking
    assert not Path(f"/proc/{offspring.pid}").exists()


async def test_a_child_that_cannot_start_says_why():
    with pytest.raises(ChildDiedError) as died:
        await Child.spawn("stillborn_child", environment=ENVIRONMENT)

    assert "nothing to live for" in died.value.last_words
    assert "nothing to live for" not in str(died.value)


async def test_a_child_inherits_neither_environment_nor_descriptors(child, monkeypatch, tmp_path):
    """Keys live in the parent's environment and files; a child that reads foreign bytes must not reach them."""
    monkeypatch.setenv("GATEWAY_SECRET", "s")
    with (tmp_path / "secret").open("w") as secret:
        os.set_inheritable(secret.fileno(), True)  # the worst a careless library can do
        seen = await child.request({"look": True}, deadline_seconds=5)
        late = await Child.spawn("obedient_child", environment=ENVIRONMENT)
        seen_late = await late.request({"look": True}, deadline_seconds=5)
        await late.close()

    for look in (seen, seen_late):
        assert set(look["environment"]) <= {"PYTHONPATH", "GATEWAY_PARENT_PID", "LC_CTYPE"}
        # 0, 1, 2, the two saved ends of the conversation, and the listing itself.
        assert len(look["descriptors"]) == 6
        assert "" not in look["path"]


async def test_a_fork_holds_nothing_of_its_zygote(nursery):
    """A worker that kept the zygote's socket could answer in its place."""
    first, second = await nursery.fork(), await nursery.fork()
    looks = [await one.request({"look": True}, deadline_seconds=5) for one in (first, second)]

    assert [len(look["descriptors"]) for look in looks] == [6, 6]
    assert all(look["parent"] == nursery.pid for look in looks)
    await first.close()
    await second.close()


async def test_a_zygote_holds_one_thread(nursery):
    """A fork copies the locks of other threads, shut for ever."""
    assert len(list(Path(f"/proc/{nursery.pid}/task").iterdir())) == 1


async def test_forks_end_with_their_zygote(nursery):
    worker = await nursery.fork()

    os.kill(nursery.pid, signal.SIGKILL)

    assert wait_until_gone(worker.pid)
    with pytest.raises(ChildDiedError):
        await nursery.fork()
    assert not nursery.alive
    await worker.close()


@pytest.mark.parametrize("kind", ["spawned", "forked"])
def test_a_child_busy_in_c_dies_with_its_parent(kind):
    """kill -9 of the gateway must leave nothing of the old generation behind."""
    with subprocess.Popen(
        [sys.executable, CHILDREN / "lone_parent.py", kind, CHILDREN], stdout=subprocess.PIPE, text=True
    ) as parent:
        pid = int(parent.stdout.readline())
        assert exists(pid)
        parent.kill()

        assert wait_until_gone(pid)


async def test_a_hardened_child_reports_what_it_could_not_give_up(child):
    answer = await child.request({"harden": 64 * 2**20}, deadline_seconds=5)

    assert set(answer["missed"]) <= {"network"}


async def test_a_hardened_child_maps_no_more_than_it_may(child):
    await child.request({"harden": 64 * 2**20}, deadline_seconds=5)

    assert await child.request({"map_bytes": 16 * 2**20}, deadline_seconds=5) == {"mapped": 16 * 2**20}
    with pytest.raises(ChildDiedError):
        await child.request({"map_bytes": 128 * 2**20}, deadline_seconds=5)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: only root can step down to nobody")
async def test_a_hardened_child_of_root_is_nobody_without_a_network_and_still_bound(child):
    await child.request({"harden": None}, deadline_seconds=5)

    look = await child.request({"look": True}, deadline_seconds=5)

    assert look["uid"] != 0
    assert set(look["interfaces"]) <= {"lo"}
