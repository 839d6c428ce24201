"""The end of a process at any step: what it awaits next fails, before or after it was done, and so does all else."""

import asyncio
from functools import wraps


class Crash(BaseException):
    """The process is gone."""


class Doom:
    """Counts what a process awaits of the world outside it, and ends the process at one of these steps."""

    def __init__(self, at):
        self.at, self.steps = at, 0

    @property
    def fell(self):
        """Whether it came to that."""
        return self.steps >= self.at

    def step(self):
        self.steps += 1
        if self.fell:
            raise Crash

    def over(self, process):
        """Let it hang over everything that lasts: the database, the vault, and the vendor."""
        # Nobody is left to ask a task of a dead process what became of it.
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        house, vendor = process.small.house, process.vendor
        parts = {house.writer: ("commit",), house.vault: ("seal", "open")}
        for part, names in [*parts.items(), (vendor, ("submit", "find", "follow"))]:
            for name in names:
                setattr(part, name, self._doomed(getattr(part, name)))

    def _doomed(self, work):
        @wraps(work)
        async def doomed(*given, **named):
            self.step()
            done = await work(*given, **named)
            self.step()
            return done

        return doomed
