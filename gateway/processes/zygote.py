"""The child that has children: it imports once, then forks a warm worker whenever the parent asks.

Importing qiskit takes seconds, a fork milliseconds, and the memory is shared. The zygote itself never sees a
foreign byte. It holds a single thread, or a fork would copy locks that nobody is left to open. It reaps a
worker only when asked, so a worker's pid stays its own for as long as the parent may kill it.

Messages: `{"fork": true}` (the worker's socket waits in the passage) -> `{"pid"}`; `{"reap": pid}` -> `{"status"}`.
"""

import gc
import os
import socket
import traceback
from collections.abc import Mapping
from typing import Any, BinaryIO, NoReturn

from gateway.processes.child import Handle, bind_to_parent, converse, take_streams


def serve_forks(handle: Handle, passage: int, *, greeting: Mapping[str, Any] | None = None) -> None:
    """Fork workers that answer with `handle`, until the parent closes its end.

    Args:
        handle: answers one message, in a worker.
        passage: descriptor of the socket through which each worker's own socket arrives.
        greeting: what the parent may want to know.
    """
    # The workers share these pages for as long as no collection writes into them.
    gc.collect()
    gc.freeze()
    source, sink = take_streams()
    with socket.socket(fileno=passage) as gate:
        converse(source, sink, _Zygote(handle, gate, (source, sink)).answer, greeting=greeting)


class _Zygote:
    def __init__(self, handle: Handle, gate: socket.socket, streams: tuple[BinaryIO, BinaryIO]) -> None:
        self._handle, self._gate, self._streams = handle, gate, streams
        self._pid = os.getpid()

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        if "reap" in message:
            return {"status": os.waitstatus_to_exitcode(os.waitpid(message["reap"], 0)[1])}
        _, (descriptor, *_), _, _ = socket.recv_fds(self._gate, 1, 1)
        pid = os.fork()
        if pid == 0:
            self._work(descriptor)
        os.close(descriptor)
        return {"pid": pid}

    def _work(self, descriptor: int) -> NoReturn:
        """Be a worker. Leaves by `os._exit` alone: nothing of the zygote may be unwound twice."""
        try:
            bind_to_parent(self._pid)
            for stream in (*self._streams, self._gate):
                stream.close()
            with os.fdopen(descriptor, "rb") as source, os.fdopen(os.dup(descriptor), "wb") as sink:
                converse(source, sink, self._handle)
        except BaseException:  # noqa: BLE001  # a worker that goes on would act as a second zygote
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
