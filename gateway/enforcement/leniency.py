"""What keeps rules from denying, from memory: asked for every decision, read when somebody wrote."""

from dataclasses import dataclass
from typing import Final

import structlog

from gateway.domain.clock import Clock
from gateway.domain.decision import Decision
from gateway.domain.leniency import BreakGlass, Leniency, Override, Stop, cohort
from gateway.domain.principal import Caller
from gateway.store import leniency as rows
from gateway.store.engine import Database
from gateway.telemetry import events
from gateway.telemetry.metrics import Metrics

BROKEN: Final = "main/break-glass"
"""The warning that policy gives with every decision while the glass is broken."""
log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Lenient:
    """Overrides, broken glasses and stopped rollouts in force."""

    database: Database
    clock: Clock
    overrides: tuple[Override, ...] = ()
    glasses: tuple[BreakGlass, ...] = ()
    stops: tuple[Stop, ...] = ()

    async def refresh(self) -> None:
        """Read them again: at the start, and when another process wrote."""
        now = self.clock.now()
        async with self.database.reading() as connection:
            overrides = await rows.overrides(connection, since=now)
            glasses = await rows.glasses(connection, since=now)
            stops = await rows.stops(connection)
        self.overrides, self.glasses = tuple(overrides), tuple(glasses)
        self.stops = tuple(each for each in stops if each.resumed_at is None)

    @property
    def glass(self) -> BreakGlass | None:
        """Give the emergency of this moment, if there is one."""
        now = self.clock.now()
        return next((each for each in self.glasses if each.in_force(now)), None)

    def towards(self, caller: Caller) -> Leniency:
        """Say what holds for a caller now."""
        project, now = caller.project.id, self.clock.now()
        who = {"project_id": project, "principal_id": caller.principal.id}
        return Leniency(
            cohort=cohort(project),
            overrides=tuple(each for each in self.overrides if each.in_force(now) and each.covers(**who)),
            stopped=tuple(each.rule for each in self.stops),
            glass=self.glass,
        )


def tell_of_glass(metrics: Metrics, decision: Decision) -> None:
    """Count and log a decision under break-glass; its entry names the warning."""
    for each in decision.warn:
        if each.rule == BROKEN:
            metrics.policy.glass_broken()
            log.warning(events.GLASS_BROKEN, decision_id=decision.id, message=each.message)
