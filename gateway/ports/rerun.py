"""Running a program once more, away from any job: what `gateway replay` compares a job's result with.

A rerun has no permit, because nothing leaves this machine and no job's result changes by it.
"""

from dataclasses import dataclass, field
from typing import Protocol

from gateway.domain.backend import Calibration
from gateway.domain.circuit import ProgramFacts
from gateway.domain.errors import RefusedError
from gateway.domain.result import ProgramResult


class RerunFailedError(RefusedError):
    """The simulator cannot run a program again; the message says why."""

    code = "rerun-failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerun:
    """One program to run, and under which conditions."""

    reader: str
    """Whose words the body is in."""
    body: bytes = field(repr=False)
    facts: ProgramFacts
    seed: int | None
    """`None` draws one, unless the program names its own."""
    calibration: Calibration | None
    """Where noise comes from; `None` runs ideally."""


class Rerunner(Protocol):
    """A simulator that runs programs without jobs."""

    async def run(self, rerun: Rerun) -> ProgramResult:
        """Run one program.

        Raises:
            RerunFailedError: it is too large, or the simulator cannot.
        """
        ...

    async def close(self) -> None:
        """End every process it started."""
        ...
