"""Balances: how much of each limit is taken in each window. One statement moves one; none is read and then written.

Balances are moved in the order of their limits' ids, under the head's lock. A balance that does not exist yet is
made by the first job that needs it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import itemgetter
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, Connection, Table, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.sql.dml import Insert, Update

from gateway.domain import window as windows
from gateway.domain.budget import Level, Limit, Period, Standing
from gateway.domain.clock import parse_rfc3339
from gateway.domain.exceeded import LimitExceededError, exceeded
from gateway.store.money_tables import balance
from gateway.store.tables import principal, project
from gateway.store.upsert import upsert

_NAMES: Final[Mapping[Level, Table]] = {Level.PROJECT: project, Level.PRINCIPAL: principal}


class BalanceMovedError(Exception):
    """Balances did not take what they had left a statement before; jobs differ in what they are allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What is needed of one limit in one window, by one hold or by several."""

    limit: Limit
    amount: int
    """More than nothing."""
    at: datetime
    """When it is held; of several the earliest, which decides what of a rolling window still counts."""
    allowed: int
    """Of several the least that any of them is allowed."""


Needs: TypeAlias = Mapping[tuple[str, str], Need]
"""By limit and window."""


def _taking() -> tuple[Update, Update]:
    one = update(balance).where(balance.c.limit_id == bindparam("of"), balance.c.window_start == bindparam("key"))
    more = one.values(held=balance.c.held + bindparam("needed"))
    every = balance.alias("every")
    counted = every.c.limit_id == bindparam("of"), every.c.window_start >= bindparam("oldest")
    in_all = select(func.coalesce(func.sum(every.c.held + every.c.settled), 0)).where(*counted).scalar_subquery()
    return (
        more.where(balance.c.held + balance.c.settled + bindparam("needed") <= bindparam("allowed")),
        more.where(in_all + bindparam("needed") <= bindparam("allowed")),
    )


def _adding(dialect: str) -> Insert:
    statement = (sqlite_insert if dialect == "sqlite" else postgresql_insert)(balance)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[balance.c.limit_id, balance.c.window_start],
        set_={"held": balance.c.held + new["held"], "settled": balance.c.settled + new["settled"]},
    )


# Built once, because every permit takes and every outcome gives back.
_TAKE, _TAKE_ROLLING = _taking()
_ADD: Final = {dialect: _adding(dialect) for dialect in ("sqlite", "postgresql")}


def take(connection: Connection, asked: Mapping[str, Needs]) -> dict[str, LimitExceededError]:
    """Hold for each job what it needs of every limit, where as much is left; gives why the others hold nothing.

    Usually there is enough for all, and each balance moves once. Else the balances are read to tell who comes too late
    in the order of the jobs, and the rest are taken for in the same way: only the database says that there is enough.

    Raises:
        BalanceMovedError: what was read did not hold; each job is to be tried alone.
    """
    if _take_all(connection, _sums(asked.values())):
        return {}
    refused = _Queue(connection, asked).refused()
    if not _take_all(connection, _sums(needs for job_id, needs in asked.items() if job_id not in refused)):
        raise BalanceMovedError
    return refused


def add(connection: Connection, moves: Mapping[tuple[str, str], tuple[int, int]]) -> None:
    """Move what is held and settled of each limit and window, whatever is left: what was billed was billed."""
    values = [
        {"limit_id": limit_id, "window_start": key, "held": held, "settled": settled}
        for (limit_id, key), (held, settled) in sorted(moves.items())
    ]
    if values:
        connection.execute(_ADD[connection.dialect.name], values)


def _sums(asked: Iterable[Needs]) -> Needs:
    gathered: defaultdict[tuple[str, str], list[Need]] = defaultdict(list)
    for needs in asked:
        for which, need in needs.items():
            gathered[which].append(need)
    return {which: _sum(needs) for which, needs in gathered.items()}


def _sum(needs: Sequence[Need]) -> Need:
    return Need(
        limit=needs[0].limit,
        amount=sum(need.amount for need in needs),
        at=min(need.at for need in needs),
        allowed=min(need.allowed for need in needs),
    )


def _take_all(connection: Connection, needs: Needs) -> bool:
    """Take from every balance, or from none."""
    done: dict[tuple[str, str], tuple[int, int]] = {}
    for which, need in sorted(needs.items(), key=itemgetter(0)):
        if not (_take(connection, which[1], need) or _take_first(connection, which[1], need)):
            add(connection, done)
            return False
        done[which] = (-need.amount, 0)
    return True


def _take(connection: Connection, key: str, need: Need) -> bool:
    limit = need.limit
    values = {"of": limit.id, "key": key, "needed": need.amount, "allowed": need.allowed}
    if limit.window.period is not Period.ROLLING:
        return connection.execute(_TAKE, values).rowcount == 1
    values["oldest"] = windows.oldest(limit.window, need.at)
    return connection.execute(_TAKE_ROLLING, values).rowcount == 1


def _take_first(connection: Connection, key: str, need: Need) -> bool:
    empty = {"limit_id": need.limit.id, "window_start": key, "held": 0, "settled": 0}
    connection.execute(upsert(connection.dialect.name, balance, ()), empty)
    return _take(connection, key, need)


class _Queue:
    """Who of several jobs comes too late, when they take one after the other what the balances have left."""

    def __init__(self, connection: Connection, asked: Mapping[str, Needs]) -> None:
        self._connection, self._asked = connection, asked
        self._standings: dict[tuple[str, str], Standing] = {}
        self._names: dict[str, str] = {}

    def refused(self) -> dict[str, LimitExceededError]:
        found = {}
        for job_id, needs in self._asked.items():
            if error := self._error(needs):
                found[job_id] = error
                continue
            for which, need in needs.items():
                before = self._standing(which, need)
                self._standings[_shared(which, need)] = replace(before, held=before.held + need.amount)
        return found

    def _error(self, needs: Needs) -> LimitExceededError | None:
        for which, need in sorted(needs.items(), key=itemgetter(0)):
            standing = replace(self._standing(which, need), allowed=need.allowed)
            if standing.held + standing.settled + need.amount > need.allowed:
                return exceeded(standing, need.amount, target=self._name(need.limit))
        return None

    def _standing(self, which: tuple[str, str], need: Need) -> Standing:
        shared = _shared(which, need)
        if shared not in self._standings:
            query = select(balance).where(balance.c.limit_id == need.limit.id, _counted(which[1], need))
            rows = self._connection.execute(query).mappings().all()
            self._standings[shared] = standing(need.limit, rows, need.at)
        return self._standings[shared]

    def _name(self, limit: Limit) -> str:
        if limit.id not in self._names:
            self._names[limit.id] = _name(self._connection, limit)
        return self._names[limit.id]


def _counted(key: str, need: Need) -> ColumnElement[bool]:
    if need.limit.window.period is Period.ROLLING:
        return balance.c.window_start >= windows.oldest(need.limit.window, need.at)
    return balance.c.window_start == key


def _shared(which: tuple[str, str], need: Need) -> tuple[str, str]:
    """Name what jobs of several parts of a rolling window share; any other window stands for itself."""
    return (which[0], windows.FOREVER) if need.limit.window.period is Period.ROLLING else which


def standing(limit: Limit, rows: Iterable[Mapping[Any, Any]], at: datetime) -> Standing:
    """Sum the balances up that count for a limit at a moment."""
    taken = [row for row in rows if row["held"] or row["settled"]]
    begins, resets = windows.bounds(limit.window, at)
    if limit.window.period is Period.ROLLING and taken:
        resets = windows.leaves(limit.window, parse_rfc3339(min(row["window_start"] for row in taken)))
    return Standing(
        limit=limit,
        allowed=limit.allows(at),
        held=sum(int(row["held"]) for row in taken),
        settled=sum(int(row["settled"]) for row in taken),
        begins_at=begins,
        resets_at=resets,
    )


def _name(connection: Connection, limit: Limit) -> str:
    """Give the name people know the target by; a project that is gone is called by its id."""
    table = _NAMES.get(limit.level)
    if table is None:
        return limit.target
    name = connection.execute(select(table.c.name).where(table.c.id == limit.target)).scalar_one_or_none()
    return name or limit.target
