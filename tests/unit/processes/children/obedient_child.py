"""A child that does what it is told, good or bad; started by the tests of this folder."""

import math
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway.processes import child


def handle(message: dict[str, Any]) -> dict[str, Any]:
    ((order, value),) = message.items()
    return ORDERS[order](value) or {}


def say(text: str) -> None:
    print(text)  # noqa: T201  # the promise is that a library's print harms nothing


def complain(size: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.write("x" * size)


def burn(seconds: float) -> None:
    child.cpu_budget(seconds)
    # One call into C that never lets another thread of this process run.
    math.factorial(10**8)


def look(_: Any) -> dict[str, Any]:
    """Say what this process can see of the machine."""
    return {
        "environment": sorted(os.environ),
        "descriptors": sorted(path.name for path in Path("/proc/self/fd").iterdir()),
        "uid": os.geteuid(),
        "parent": os.getppid(),
        "interfaces": [name for _, name in socket.if_nameindex()],
        "path": sys.path,
    }


ORDERS: dict[str, Callable[[Any], dict[str, Any] | None]] = {
    "echo": lambda value: {"echo": value},
    "print": say,
    "complain_bytes": complain,
    "sleep": time.sleep,
    "exit": os._exit,
    "burn": burn,
    "map_bytes": lambda size: {"mapped": len(bytearray(size))},
    "look": look,
    "harden": lambda extra: {"missed": child.harden(extra)},
}


if __name__ == "__main__":
    child.bind_to_parent()
    child.serve(handle, greeting={"name": "obedient"})
