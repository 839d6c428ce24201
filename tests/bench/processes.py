"""What other processes use: CPU seconds and memory of a whole tree, read from outside."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import psutil

_IDLE_LOOKS = 40
_IDLE_SECONDS = 0.5
_IDLE_SHARE = 0.1


def tree(pid: int) -> list[psutil.Process]:
    """Give a process and all its descendants that live now."""
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def cpu_seconds(pid: int) -> float:
    """Add up what a tree has used; processes that ended are counted where their parent reaped them."""
    total = 0.0
    for process in tree(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def wait_until_idle(pid: int) -> None:
    """Wait until a tree does nothing worth mentioning, for a bounded time."""
    for _ in range(_IDLE_LOOKS):
        before = cpu_seconds(pid)
        time.sleep(_IDLE_SECONDS)
        if cpu_seconds(pid) - before < _IDLE_SHARE * _IDLE_SECONDS:
            return


def serving(supervisor: int) -> psutil.Process:
    """Find the serving process below its supervisor."""
    return psutil.Process(supervisor).children()[0]


def peak_mebibytes(pid: int) -> float:
    """Give the largest resident size a process ever had."""
    return _status_kibibytes(pid, "VmHWM") / 1024


def resident_mebibytes(pid: int) -> float:
    """Give the resident size now."""
    return _status_kibibytes(pid, "VmRSS") / 1024


def mapped(pid: int) -> str:
    """List the files a process has mapped, its native libraries among them."""
    return Path(f"/proc/{pid}/maps").read_text()


def _status_kibibytes(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1])


class Meter:
    """CPU seconds that a tree used while something ran."""

    seconds: float = 0.0

    @contextlib.contextmanager
    def over(self, pid: int) -> Iterator[Self]:
        """Measure what happens inside."""
        before = cpu_seconds(pid)
        yield self
        self.seconds = cpu_seconds(pid) - before
