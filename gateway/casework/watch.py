"""The watch over limits: says once, to everybody who should hear it, that a limit fills up or fills up too fast.

A warning is an entry of the ledger, a line in the log, and a letter for each webhook, durable together with the row
that keeps any other process, or this one after a crash, from saying it again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog

from gateway.casework import amounts
from gateway.casework.entries import GATEWAY, AdminEntries
from gateway.casework.letters import cloud_event
from gateway.domain.budget import Level, Period, Standing
from gateway.domain.clock import Clock, rfc3339
from gateway.store import books, limits, warnings
from gateway.store.commit import WriteRefusedError
from gateway.store.engine import Database
from gateway.store.warnings import Letter, Warned
from gateway.telemetry import events
from gateway.telemetry.metrics import Metrics

PACE: Final = "pace"
"""The threshold of a burn rate."""
_HALF, _MOST, _FULL = 50, 80, 100
_BURNING: Final = 2
"""How many times faster than evenly a window may fill up before people hear of it."""
_PACE_FROM: Final = 10
"""Percent of a limit below which no pace is told: the first job of a month is no trend."""
_MICROSECOND: Final = timedelta(microseconds=1)
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Looks at every limit's standing."""

    database: Database
    entries: AdminEntries
    clock: Clock
    metrics: Metrics
    webhooks: Sequence[str]
    """Who gets a letter about each warning."""
    source: str
    """Name of this deployment, as CloudEvents call where an event comes from."""

    async def look(self) -> None:
        """Show every standing in the metrics, and tell what nobody was told yet.

        Raises:
            UnavailableError: the ledger takes no entry; it is told the next time.
        """
        now = self.clock.now()
        async with self.database.reading() as connection:
            live = [each for each in await limits.every(connection) if each.removed_at is None]
            standings = await books.standings(connection, live, now)
            told = await warnings.told(connection, [each.id for each in live])
        self.metrics.budgets.show(standings)
        for standing in standings:
            for threshold in crossed(standing, now):
                warned = _warned(standing, threshold, now)
                if warned not in told:
                    await self._tell(standing, warned)

    async def _tell(self, standing: Standing, warned: Warned) -> None:
        event_id, at, limit = self.entries.new_id(), self.clock.now(), standing.limit
        type_ = "limit.burning" if warned.threshold == PACE else "limit.crossed"
        body = cloud_event(
            self.source,
            event_id,
            type_,
            at,
            subject=limit.name,
            data={**_data(standing), "threshold": warned.threshold},
        )
        try:
            await self.entries.record(
                type_,
                by=GATEWAY,
                project_id=limit.target if limit.level is Level.PROJECT else None,
                rows=(
                    warnings.write(warned, event_id=event_id, at=at),
                    *(
                        warnings.write_letter(Letter(event_id=event_id, webhook=name, body=body), at=at)
                        for name in self.webhooks
                    ),
                ),
                body=_told(standing, warned),
                people={"name": (limit.id, limit.name)},
                event_id=event_id,
            )
        except WriteRefusedError:
            # Another process told it between our look and our entry.
            return
        event = events.LIMIT_BURNING if warned.threshold == PACE else events.LIMIT_CROSSED
        log.warning(event, limit=limit.name, threshold=warned.threshold, event_id=event_id)


def crossed(standing: Standing, at: datetime) -> Iterator[str]:
    """Give the thresholds that a limit has reached: percents of what is allowed, and its pace."""
    taken, allowed = standing.held + standing.settled, standing.allowed
    if taken <= 0:
        return
    soft = standing.limit.soft_amount
    if taken * 100 >= allowed * _HALF:
        yield str(_HALF)
    if taken >= soft if soft is not None else taken * 100 >= allowed * _MOST:
        yield str(_MOST)
    if taken >= allowed:
        yield str(_FULL)
    if _burns(standing, at):
        yield PACE


def _burns(standing: Standing, at: datetime) -> bool:
    """Say whether a calendar window, not full yet, fills up at twice the pace that would fill it evenly."""
    begins, ends = standing.begins_at, standing.resets_at
    if begins is None or ends is None or standing.limit.window.period is Period.ROLLING:
        return False
    taken = standing.held + standing.settled
    if taken * 100 < standing.allowed * _PACE_FROM or taken >= standing.allowed:
        return False
    # Money in micros times a span of time is more than a `timedelta` holds.
    whole, passed = ((moment - begins) // _MICROSECOND for moment in (ends, at))
    return taken * whole >= _BURNING * standing.allowed * passed


def _warned(standing: Standing, threshold: str, at: datetime) -> Warned:
    return Warned(
        limit_id=standing.limit.id,
        window_start=_window(standing, at),
        allowed=standing.allowed,
        threshold=threshold,
    )


def _window(standing: Standing, at: datetime) -> str:
    """Name the window in which something is told once: the limit's own, or the day where it has none that resets."""
    period = standing.limit.window.period
    if period is Period.TOTAL:
        return ""
    if period in {Period.ROLLING, Period.OPEN} or standing.begins_at is None:
        return at.astimezone(UTC).date().isoformat()
    return rfc3339(standing.begins_at)


def _told(standing: Standing, warned: Warned) -> dict[str, Any]:
    """Give what the ledger says of a warning."""
    limit = standing.limit
    return {
        "limit": limit.id,
        "unit": limit.unit.value,
        "currency": limit.currency,
        "threshold": warned.threshold,
        "window": warned.window_start,
        "allowed": standing.allowed,
        "held": standing.held,
        "settled": standing.settled,
    }


def _data(standing: Standing) -> Mapping[str, Any]:
    limit = standing.limit
    figures = {
        "allowed": standing.allowed,
        "soft": limit.soft_amount,
        "held": standing.held,
        "settled": standing.settled,
        "left": standing.left,
    }
    return {
        "limit": limit.name,
        "level": limit.level.value,
        "unit": amounts.WORDS[limit.unit],
        "currency": limit.currency or None,
        "period": limit.window.period.value,
        **{name: None if value is None else amounts.show(value, limit.unit) for name, value in figures.items()},
        "begins_at": None if standing.begins_at is None else rfc3339(standing.begins_at),
        "resets_at": None if standing.resets_at is None else rfc3339(standing.resets_at),
    }
