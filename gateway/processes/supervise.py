"""The parent's side: start a child, ask it under a deadline, end it for good.

A child that died or was late is killed and reaped before the caller hears of it, so nothing lingers and no
late answer is taken for the next one. Children are started from the event loop's thread only: the kernel
ties a child's life to the *thread* that started it. Times in seconds.
"""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Protocol, Self

from gateway.processes import frames
from gateway.processes.limits import PARENT_PID
from gateway.processes.line import Line

_KEPT_VARIABLES = ("PYTHONPATH", "LD_LIBRARY_PATH")
"""All a child inherits: what the interpreter may need to find itself and its packages."""
_GRACE_SECONDS = 0.5
_POLL_SECONDS = 0.002
_LAST_WORDS_BYTES = 65536


class ChildError(Exception):
    """A child did not answer; it is gone by the time this is raised."""


class ChildDiedError(ChildError):
    """A child ended instead of answering."""

    def __init__(self, *, module: str, status: int | None, last_words: str = "") -> None:
        super().__init__(f"the child {module} ended ({_how(status)}) instead of answering")
        self.module = module
        self.status = status
        """Exit status; negative is the signal that ended it, `None` is unknown."""
        self.last_words = last_words
        """Its error stream; may quote what it worked on, so it is for a developer's eyes and no log."""


class ChildTimeoutError(ChildError):
    """A child did not answer in time and was killed."""

    def __init__(self, *, module: str, deadline_seconds: float) -> None:
        super().__init__(f"the child {module} gave no answer within {deadline_seconds:g} s and was killed")
        self.module, self.deadline_seconds = module, deadline_seconds


class Process(Protocol):
    """What `Child` needs of a process, however it came to be."""

    pid: int

    def kill(self) -> None:
        """Send SIGKILL, unless it has been reaped."""
        ...

    async def wait(self) -> int | None:
        """Wait until it has ended and reap it; gives the exit status where it can be known."""
        ...


class Child:
    """One child process and the conversation with it, one message in flight."""

    def __init__(self, process: Process, stream: socket.socket, *, module: str, errors: int | None = None) -> None:
        self.module = module
        self.requests = 0
        """How many messages it has answered."""
        self.greeting: Mapping[str, Any] = {}
        """What it said when it was ready, such as the limits that could not be set."""
        self._process, self._stream, self._errors = process, stream, errors
        self._turn = asyncio.Lock()
        self._ended = False
        self._line = Line()

    @classmethod
    async def spawn(
        cls,
        module: str,
        *,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        descriptors: Sequence[int] = (),
        start_seconds: float = 60.0,
    ) -> Self:
        """Start `python -m module` and wait until it is ready.

        Args:
            module: must call `gateway.processes.child.serve`.
            arguments: its command line.
            environment: its whole environment, but for what python needs to find its packages.
            descriptors: open descriptors it inherits; all others stay closed to it.
            start_seconds: how long it may take to be ready.

        Raises:
            ChildDiedError: it ended before it was ready; `last_words` says why.
            ChildTimeoutError: it was not ready in time.
        """
        ours, theirs = socket.socketpair()
        errors, their_errors = os.pipe()
        os.set_blocking(errors, False)
        # A full error pipe drops text instead of stopping the child.
        os.set_blocking(their_errors, False)
        with theirs, os.fdopen(their_errors, "wb") as complaints:
            streams = (theirs.fileno(), complaints.fileno())
            process = _Spawned([module, *arguments], streams, environment or {}, descriptors)
        child = cls(process, ours, module=module, errors=errors)
        await child.greet(start_seconds)
        return child

    async def greet(self, start_seconds: float) -> None:
        """Wait until the process is ready.

        Raises:
            ChildError: it is not, and is gone.
        """
        await asyncio.get_running_loop().create_unix_connection(lambda: self._line, sock=self._stream)
        self.greeting = await self._within(self._line.receive(), start_seconds)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can still be asked."""
        return not self._ended and not self._line.ended

    async def request(self, message: Mapping[str, Any], *, deadline_seconds: float) -> dict[str, Any]:
        """Ask, and wait for the answer; a second caller waits for its turn.

        A caller that is cancelled takes the child with it, because its answer would come later.

        Raises:
            ChildDiedError: it ended.
            ChildTimeoutError: no answer in time.
            FrameTooLargeError: the message is too long; nothing was sent.
        """
        frame = frames.encode(message)
        async with self._turn:
            answer = await self._within(self._exchange(frame), deadline_seconds)
            self.requests += 1
            return answer

    def kill(self) -> None:
        """End it at once, whatever it does; `close` reaps it."""
        self._ended = True
        self._process.kill()
        self._line.cut()

    async def close(self) -> None:
        """Hang up, which ends an idle child, and kill one that stays; returns when it is gone."""
        if self.alive and not self._turn.locked():
            self._ended = True
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(_GRACE_SECONDS):
                    self._line.hang_up()
                    await self._line.lost()
        await self._end()
        self._last_words()

    async def _exchange(self, frame: bytes) -> dict[str, Any]:
        if not self.alive:
            raise EOFError
        self._line.send(frame)
        return await self._line.receive()

    async def _within(self, answer: Awaitable[dict[str, Any]], seconds: float) -> dict[str, Any]:
        try:
            async with asyncio.timeout(seconds):
                return await answer
        except TimeoutError:
            await self._end()
            raise ChildTimeoutError(module=self.module, deadline_seconds=seconds) from None
        except (OSError, EOFError, ValueError):
            status = await self._end()
            raise ChildDiedError(module=self.module, status=status, last_words=self._last_words()) from None
        except BaseException:
            await self._end()
            raise

    async def _end(self) -> int | None:
        self.kill()
        await self._line.lost()
        return await self._process.wait()

    def _last_words(self) -> str:
        if self._errors is None:
            return ""
        errors, self._errors = self._errors, None
        with os.fdopen(errors, "rb") as stream:
            return (stream.read(_LAST_WORDS_BYTES) or b"").decode(errors="replace")


class _Spawned:
    """A process started from scratch."""

    def __init__(
        self,
        command: Sequence[str],
        streams: tuple[int, int],
        environment: Mapping[str, str],
        descriptors: Sequence[int],
    ) -> None:
        kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        self._process = subprocess.Popen(  # noqa: S603  # our own interpreter, modules named by our own code
            [sys.executable, "-P", "-m", *command],
            stdin=streams[0],
            stdout=streams[0],
            stderr=streams[1],
            env={**kept, **environment, PARENT_PID: str(os.getpid())},
            pass_fds=tuple(descriptors),
            # Ctrl-C on a terminal is for the parent, which then ends its children in order.
            start_new_session=True,
        )
        self.pid = self._process.pid

    def kill(self) -> None:
        self._process.kill()

    async def wait(self) -> int | None:
        while (status := self._process.poll()) is None:  # noqa: ASYNC110  # no watcher: they differ between event loops
            await asyncio.sleep(_POLL_SECONDS)
        return status


def _how(status: int | None) -> str:
    if status is None:
        return "status unknown"
    if status < 0:
        return signal.Signals(-status).name
    return f"exit status {status}"
