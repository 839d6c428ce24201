"""A replica's lease: how long it may act without having heard from the database that it is still counted in.

The time is the machine's since its boot, suspension included: a process that was stopped, or a machine that slept,
finds its lease run out although its own clocks stood still.
"""

import time
from typing import Final

from gateway.domain.errors import UnavailableError

MARGIN: Final = 0.2
"""The share of a lease that is kept back: what is allowed now must be over before others believe that it ended."""


class LeaseLostError(UnavailableError):
    """This gateway has not heard from its database for so long that another one may have taken its work over."""

    code = "lease-lost"

    def __init__(self) -> None:
        super().__init__(
            "this gateway was away from its database for so long that another may have taken its work over; "
            "nothing was sent, try again"
        )


class Lease:
    """Renewed by every heartbeat that arrived; it counts from the moment before the heartbeat was sent."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._until = float("-inf")

    def renewed(self, asked_at: float) -> None:
        """Count anew from the moment before the database was asked."""
        self._until = asked_at + self.seconds * (1 - MARGIN)

    def end(self) -> None:
        """Let it be over: this replica is counted out."""
        self._until = float("-inf")

    def check(self) -> None:
        """Make sure that nobody else can have taken this replica's work over.

        Raises:
            LeaseLostError: somebody may have.
        """
        if now() >= self._until:
            raise LeaseLostError


def now() -> float:
    """Give the seconds since this machine's boot, suspension included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
