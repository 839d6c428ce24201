"""The child's side: answer frames one by one until the parent goes.

A child's `main` reads: `bind_to_parent()`, import and warm up, `missed = harden(…)`, `serve(handle)`.
"""

import contextlib
import io
import os
import select
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, TypeAlias

from gateway.processes import frames
from gateway.processes.limits import bind_to_parent, cpu_budget, harden, isolate_network

__all__ = ["Handle", "bind_to_parent", "converse", "cpu_budget", "harden", "isolate_network", "serve", "take_streams"]

Handle: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]
"""Answers one message. What it raises ends the child, so it answers foreign errors with a message of its own."""


def serve(handle: Handle, *, greeting: Mapping[str, Any] | None = None) -> None:
    """Say ready, then answer each message, until the parent closes its end.

    Args:
        handle: answers one message; called in the main thread.
        greeting: what the parent may want to know, such as the limits that could not be set.
    """
    source, sink = take_streams()
    _leave_with_parent(source.fileno())
    converse(source, sink, handle, greeting=greeting)


def take_streams() -> tuple[BinaryIO, BinaryIO]:
    """Take the frames' descriptors away from everybody else: a library's print goes to the error stream."""
    source, sink = os.dup(0), os.dup(1)
    sys.stdout.flush()
    os.dup2(2, 1)
    sys.stdout = sys.stderr = io.TextIOWrapper(_Lossy(), errors="backslashreplace", write_through=True)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return os.fdopen(source, "rb"), os.fdopen(sink, "wb")


def converse(source: BinaryIO, sink: BinaryIO, handle: Handle, *, greeting: Mapping[str, Any] | None = None) -> None:
    """Answer frames until the other end closes."""
    _send(sink, {**(greeting or {}), "ready": True})
    while (message := frames.read(source)) is not None:
        _send(sink, handle(message))


class _Lossy(io.RawIOBase):
    """The error stream, which nobody reads while the child works: what does not fit is dropped."""

    def writable(self) -> bool:
        """Say yes."""
        return True

    def write(self, text: Any, /) -> int:
        """Write what fits."""
        with contextlib.suppress(OSError):
            os.write(2, text)
        return memoryview(text).nbytes


def _send(sink: BinaryIO, message: Mapping[str, Any]) -> None:
    sink.write(frames.encode(message))
    sink.flush()


def _leave_with_parent(descriptor: int) -> None:
    """Exit when the other end hangs up, for systems without a parent-death signal.

    Asking for no events still reports a hang-up, and never a mere message.
    """
    hangup = select.poll()
    hangup.register(descriptor, getattr(select, "POLLRDHUP", 0))

    def watch() -> None:
        hangup.poll()
        os._exit(0)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
