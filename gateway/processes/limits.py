"""What a child gives up before it touches anything foreign. Best effort: what a system does not allow is reported.

Linux only; elsewhere each step that cannot be taken names itself in the answer. Sizes in bytes, times in seconds.
"""

import ctypes
import math
import os
import pwd
import resource
import signal
import time
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path

PARENT_PID = "GATEWAY_PARENT_PID"
"""Environment variable by which a child knows who must be its parent."""

CPU_SPENT = frozenset({-signal.SIGPROF, -signal.SIGXCPU})
"""Exit statuses of a child whose CPU budget was spent."""

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000


def bind_to_parent(parent_pid: int | None = None) -> None:
    """Die with the parent, even while computing in C: the kernel sends SIGKILL when it goes.

    The signal belongs to the parent's *thread* that started this process. A parent that went before the
    call leaves another parent behind, which the second check sees.

    Args:
        parent_pid: who must be alive; by default who the environment names.
    """
    expected = parent_pid or int(os.environ.get(PARENT_PID, os.getppid()))
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != expected:
        os._exit(1)


def harden(address_space_bytes: int | None, *, niceness: int = 5, unprivileged: bool = True) -> list[str]:
    """Give up memory, files, network, priority and privileges; call it last, when everything is imported.

    Args:
        address_space_bytes: what may be mapped on top of what is mapped now; `None` sets no bound.
        niceness: how far to step back behind the serving process.
        unprivileged: become `nobody` when running as root.

    Returns:
        The steps that could not be taken, by name; empty is good.
    """
    steps: dict[str, Callable[[], object]] = {
        "network": isolate_network,
        "priority": lambda: os.nice(niceness),
        "core": lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)),
        "file-size": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
        "address-space": lambda: _limit_address_space(address_space_bytes),
        "no-new-privileges": lambda: _prctl(_PR_SET_NO_NEW_PRIVS, 1),
        "unprivileged-user": _become_nobody if unprivileged else lambda: None,
    }
    missed = [name for name, step in steps.items() if not _taken(step)]
    # Changing the user clears the parent-death signal, so it is asked for again.
    bind_to_parent()
    return missed


@cache
def isolate_network() -> None:
    """Leave the machine's network; worth calling before any library starts a thread, which would keep its own.

    Raises:
        OSError: the system does not allow it.
    """
    alone = _CLONE_NEWNET if os.geteuid() == 0 else _CLONE_NEWUSER | _CLONE_NEWNET
    if _libc().unshare(alone) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


def cpu_budget(seconds: float) -> None:
    """Let this process use `seconds` more of CPU; then the kernel ends it, by SIGPROF or SIGXCPU.

    The timer is exact. The limit behind it is rounded up to whole seconds, and stays where a library takes the timer.
    """
    _limit_cpu(math.ceil(time.process_time() + seconds))
    signal.setitimer(signal.ITIMER_PROF, seconds)


@lru_cache(maxsize=1)
def _limit_cpu(soft: int) -> None:
    """End this process at so many seconds of CPU; who works in short pieces asks many times for the same limit."""
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def mapped_bytes() -> int:
    """Give the address space this process has mapped now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


def _limit_address_space(extra_bytes: int | None) -> None:
    if extra_bytes is not None:
        bound = mapped_bytes() + extra_bytes
        resource.setrlimit(resource.RLIMIT_AS, (bound, bound))


def _become_nobody() -> None:
    if os.geteuid() != 0:
        return
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)


def _taken(step: Callable[[], object]) -> bool:
    try:
        step()
    except (OSError, ValueError, KeyError, AttributeError):
        return False
    return True


def _prctl(option: int, value: int) -> None:
    if _libc().prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
