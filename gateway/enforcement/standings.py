"""Where the limits stand that count a caller's jobs: one read, and none while nothing limits them."""

from dataclasses import dataclass

import structlog

from gateway.domain.budget import Limit, Payer, Standing
from gateway.domain.clock import Clock
from gateway.domain.principal import Caller
from gateway.routing.fleet import Fleet
from gateway.store import books
from gateway.store.engine import Database
from gateway.store.limits import LimitView
from gateway.telemetry import events

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standings:
    """Reads the books for one caller. What is read is old at once: the reservation is the database's to decide."""

    database: Database
    limits: LimitView
    fleet: Fleet
    clock: Clock

    async def standings(self, caller: Caller) -> tuple[Standing, ...]:
        """Give every limit that counts a caller's jobs anywhere, as it stands now."""
        counting = self._counting(caller)
        if not counting:
            return ()
        async with self.database.reading() as connection:
            return tuple(await books.standings(connection, counting, self.clock.now()))

    async def known(self, caller: Caller) -> tuple[Standing, ...] | None:
        """Give the same for facts; `None`, on which policy denies, when the books cannot be read."""
        try:
            return await self.standings(caller)
        except Exception:
            # Whatever it was: a job must not go because somebody could not find out what is left.
            log.exception(events.BUDGETS_UNREAD, key_id=caller.key.id)
            return None

    def _counting(self, caller: Caller) -> tuple[Limit, ...]:
        """Take limits of every upstream: a job may be placed at another one than it asked for."""
        if not self.limits.live():
            return ()
        places = ("", *self.fleet.upstreams)
        return tuple({limit.id: limit for each in places for limit in self.limits.of(payer(caller, each))}.values())


def payer(caller: Caller, upstream: str, backend: str = "") -> Payer:
    """Say on whose account a caller's jobs run."""
    return Payer(
        team=caller.project.team,
        project_id=caller.project.id,
        principal_id=caller.principal.id,
        key_id=caller.key.id,
        upstream=upstream,
        backend=backend,
    )
