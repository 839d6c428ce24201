"""The parent's side of a zygote: a source of warm workers that cost a fork each. Times in seconds."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Mapping, Sequence
from typing import Any, Self

from gateway.processes.supervise import Child, ChildError

_FORK_SECONDS = 5.0


class Nursery:
    """One zygote and the workers it forked; when the zygote dies, so do they."""

    def __init__(self, zygote: Child, gate: socket.socket) -> None:
        self._zygote, self._gate = zygote, gate

    @classmethod
    async def spawn(
        cls,
        module: str,
        *,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        start_seconds: float = 60.0,
    ) -> Self:
        """Start `python -m module PASSAGE arguments…`, which must call `gateway.processes.zygote.serve_forks`.

        Raises:
            ChildError: it did not get ready.
        """
        gate, passage = socket.socketpair()
        gate.settimeout(0)
        try:
            with passage:
                descriptor = passage.fileno()
                zygote = await Child.spawn(
                    module,
                    arguments=(str(descriptor), *arguments),
                    environment=environment,
                    descriptors=(descriptor,),
                    start_seconds=start_seconds,
                )
        except BaseException:
            gate.close()
            raise
        return cls(zygote, gate)

    @property
    def greeting(self) -> Mapping[str, Any]:
        """What the zygote said when it was ready."""
        return self._zygote.greeting

    @property
    def alive(self) -> bool:
        """Whether it can still fork."""
        return self._zygote.alive

    @property
    def pid(self) -> int:
        """The zygote's process id."""
        return self._zygote.pid

    async def fork(self) -> Child:
        """Fork one worker and wait until it is ready.

        Raises:
            ChildError: the zygote or the new worker is gone.
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                self._pass(theirs)
                answer = await self._zygote.request({"fork": True}, deadline_seconds=_FORK_SECONDS)
        except BaseException:
            ours.close()
            raise
        worker = Child(_Forked(answer["pid"], self._zygote), ours, module=self._zygote.module)
        await worker.greet(_FORK_SECONDS)
        return worker

    async def close(self) -> None:
        """End the zygote; workers that still live end with it."""
        await self._zygote.close()
        self._gate.close()

    def _pass(self, theirs: socket.socket) -> None:
        # A zygote that is gone is reported by the request that follows.
        with contextlib.suppress(OSError):
            socket.send_fds(self._gate, [b"\0"], [theirs.fileno()])


class _Forked:
    """A process that the zygote forked; only the zygote can reap it."""

    def __init__(self, pid: int, zygote: Child) -> None:
        self.pid = pid
        self._zygote = zygote
        self._reaped = False

    def kill(self) -> None:
        # Without its zygote it is ending already, and its number may soon be somebody else's.
        if not self._reaped and self._zygote.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    async def wait(self) -> int | None:
        if self._reaped:
            return None
        # Set first: from here on the number may be given to somebody else.
        self._reaped = True
        # A caller that is cancelled must not take the zygote with it, as it would in the middle of a request.
        return await asyncio.shield(asyncio.create_task(self._reap()))

    async def _reap(self) -> int | None:
        try:
            answer = await self._zygote.request({"reap": self.pid}, deadline_seconds=_FORK_SECONDS)
        except ChildError:
            return None
        status: int = answer["status"]
        return status
