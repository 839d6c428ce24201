"""Limits on money and on use: set, raised, removed, and shown with what is taken from them.

People write names and decimals; here they become ids and whole numbers, or are refused in words. Whether a job fits is
decided by nobody here: the database does it, in the transaction of the permit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import Any, Final

from gateway.casework import amounts
from gateway.casework.entries import OPERATOR, AdminEntries
from gateway.casework.keys import Keys
from gateway.casework.names import UnknownNameError, checked_new
from gateway.casework.principals import Principals
from gateway.casework.projects import Projects
from gateway.domain.budget import Level, Limit, Period, Raise, Standing, Unit, Window
from gateway.domain.clock import Clock, parse_rfc3339, rfc3339
from gateway.domain.errors import RefusedError
from gateway.domain.principal import Caller
from gateway.domain.window import zone
from gateway.ports.registry import Adapter
from gateway.store import books, limits
from gateway.store.books import Difference
from gateway.store.engine import Database

_LONGEST_REASON: Final = 200
_FISCAL: Final = frozenset({Period.QUARTER, Period.YEAR})
_ZONED: Final = frozenset({Period.DAY, Period.WEEK, Period.MONTH, *_FISCAL})
_DATE: Final = len("2026-12-01")


class WindowRefusedError(RefusedError):
    """A limit's windows cannot be cut as they were described."""

    code = "window-refused"


class LimitFixedError(RefusedError):
    """What a limit counts stays; only how much it allows can change."""

    code = "limit-fixed"

    def __init__(self, name: str, what: str) -> None:
        super().__init__(
            f"the limit {name!r} is there already with another {what}, by which its balance was kept; remove it first, "
            "or set one under another name"
        )
        self.name, self.what = name, what


class RaiseRefusedError(RefusedError):
    """A raise of nothing, or of the past."""

    code = "raise-refused"


class LimitReasonError(RefusedError):
    """A raise without a reason, or a reason that does not fit on a line."""

    code = "limit-reason"

    def __init__(self) -> None:
        super().__init__(
            f"the reason has at most {_LONGEST_REASON} printable characters, and a raise has one; the ledger keeps it"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A limit as somebody describes it, in their words."""

    level: Level
    target: str = ""
    """Name (or id) of the team, project, principal or key; empty for the organisation."""
    unit: str = "money"
    amount: str
    currency: str = ""
    per: Period
    zone: str = "UTC"
    fiscal_month: int | None = None
    seconds: int | None = None
    """Length of a rolling window."""
    soft: str | None = None
    upstream: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A limit with the name of its target, as people know it, and how it stands."""

    standing: Standing
    target: str

    @property
    def limit(self) -> Limit:
        """The limit itself."""
        return self.standing.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """Sets, raises, removes and shows limits."""

    database: Database
    entries: AdminEntries
    clock: Clock
    projects: Projects
    principals: Principals
    keys: Keys
    adapters: Mapping[str, Adapter]

    async def every(self, *, caller: Caller | None = None) -> list[Shown]:
        """List the limits in force, oldest first, as they stand now; of a caller's own alone where one is given."""
        async with self.database.reading() as connection:
            live = [each for each in await limits.every(connection) if each.removed_at is None]
            mine = [each for each in live if caller is None or _concerns(each, caller)]
            standings = await books.standings(connection, mine, self.clock.now())
        known = await self._names()
        return [Shown(standing=each, target=known.get(each.limit.target, each.limit.target)) for each in standings]

    async def named(self, name: str, *, caller: Caller | None = None) -> Shown:
        """Find a limit in force by name or id.

        Raises:
            UnknownNameError: there is none, or none that concerns the caller.
        """
        known = await self.every(caller=caller)
        found = next((each for each in known if name in {each.limit.name, each.limit.id}), None)
        if found is None:
            raise UnknownNameError("limit", name, (each.limit.name for each in known))
        return found

    async def set(self, name: str, wish: Wish, *, reason: str = "", by: str = OPERATOR) -> Shown:
        """Set a limit, or change how much one allows that counts the same.

        Raises:
            NameRefusedError, DuplicateNameError: the name could be mistaken for another.
            UnknownNameError: there is no such project, principal, key or upstream.
            AmountRefusedError, CurrencyRefusedError, WindowRefusedError, ZoneUnknownError: the description.
            LimitFixedError: there is one of that name that counts something else.
            LimitChangedError: somebody else was quicker.
            LimitReasonError: the reason does not fit on a line.
        """
        known = await self._live()
        old = next((each for each in known if each.name == name), None)
        new = await self._described(name, wish, old)
        if old is None:
            checked_new("limit", name, (each.name for each in known))
        elif what := _differing(old, new):
            raise LimitFixedError(name, what)
        if new != old:
            before = {} if old is None else {"before": _amounts(old)}
            await self._record("limit.set", new, by, {"reason": _checked_reason(reason), **before}, before=old)
        return await self.named(new.id)

    async def raise_(self, name: str, *, amount: str, until: str, reason: str, by: str = OPERATOR) -> Shown:
        """Allow more for a while; a raise adds to those in force.

        Raises:
            UnknownNameError: there is no such limit.
            AmountRefusedError, RaiseRefusedError: of nothing, or not later than now.
            LimitChangedError: somebody else was quicker.
            LimitReasonError: no reason, or one that does not fit on a line.
        """
        limit, now = (await self.named(name)).limit, self.clock.now()
        more = amounts.parse(amount, limit.unit, limit.currency)
        ends = _moment(until, limit)
        if not more or ends <= now:
            raise RaiseRefusedError("a raise is of more than 0, and ends later than now")
        if not reason.strip():
            raise LimitReasonError
        new = Raise(amount=more, until=ends, reason=_checked_reason(reason), by=by)
        raised = replace(limit, raises=(*limit.raises, new))
        told = {"amount": more, "until": rfc3339(ends), "reason": new.reason}
        await self._record("limit.raised", raised, by, told, before=limit)
        return await self.named(limit.id)

    async def remove(self, name: str, *, reason: str = "", by: str = OPERATOR) -> Limit:
        """Let a limit hold no longer; its name is free again, its history stays.

        Raises:
            UnknownNameError: there is no such limit.
            LimitChangedError: somebody else was quicker.
            LimitReasonError: the reason does not fit on a line.
        """
        limit = (await self.named(name)).limit
        removed = replace(limit, removed_at=self.clock.now())
        await self._record("limit.removed", removed, by, {"reason": _checked_reason(reason)}, before=limit)
        return removed

    async def check(self) -> list[Difference]:
        """Derive every balance from the journal again, and say which are kept otherwise; none should be."""
        async with self.database.reading() as connection:
            return await books.check(connection)

    async def _live(self) -> list[Limit]:
        async with self.database.reading() as connection:
            return [each for each in await limits.every(connection) if each.removed_at is None]

    async def _described(self, name: str, wish: Wish, old: Limit | None) -> Limit:
        unit = amounts.checked_unit(wish.unit)
        currency = amounts.checked_currency(wish.currency, unit)
        now = self.clock.now()
        return Limit(
            id=old.id if old else self.entries.new_id(),
            name=name,
            level=wish.level,
            target=await self._target(wish.level, wish.target),
            unit=unit,
            currency=currency,
            amount=amounts.parse(wish.amount, unit, currency),
            soft_amount=None if wish.soft is None else amounts.parse(wish.soft, unit, currency),
            window=_window(wish),
            upstream=self._upstream(wish.upstream),
            created_at=old.created_at if old else now,
            raises=tuple(each for each in old.raises if now < each.until) if old else (),
        )

    async def _target(self, level: Level, target: str) -> str:
        match level:
            case Level.ORGANISATION:
                return ""
            case Level.TEAM:
                teams = {each.team for each in await self.projects.every() if each.team}
                if target not in teams:
                    raise UnknownNameError("team", target, teams)
                return target
            case Level.PROJECT:
                return (await self.projects.named(target)).id
            case Level.PRINCIPAL:
                return (await self.principals.named(target)).id
            case Level.KEY:
                known = [each.key.id for each in await self.keys.every()]
                if target not in known:
                    raise UnknownNameError("key", target, known)
                return target

    def _upstream(self, upstream: str) -> str:
        known = [name for name, each in self.adapters.items() if each.vendor or each.upstream]
        if upstream and upstream not in known:
            raise UnknownNameError("vendor or simulator", upstream, known)
        return upstream

    async def _names(self) -> Mapping[str, str]:
        projects = {str(each.id): each.name for each in await self.projects.every()}
        return projects | {str(each.id): each.name for each in await self.principals.every()}

    async def _record(
        self, type_: str, limit: Limit, by: str, more: Mapping[str, Any], *, before: Limit | None
    ) -> None:
        known = await self._names()
        people = {"name": (limit.id, limit.name)}
        if limit.target:
            people["target"] = (limit.target, known.get(limit.target, limit.target))
        await self.entries.record(
            type_,
            by=by,
            project_id=limit.target if limit.level is Level.PROJECT else None,
            rows=(limits.write(limit, before=before),),
            body={**_told(limit), **more},
            people=people,
        )


def _concerns(limit: Limit, caller: Caller) -> bool:
    """Say whether a caller's own jobs are counted by a limit, wherever they run."""
    targets = {
        Level.ORGANISATION: "",
        Level.TEAM: caller.project.team,
        Level.PROJECT: caller.project.id,
        Level.PRINCIPAL: caller.principal.id,
        Level.KEY: caller.key.id,
    }
    return limit.target == targets[limit.level]


def _window(wish: Wish) -> Window:
    if (wish.per is Period.ROLLING) != (wish.seconds is not None):
        raise WindowRefusedError("a rolling window has a length in seconds, such as 86400, and no other window has one")
    if wish.seconds is not None and wish.seconds < 1:
        raise WindowRefusedError("a rolling window is at least one second long")
    if wish.fiscal_month is not None and wish.per not in _FISCAL:
        raise WindowRefusedError("only quarters and years begin with a fiscal year; leave the fiscal month out")
    if wish.fiscal_month is not None and wish.fiscal_month not in range(1, 13):
        raise WindowRefusedError(f"{wish.fiscal_month} is no month; the fiscal year begins in one from 1 to 12")
    if wish.zone != "UTC" and wish.per not in _ZONED:
        raise WindowRefusedError(f"a window of the kind {wish.per.value} has no midnight; leave the time zone out")
    zone(wish.zone)
    return Window(period=wish.per, zone=wish.zone, fiscal_month=wish.fiscal_month or 1, seconds=wish.seconds)


def _checked_reason(reason: str) -> str:
    if len(reason) > _LONGEST_REASON or not reason.isprintable():
        raise LimitReasonError
    return reason.strip()


def _moment(text: str, limit: Limit) -> datetime:
    """Read when a raise ends; a date alone is midnight in the limit's own zone."""
    try:
        moment = parse_rfc3339(text)
    except ValueError:
        raise RaiseRefusedError(f"{text[:40]!r} is no time; write 2026-12-01 or 2026-12-01T12:00:00+01:00") from None
    if len(text) > _DATE:
        return moment
    return datetime.combine(moment.date(), time(), zone(limit.window.zone)).astimezone(UTC)


def _differing(old: Limit, new: Limit) -> str | None:
    """Name what two limits of one name count differently."""
    counted = {
        "level": (old.level, new.level),
        "target": (old.target, new.target),
        "unit": (old.unit, new.unit),
        "currency": (old.currency, new.currency),
        "window": (old.window, new.window),
        "vendor": (old.upstream, new.upstream),
    }
    return next((what for what, (one, other) in counted.items() if one != other), None)


def _told(limit: Limit) -> dict[str, Any]:
    """Give what the ledger says of a limit; who it is about are digests."""
    return {
        "limit": limit.id,
        "level": limit.level.value,
        "unit": limit.unit.value,
        "currency": limit.currency,
        "period": limit.window.period.value,
        "zone": limit.window.zone,
        "upstream": limit.upstream,
        **_amounts(limit),
    }


def _amounts(limit: Limit) -> dict[str, Any]:
    return {"amount": limit.amount, "soft_amount": limit.soft_amount}


def rows_of(shown: Sequence[Shown]) -> list[Mapping[str, Any]]:
    """Show limits as the command line and the admin interface do: amounts are decimals of the unit, as text."""
    return [row_of(each) for each in shown]


def row_of(shown: Shown) -> Mapping[str, Any]:
    """Show one limit."""
    standing, limit = shown.standing, shown.limit
    return {
        "id": limit.id,
        "name": limit.name,
        "level": limit.level.value,
        "target": shown.target,
        "unit": amounts.WORDS[limit.unit],
        "currency": limit.currency or None,
        "amount": amounts.show(limit.amount, limit.unit),
        "allowed": amounts.show(standing.allowed, limit.unit),
        "soft": None if limit.soft_amount is None else amounts.show(limit.soft_amount, limit.unit),
        "held": amounts.show(standing.held, limit.unit),
        "settled": amounts.show(standing.settled, limit.unit),
        "left": amounts.show(standing.left, limit.unit),
        "per": limit.window.period.value,
        "zone": limit.window.zone,
        "fiscal_month": limit.window.fiscal_month,
        "seconds": limit.window.seconds,
        "upstream": limit.upstream or None,
        "begins": standing.begins_at,
        "resets": standing.resets_at,
        "raises": [_raise_row(each, limit.unit) for each in limit.raises],
        "created": limit.created_at,
    }


def _raise_row(each: Raise, unit: Unit) -> Mapping[str, Any]:
    return {"amount": amounts.show(each.amount, unit), "until": each.until, "reason": each.reason, "by": each.by}
