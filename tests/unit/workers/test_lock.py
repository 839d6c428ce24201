"""One serving process per state directory; the kernel drops the lock with its holder."""

import asyncio
import fcntl
import os
import subprocess
import sys

import pytest

from gateway.workers import lock
from gateway.workers.lock import StateLockedError, exclusive


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(lock, "_WAIT_SECONDS", 0.2)


async def test_the_holder_is_named_to_whoever_comes_second(tmp_path):
    async with exclusive(tmp_path):
        with pytest.raises(StateLockedError, match=f"process {os.getpid()}"):
            async with exclusive(tmp_path):
                pass


async def test_the_next_one_may_serve_when_the_first_one_is_done(tmp_path):
    for _ in range(2):
        async with exclusive(tmp_path):
            assert (tmp_path / "serve.lock").read_text() == str(os.getpid())


async def test_a_new_generation_waits_for_the_old_one_to_be_gone(tmp_path, monkeypatch):
    """After a kill, the kernel may take a moment to end the process that held the lock."""
    monkeypatch.setattr(lock, "_WAIT_SECONDS", 10)
    first = os.open(tmp_path / "serve.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(first, fcntl.LOCK_EX)

    async def serve():
        async with exclusive(tmp_path):
            return True

    waiting = asyncio.create_task(serve())
    await asyncio.sleep(0.1)
    assert not waiting.done()
    os.close(first)

    assert await waiting


async def test_a_killed_holder_holds_nothing(tmp_path):
    script = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from gateway.workers.lock import exclusive\n"
        "async def main():\n"
        "    async with exclusive(Path(sys.argv[1])):\n"
        "        print('held', flush=True)\n"
        "        await asyncio.sleep(600)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout.readline() == b"held\n"
            with pytest.raises(StateLockedError, match=f"process {holder.pid}"):
                async with exclusive(tmp_path):
                    pass
        finally:
            holder.kill()

    async with exclusive(tmp_path):
        pass


async def test_the_lock_tells_others_nothing(tmp_path):
    async with exclusive(tmp_path):
        assert (tmp_path / "serve.lock").stat().st_mode & 0o077 == 0
