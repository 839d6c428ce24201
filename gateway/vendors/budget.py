"""How many requests a second one vendor gets: whoever can wait, waits; whoever cannot, makes the others wait."""

from gateway.vendors.timing import Timing


class Budget:
    """Fills with time, up to one second's worth; submissions may overdraw it by as much."""

    def __init__(self, per_second: float, timing: Timing) -> None:
        self._per_second, self._timing = per_second, timing
        self._most = max(1.0, per_second)
        self._left, self._as_of = self._most, timing.monotonic()

    async def take(self) -> None:
        """Wait for a request's worth, and use it."""
        while (missing := 1.0 - self._refilled()) > 0:
            await self._timing.sleep(missing / self._per_second)
        self._left -= 1.0

    def spend(self) -> None:
        """Use a request's worth without waiting."""
        self._left = max(-self._most, self._refilled() - 1.0)

    def _refilled(self) -> float:
        now = self._timing.monotonic()
        # A millionth more: rounding must not make a waiter sleep again for no time at all.
        self._left = min(self._most, self._left + (now - self._as_of) * self._per_second + 1e-6)
        self._as_of = now
        return self._left
