"""Process trees, read from /proc: who lives below whom, and whether the very same process still does."""

import contextlib
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """One process; `born` tells it from a later one with the same number."""

    pid: int
    parent: int
    born: int
    command: str

    @property
    def alive(self) -> bool:
        """Whether this very process runs; a zombie does not."""
        now = _read(self.pid)
        return now is not None and now.born == self.born

    def kill(self) -> None:
        """Send SIGKILL if it still runs."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


def tree(root: int) -> list[Process]:
    """List a process and all its descendants, parents before children."""
    everyone = list(_everyone())
    found = [process for process in everyone if process.pid == root]
    for parent in found:
        found += [process for process in everyone if process.parent == parent.pid]
    return found


def _everyone() -> Iterator[Process]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (process := _read(int(entry.name))):
            yield process


def _read(pid: int) -> Process | None:
    try:
        # The second field is the program's name in parentheses and may hold anything, so read from its end.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except (OSError, IndexError):
        return None
    state, parent, born = fields[0], int(fields[1]), int(fields[19])
    return None if state == "Z" else Process(pid=pid, parent=parent, born=born, command=command.strip())
