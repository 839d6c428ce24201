"""Overrides: a soft rule that does not deny for one project or one principal, until a moment, with a reason."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from gateway.casework.entries import OPERATOR, AdminEntries
from gateway.casework.names import UnknownNameError, checked_reason
from gateway.casework.principals import Principals
from gateway.casework.projects import Projects
from gateway.domain.clock import Clock, rfc3339
from gateway.domain.errors import RefusedError
from gateway.domain.leniency import Override
from gateway.policy.levels import Levels
from gateway.policy.live import Current
from gateway.store import leniency
from gateway.store.engine import Database

PERMISSION: Final = "policy.override"


class OverrideRefusedError(RefusedError):
    """An override that would lift nothing, hold for too long, or be made by whom it is for."""

    code = "override-refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """Makes, lists and ends overrides. Each stands by itself: of two on one rule both must end."""

    database: Database
    entries: AdminEntries
    clock: Clock
    projects: Projects
    principals: Principals
    policies: Current
    longest: timedelta

    async def every(self) -> list[Override]:
        """List all overrides, those that are over too, oldest first."""
        async with self.database.reading() as connection:
            return await leniency.overrides(connection)

    async def new(
        self,
        rule: str,
        *,
        project: str | None,
        principal: str | None,
        lasting: timedelta,
        reason: str,
        by: str = OPERATOR,
    ) -> Override:
        """Lift a soft rule for a project, a principal (by name or id), or a principal in a project, from now on.

        Raises:
            UnknownNameError: there is no such rule, project or principal.
            OverrideRefusedError: it would lift nothing, or hold too long, or is made by whom it is for.
            ReasonRefusedError: there is no reason, or it does not fit on a line.
        """
        self._check(rule, lasting)
        if project is None and principal is None:
            raise OverrideRefusedError("name the project, the principal, or both, that the rule is lifted for")
        whose = None if principal is None else await self.principals.named(principal)
        if whose is not None and whose.id == by:
            raise OverrideRefusedError("nobody overrides a rule for themselves; ask somebody else who may")
        now = self.clock.now()
        override = Override(
            id=self.entries.new_id(),
            rule=rule,
            project_id=None if project is None else (await self.projects.named(project)).id,
            principal_id=None if whose is None else whose.id,
            reason=checked_reason(reason),
            by=by,
            at=now,
            until=now + lasting,
        )
        people = {} if whose is None else {"principal": (whose.id, whose.name)}
        await self._record("policy.override_set", override, by, people)
        return override

    async def end(self, override_id: str, *, by: str = OPERATOR) -> Override:
        """Let the rule deny again; ending twice changes nothing.

        Raises:
            UnknownNameError: there is no such override.
        """
        known = await self.every()
        found = next((each for each in known if each.id == override_id), None)
        now = self.clock.now()
        if found is None:
            raise UnknownNameError("override", override_id, (each.id for each in known if each.in_force(now)))
        if not found.in_force(now):
            return found
        ended = replace(found, ended_at=now)
        await self._record("policy.override_ended", ended, by, {})
        return ended

    def _check(self, rule: str, lasting: timedelta) -> None:
        levels = Levels.of(self.policies.bundle)
        if rule not in levels.rules:
            raise UnknownNameError("rule", rule, levels.rules)
        if (level := levels.row(rule).level) != "soft":
            raise OverrideRefusedError(
                f"the level of {rule} is {level}, and only soft rules are overridden; see data.org.enforcement"
            )
        if not timedelta() < lasting <= self.longest:
            raise OverrideRefusedError(
                f"an override holds for {self.longest.days} days at most; policy.override_days says so"
            )

    async def _record(self, type_: str, override: Override, by: str, people: Mapping[str, tuple[str, str]]) -> None:
        told = {
            "override": override.id,
            "rule": override.rule,
            "until": rfc3339(override.until),
            "reason": override.reason,
        }
        await self.entries.record(
            type_,
            by=by,
            project_id=override.project_id,
            rows=(leniency.write(override),),
            body=told,
            people=people,
        )
