"""Limits as rows: who may take how much. They are changed, raised and removed, and never deleted.

Every change gives them a new version in its transaction. The writer reads that version under the head's lock and the
limits only when it differs from the one it knows, so that a permit is held against the limits that are in force now,
whichever process changed them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from secrets import token_hex
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain import window as windows
from gateway.domain.budget import Level, Limit, Payer, Period, Raise, Unit, Window
from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.domain.errors import RefusedError
from gateway.domain.synthetic import is_synthetic
from gateway.domain.writes import RowWrite
from gateway.store import seeding
from gateway.store.engine import Database
from gateway.store.money_tables import budget_limit, limit_version
from gateway.store.upsert import upsert
from gateway.store.values import json_text, text_json, text_time, time_text

FIXED: Final = (
    "level",
    "target",
    "unit",
    "currency",
    "period",
    "zone",
    "fiscal_month",
    "seconds",
    "upstream",
    "created_at",
)
"""What a limit counts, and where; another count is another limit."""

PAYERS: Final = 4096
"""Remembered with the limits that count them; then all are forgotten, and found again."""

_CHANGING: Final = ("name", "amount", "soft_amount", "raises", "removed_at")
_ORDERED: Final = select(budget_limit).order_by(budget_limit.c.created_at, budget_limit.c.id)
_VERSION: Final = select(limit_version.c.version)


class LimitRefusedError(RefusedError):
    """A limit that cannot be kept: a negative amount, a currency where none belongs, a window without a length."""

    code = "limit-refused"


class LimitChangedError(RefusedError):
    """Somebody else changed the limit while this change was on its way; nothing was overwritten."""

    code = "limit-changed"

    def __init__(self, name: str) -> None:
        super().__init__(f"the limit {name!r} was changed by somebody else just now; look at it, and ask again")
        self.name = name


class LimitSet:
    """The limits of one moment, so arranged that those which count a payer are found without looking at others."""

    def __init__(self, limits: Iterable[Limit] = ()) -> None:
        every_one = tuple(limits)
        self.ever = bool(every_one)
        """Whether there ever was a limit: else no hold has a line."""
        self.live = tuple(each for each in every_one if each.removed_at is None)
        self._by_target: defaultdict[tuple[Level, str], list[Limit]] = defaultdict(list)
        for each in sorted(self.live, key=lambda limit: limit.id):
            self._by_target[each.level, each.target].append(each)
        self._counting: dict[Payer, tuple[Limit, ...]] = {}
        self._first: dict[str, str] = {}
        self._windows: dict[str, tuple[datetime, datetime, str]] = {}

    def of(self, payer: Payer) -> tuple[Limit, ...]:
        """Give the limits that count a payer's jobs, in the order of their ids; the self-test's count for none."""
        if is_synthetic(payer.project_id):
            return ()
        if payer not in self._counting:
            if len(self._counting) >= PAYERS:
                self._counting.clear()
            self._counting[payer] = self._find(payer)
        return self._counting[payer]

    def _find(self, payer: Payer) -> tuple[Limit, ...]:
        found = [
            limit
            for level in Level
            for limit in self._by_target.get((level, payer.name(level)), ())
            if limit.upstream in {"", payer.upstream}
        ]
        return tuple(sorted(found, key=lambda limit: limit.id))

    def key(self, limit: Limit, at: datetime) -> str | None:
        """Name the window in which a moment counts for a limit; `None` where that ended before the limit was made."""
        if limit.id not in self._first:
            # Not before somebody asks: a zone that is unknown here must only stop what it counts.
            self._first[limit.id] = windows.oldest(limit.window, limit.created_at)
        name = self._key(limit, at)
        return name if name >= self._first[limit.id] else None

    def _key(self, limit: Limit, at: datetime) -> str:
        if limit.window.period is Period.ROLLING:
            return windows.key(limit.window, at)
        # Looking a day up in its zone takes longer than all else here, and almost all moments are of one window.
        known = self._windows.get(limit.id)
        if known and known[0] <= at < known[1]:
            return known[2]
        begins, ends = windows.bounds(limit.window, at)
        if begins is None or ends is None:
            return windows.FOREVER
        self._windows[limit.id] = (begins, ends, rfc3339(begins))
        return self._windows[limit.id][2]


class Known:
    """The limits as the writer's transactions see them, read again when their version changed. One per writer."""

    def __init__(self) -> None:
        self._version: str | None = None
        self._limits = LimitSet()

    def read(self, connection: Connection) -> LimitSet:
        """Give the limits in force; call it under the head's lock, so that they stay so until the transaction ends."""
        version = connection.execute(_VERSION).scalar_one_or_none()
        if version != self._version:
            # Drawn at random, a version that was rolled back is never met again.
            self._limits = LimitSet(_limit(row) for row in connection.execute(_ORDERED))
            self._version = version
        return self._limits


class LimitView:
    """Every limit in memory, for facts, people and warnings; what is held is decided by the database alone."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._limits = LimitSet()

    def live(self) -> tuple[Limit, ...]:
        """List the limits in force, oldest first."""
        return self._limits.live

    def of(self, payer: Payer) -> tuple[Limit, ...]:
        """Give the limits that count a payer's jobs, in the order of their ids."""
        return self._limits.of(payer)

    async def refresh(self) -> None:
        """Read everything again: at the start, after a change, and when others wrote."""
        async with self._database.reading() as connection:
            self._limits = LimitSet(await every(connection))


async def every(connection: AsyncConnection) -> list[Limit]:
    """List all limits, removed ones too, oldest first."""
    return [_limit(row) for row in await connection.execute(_ORDERED)]


async def load(connection: AsyncConnection, limit_id: str) -> Limit | None:
    """Read one limit, also a removed one."""
    row = (await connection.execute(select(budget_limit).where(budget_limit.c.id == limit_id))).one_or_none()
    return None if row is None else _limit(row)


def write(each: Limit, *, before: Limit | None = None) -> RowWrite:
    """Prepare a limit's row, for the unit that records the change; `before` is what the change was made from.

    Raises:
        LimitRefusedError: it cannot be kept.
        ZoneUnknownError: this machine does not know its time zone.
    """
    if why := _nonsense(each):
        raise LimitRefusedError(f"limit {each.name!r} is refused: {why}")
    windows.zone(each.window.zone)
    return RowWrite(table=budget_limit.name, values=_values(each), before=None if before is None else _values(before))


def _values(each: Limit) -> dict[str, Any]:
    return {
        "id": each.id,
        "name": each.name,
        "level": each.level.value,
        "target": each.target,
        "unit": each.unit.value,
        "currency": each.currency,
        "amount": each.amount,
        "soft_amount": each.soft_amount,
        "period": each.window.period.value,
        "zone": each.window.zone,
        "fiscal_month": each.window.fiscal_month,
        "seconds": each.window.seconds,
        "upstream": each.upstream,
        "raises": json_text({"raises": [_raise_values(one) for one in each.raises]}),
        "created_at": rfc3339(each.created_at),
        "removed_at": time_text(each.removed_at),
    }


def put(connection: Connection, writes: Iterable[RowWrite]) -> None:
    """Insert limits, each with what was taken already in its window, or change those that exist.

    Raises:
        LimitRefusedError: it would count something else than before, or come back after it was removed.
        LimitChangedError: it is not any more what the change was made from.
    """
    for write in writes:
        _put(connection, dict(write.values), write.before)


def _put(connection: Connection, values: dict[str, Any], before: Mapping[str, Any] | None) -> None:
    stored = connection.execute(_one(values["id"])).one_or_none()
    if stored is not None:
        _check_same(stored, values)
        if before is not None and any(getattr(stored, name) != before[name] for name in _CHANGING):
            raise LimitChangedError(values["name"])
    connection.execute(upsert(connection.dialect.name, budget_limit, _CHANGING), values)
    if stored is None:
        seeding.seed(connection, _limit(connection.execute(_one(values["id"])).one()))
    changed = {"id": 1, "version": token_hex(16)}
    connection.execute(upsert(connection.dialect.name, limit_version, ("version",)), changed)


def _one(limit_id: str) -> Select[Any]:
    return select(budget_limit).where(budget_limit.c.id == limit_id)


def _check_same(stored: Row[Any], values: Mapping[str, Any]) -> None:
    if changed := next((name for name in FIXED if getattr(stored, name) != values[name]), None):
        what = changed.replace("_", " ")
        raise LimitRefusedError(
            f"the {what} of limit {stored.name!r} cannot change, because its balance was kept by it; "
            "remove it and make another"
        )
    if stored.removed_at is not None and values["removed_at"] is None:
        raise LimitRefusedError(f"limit {stored.name!r} was removed, and nothing was counted since; make another")


def _nonsense(each: Limit) -> str | None:
    amounts = (each.amount, each.soft_amount or 0, *(one.amount for one in each.raises))
    rolling = each.window.period is Period.ROLLING
    rules = {
        "an amount is a whole number, 0 or more": any(type(amount) is not int or amount < 0 for amount in amounts),
        "a budget has a currency, and only a budget": (each.unit is Unit.MONEY) != bool(each.currency),
        "a rolling window has a length in seconds, and only that": rolling != bool(each.window.seconds),
        "the length of a window is a whole number of seconds": (each.window.seconds or 1) < 1,
        "the fiscal year begins in a month from 1 to 12": each.window.fiscal_month not in range(1, 13),
        "only the organisation has no name": (each.level is Level.ORGANISATION) == bool(each.target),
    }
    return next((rule for rule, broken in rules.items() if broken), None)


def _raise_values(one: Raise) -> dict[str, Any]:
    return {"amount": one.amount, "until": rfc3339(one.until), "reason": one.reason, "by": one.by}


def _raises(text: str) -> tuple[Raise, ...]:
    return tuple(
        Raise(amount=one["amount"], until=parse_rfc3339(one["until"]), reason=one["reason"], by=one["by"])
        for one in text_json(text)["raises"]
    )


def _limit(row: Row[Any]) -> Limit:
    return Limit(
        id=row.id,
        name=row.name,
        level=Level(row.level),
        target=row.target,
        unit=Unit(row.unit),
        currency=row.currency,
        amount=row.amount,
        soft_amount=row.soft_amount,
        window=Window(period=Period(row.period), zone=row.zone, fiscal_month=row.fiscal_month, seconds=row.seconds),
        upstream=row.upstream,
        created_at=parse_rfc3339(row.created_at),
        removed_at=text_time(row.removed_at),
        raises=_raises(row.raises),
    )
