"""Rules that deny for a share of the projects: how they fare, and their stop when they deny too much.

Counted in the index of the ledger by the process that leads, so that all replicas count and a restart forgets nothing.
Several people must be denied: one alone, who asks for it again and again, stops no rule. A stopped rule is advisory
for everybody until a person lets it go on.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from gateway.casework.entries import GATEWAY, OPERATOR, AdminEntries
from gateway.casework.names import UnknownNameError, checked_reason
from gateway.domain.clock import Clock
from gateway.domain.leniency import Stop, cohort
from gateway.policy.levels import Levels, Surge
from gateway.policy.live import Current
from gateway.store import leniency, surges
from gateway.store.engine import Database
from gateway.telemetry import events
from gateway.telemetry.metrics import Metrics

PERMISSION: Final = "policy.manage"
_DEFAULT: Final = Surge(denials=20, minutes=10, people=3, percent=20)
"""What counts where the table says nothing that can be read."""
_WHOLE: Final = 100
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """One rule that is rolled out, and what it did of late to the projects that it has reached."""

    rule: str
    percent: int
    decided: int
    denied: int
    people: int
    stop: Stop | None
    """Since when it denies nobody."""

    def surges(self, surge: Surge) -> bool:
        """Say whether it denies too much."""
        many = self.denied >= surge.denials and self.people >= surge.people
        return many and self.denied * _WHOLE > self.decided * surge.percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollouts:
    """Watches, lists and resumes rollouts."""

    database: Database
    entries: AdminEntries
    clock: Clock
    policies: Current
    metrics: Metrics

    async def every(self) -> list[Rollout]:
        """Say of every rule that is rolled out how it fares."""
        levels = Levels.of(self.policies.bundle)
        if not levels.rollouts:
            return []
        stops = await self._stops()
        since = self.clock.now() - timedelta(minutes=(levels.surge or _DEFAULT).minutes)
        return [await self._fared(rule, percent, stops, since) for rule, percent in levels.rollouts.items()]

    async def look(self, changed: Callable[[], Awaitable[None]]) -> None:
        """Stop what denies too much; `changed` hears of it.

        Raises:
            UnavailableError: the ledger takes no entry; it is tried again.
        """
        surge = Levels.of(self.policies.bundle).surge or _DEFAULT
        rollouts = await self.every()
        for each in rollouts:
            if each.stop is None and each.surges(surge):
                await self._stop(each)
                await changed()
        self.metrics.policy.rollouts({each.rule: each.stop is not None for each in rollouts})

    async def resume(self, rule: str, *, reason: str, by: str = OPERATOR) -> list[Stop]:
        """Let a stopped rule deny again for its share; what it denied before counts no longer.

        Raises:
            UnknownNameError: no rollout of that rule is stopped.
            ReasonRefusedError: there is no reason, or it does not fit on a line.
        """
        told = checked_reason(reason)
        standing = [each for each in await self._stops() if each.resumed_at is None]
        found = [each for each in standing if each.rule == rule]
        if not found:
            raise UnknownNameError("stopped rollout of", rule, (each.rule for each in standing))
        resumed = [replace(each, resumed_at=self.clock.now()) for each in found]
        await self._record("policy.rollout_resumed", resumed, by, {"reason": told})
        return resumed

    async def _fared(self, rule: str, percent: int, stops: Sequence[Stop], since: datetime) -> Rollout:
        own = [each for each in stops if each.rule == rule]
        begun = max([since, *(each.resumed_at for each in own if each.resumed_at is not None)])
        async with self.database.reading() as connection:
            tallies = await surges.tallies(connection, rule, since=begun)
        reached = [each for each in tallies if cohort(each.project_id) < percent]
        return Rollout(
            rule=rule,
            percent=percent,
            decided=sum(each.decided for each in reached),
            denied=sum(each.denied for each in reached),
            people=len({each.subject for each in reached if each.denied}),
            stop=next((each for each in own if each.resumed_at is None), None),
        )

    async def _stop(self, each: Rollout) -> None:
        stop = Stop(
            id=self.entries.new_id(), rule=each.rule, denied=each.denied, decided=each.decided, at=self.clock.now()
        )
        more = {"denied": each.denied, "decided": each.decided, "people": each.people}
        await self._record("policy.rollout_stopped", [stop], GATEWAY, more)
        log.error(events.ROLLOUT_STOPPED, rule=each.rule, denied=each.denied, decided=each.decided)

    async def _stops(self) -> list[Stop]:
        async with self.database.reading() as connection:
            return await leniency.stops(connection)

    async def _record(self, type_: str, stops: Sequence[Stop], by: str, more: dict[str, Any]) -> None:
        await self.entries.record(
            type_,
            by=by,
            project_id=None,
            rows=[leniency.write(each) for each in stops],
            body={"rule": stops[0].rule, **more},
            people={},
        )
