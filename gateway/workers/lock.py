"""One serving process per state directory. The kernel drops the lock with its holder, however it dies."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from gateway.domain.errors import RefusedError

_WAIT_SECONDS: Final = 5.0
"""How long a new generation waits for the old one to be gone after its supervisor was killed."""
_PAUSE_SECONDS: Final = 0.05
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


class StateLockedError(RefusedError):
    """Another gateway serves from the same state directory."""

    code = "state-locked"

    def __init__(self, *, holder: str) -> None:
        super().__init__(
            f"another gateway (process {holder}) serves from this state directory; stop it, or choose another state_dir"
        )


@asynccontextmanager
async def exclusive(state_dir: Path) -> AsyncIterator[str]:
    """Hold the directory's lock for as long as this process serves; gives a name for what is held.

    Nobody else holds that name at the same time: it names the kernel, by its boot, and the locked file in it.

    Raises:
        StateLockedError: somebody else still holds it after five seconds; the message names the process.
    """
    descriptor = os.open(state_dir / "serve.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        await _take(descriptor)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        file = os.fstat(descriptor)
        yield f"{_BOOT.read_text().strip()}:{file.st_dev}:{file.st_ino}"
    finally:
        os.close(descriptor)


async def _take(descriptor: int) -> None:
    for _ in range(int(_WAIT_SECONDS / _PAUSE_SECONDS)):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            return
    raise StateLockedError(holder=os.pread(descriptor, 20, 0).decode("ascii", "replace") or "unknown")
