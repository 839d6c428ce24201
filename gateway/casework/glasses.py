"""Break-glass: in an emergency two people together let go what the table names, for some hours.

One person asks and another confirms; neither is enough alone, whatever keys they hold. While the glass is broken
every decision says so, in its warnings and in its entry.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final, Protocol

from gateway.casework.entries import OPERATOR, AdminEntries
from gateway.casework.names import UnknownNameError, checked_reason
from gateway.domain.clock import Clock, rfc3339
from gateway.domain.errors import RefusedError
from gateway.domain.leniency import BreakGlass
from gateway.policy.levels import Levels
from gateway.policy.live import Current
from gateway.store import leniency
from gateway.store.engine import Database

PERMISSION: Final = "policy.break_glass"
WAITS: Final = timedelta(hours=1)
"""How long a request can be confirmed."""


class BreakGlassRefusedError(RefusedError):
    """A glass that cannot be broken so: too long, too late, or by one person alone."""

    code = "break-glass-refused"


class Witnessed(Protocol):
    """Lets a confirmation wait until outsiders have seen that it is about to come."""

    async def __call__(self, glass_id: str, *, by: str) -> None:
        """Announce it, or give way because enough have seen that.

        Raises:
            UnavailableError: not enough have; ask again in a moment.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Glasses:
    """Asks for, confirms, lists and ends emergencies. `by` is always a person, never the operator of the machine."""

    database: Database
    entries: AdminEntries
    clock: Clock
    policies: Current
    longest: timedelta
    witnessed: Witnessed

    async def every(self) -> list[BreakGlass]:
        """List all of them, oldest first."""
        async with self.database.reading() as connection:
            return await leniency.glasses(connection)

    async def request(self, *, reason: str, lasting: timedelta, by: str) -> BreakGlass:
        """Ask for it; nothing is lifted until another person confirms.

        Raises:
            BreakGlassRefusedError: it would hold too long, or nobody in particular asks.
            ReasonRefusedError: there is no reason, or it does not fit on a line.
        """
        _check_person(by)
        if not timedelta() < lasting <= self.longest:
            hours = self.longest // timedelta(hours=1)
            raise BreakGlassRefusedError(f"it holds for {hours} hours at most; policy.break_glass_hours says so")
        now = self.clock.now()
        glass = BreakGlass(
            id=self.entries.new_id(),
            reason=checked_reason(reason),
            seconds=int(lasting.total_seconds()),
            requested_by=by,
            requested_at=now,
            lapses_at=now + WAITS,
        )
        await self._record("policy.break_glass_requested", glass, by, {"seconds": glass.seconds})
        return glass

    async def confirm(self, glass_id: str, *, by: str) -> BreakGlass:
        """Break it, as the second person: from now on the rules that the table names do not deny.

        Raises:
            UnknownNameError: nobody asked for it.
            BreakGlassRefusedError: whoever asked confirms, or it waits no longer.
            UnavailableError: witnesses must see it first; confirm again in a moment.
        """
        _check_person(by)
        glass, now = await self._named(glass_id), self.clock.now()
        if glass.requested_by == by:
            raise BreakGlassRefusedError("whoever asked cannot confirm, with another key neither; ask somebody else")
        if glass.in_force(now) and glass.until is not None:
            raise BreakGlassRefusedError(f"it was confirmed and is in force until {rfc3339(glass.until)}")
        if not glass.waits(now):
            raise BreakGlassRefusedError("this request waits no longer; ask anew")
        await self.witnessed(glass.id, by=by)
        broken = replace(glass, confirmed_by=by, until=now + timedelta(seconds=glass.seconds))
        lifted = list(Levels.of(self.policies.bundle).break_glass)
        told = {"until": rfc3339(now + timedelta(seconds=glass.seconds)), "rules": lifted}
        await self._record("policy.break_glass_confirmed", broken, by, told)
        return broken

    async def end(self, glass_id: str, *, by: str = OPERATOR) -> BreakGlass:
        """Let the rules deny again, or withdraw what was asked for; ending twice changes nothing.

        Raises:
            UnknownNameError: there is none such.
        """
        glass, now = await self._named(glass_id), self.clock.now()
        if not (glass.in_force(now) or glass.waits(now)):
            return glass
        ended = replace(glass, ended_at=now)
        await self._record("policy.break_glass_ended", ended, by, {})
        return ended

    async def _named(self, glass_id: str) -> BreakGlass:
        known, now = await self.every(), self.clock.now()
        found = next((each for each in known if each.id == glass_id), None)
        if found is None:
            left = (each.id for each in known if each.waits(now) or each.in_force(now))
            raise UnknownNameError("break-glass", glass_id, left)
        return found

    async def _record(self, type_: str, glass: BreakGlass, by: str, more: dict[str, Any]) -> None:
        await self.entries.record(
            type_,
            by=by,
            project_id=None,
            rows=(leniency.write(glass),),
            body={"break_glass": glass.id, "reason": glass.reason, **more},
            people={},
        )


def _check_person(by: str) -> None:
    if by == OPERATOR:
        raise BreakGlassRefusedError("two people are needed, and each shows a gateway key of their own")
