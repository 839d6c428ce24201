"""Who follows the ledger at the moment: so many at most, and all let go when the gateway stops."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from gateway.domain.errors import UnavailableError

MOST: Final = 64


class FollowersError(UnavailableError):
    """As many follow the ledger as one gateway lets."""

    code = "followers-full"

    def __init__(self) -> None:
        super().__init__(f"{MOST} follow this ledger here already; close one, or read entries page by page")


@dataclass(slots=True)
class Followers:
    """Counts them."""

    now: int = 0
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the gateway stops."""

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """Count one for as long as it follows.

        Raises:
            FollowersError: there are as many as may be.
        """
        if self.now >= MOST:
            raise FollowersError
        self.now += 1
        try:
            yield
        finally:
            self.now -= 1

    async def rest(self, seconds: float) -> bool:
        """Wait a moment; true when the gateway stops."""
        try:
            async with asyncio.timeout(seconds):
                return await self.ending.wait()
        except TimeoutError:
            return False
