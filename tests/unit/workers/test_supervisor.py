"""The parent of the serving process: it starts it anew after a crash, and takes it along when it goes."""

import asyncio
import os
import signal
from itertools import pairwise
from pathlib import Path

import pytest

from gateway.settings import load
from gateway.workers import supervisor
from tests.processes import tree

ROOT = Path(__file__).parents[3]


@pytest.fixture
def scripted(tmp_path, monkeypatch):
    """Let the serving process do what the script says, one word per generation, the last one for ever."""
    monkeypatch.setattr(supervisor, "SERVING", "tests.unit.workers.children.scripted")
    monkeypatch.setenv("SCRIPTED_HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "births").touch()

    def write(*steps: str) -> Path:
        (tmp_path / "script").write_text(" ".join(steps))
        return tmp_path

    return write


def births(home: Path) -> list[list[str]]:
    return [line.split() for line in (home / "births").read_text().splitlines()]


async def supervise(**settings: str) -> int:
    environ = {f"GATEWAY_SERVER__{name.upper()}": value for name, value in settings.items()}
    return await asyncio.wait_for(supervisor._Supervisor(load(None, environ), ()).run(), 30)


async def up(home: Path) -> int:
    async with asyncio.timeout(20):
        while not (home / "up").exists():  # noqa: ASYNC110  # another process writes it
            await asyncio.sleep(0.01)
    return int((home / "up").read_text())


async def test_a_crashed_process_is_replaced(scripted):
    home = scripted("killed", "1", "orderly")
    running = asyncio.create_task(supervise())

    pid = await up(home)
    os.kill(os.getpid(), signal.SIGTERM)

    assert await running == 0
    assert len(births(home)) == 3
    assert str(pid) == births(home)[-1][0]
    assert [process for process in tree(pid) if process.alive] == []


async def test_a_refusal_to_start_is_final(scripted):
    """A configuration does not become right by trying it again."""
    home = scripted("2")

    assert await supervise() == supervisor.REFUSED_TO_START
    assert len(births(home)) == 1


async def test_what_is_unavailable_is_tried_again(scripted):
    home = scripted("3", "2")

    assert await supervise() == supervisor.REFUSED_TO_START
    assert len(births(home)) == 2


async def test_the_pause_doubles_with_every_crash_and_never_becomes_giving_up(scripted):
    home = scripted("1", "1", "1", "1", "1", "1", "2")

    assert await supervise() == supervisor.REFUSED_TO_START

    times = [float(born) for _, born in births(home)]
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert len(times) == 7
    assert all(pause >= 0.1 * 2**n for n, pause in enumerate(pauses))


def test_the_pause_is_bounded():
    supervised = supervisor._Supervisor(load(None, {}), ())

    pauses = [supervised._pause_seconds() for _ in range(40)]

    assert pauses[0] == supervisor._FIRST_PAUSE_SECONDS
    assert pauses[-1] == supervisor._LONGEST_PAUSE_SECONDS


async def test_a_process_that_will_not_stop_is_killed_after_its_grace(scripted, monkeypatch):
    home = scripted("stubborn")
    supervised = supervisor._Supervisor(load(None, {"GATEWAY_SERVER__DRAIN_SECONDS": "0"}), ())
    supervised._grace_seconds = 0.2
    running = asyncio.create_task(supervised.run())
    pid = await up(home)

    os.kill(os.getpid(), signal.SIGINT)

    assert await asyncio.wait_for(running, 20) == 1
    assert [process for process in tree(pid) if process.alive] == []


async def test_being_told_to_stop_while_resting_starts_nobody_anew(scripted, monkeypatch):
    monkeypatch.setattr(supervisor, "_FIRST_PAUSE_SECONDS", 60.0)
    monkeypatch.setattr(supervisor, "_LONGEST_PAUSE_SECONDS", 60.0)
    home = scripted("1")
    supervised = supervisor._Supervisor(load(None, {}), ())
    running = asyncio.create_task(supervised.run())
    async with asyncio.timeout(20):
        while not supervised._crashes:  # noqa: ASYNC110  # nobody inside tells of it
            await asyncio.sleep(0.01)

    os.kill(os.getpid(), signal.SIGTERM)

    assert await asyncio.wait_for(running, 20) == 0
    assert len(births(home)) == 1


async def test_the_child_knows_its_parent(scripted, monkeypatch):
    """By this it sees that its parent went before it could bind itself to it."""
    monkeypatch.setattr(supervisor, "SERVING", "tests.unit.workers.children.parented")
    scripted("orderly")

    assert await supervise() == supervisor.REFUSED_TO_START
