"""The books, read: where each limit stands, whether balances and journal agree, and who has spent what."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Select, bindparam, case, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain import window as windows
from gateway.domain.budget import Limit, Payer, Period, Standing, Unit
from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.store import balances, limits
from gateway.store.holds import AMOUNTS
from gateway.store.limits import LimitSet
from gateway.store.money_tables import balance, hold, journal
from gateway.store.tables import job, session

_EXACT: Final = select(balance).where(
    tuple_(balance.c.limit_id, balance.c.window_start).in_(bindparam("keys", expanding=True))
)
_SINCE: Final = select(balance).where(
    balance.c.limit_id == bindparam("of"), balance.c.window_start >= bindparam("oldest")
)
_JOURNAL: Final = select(journal).order_by(journal.c.id)
_FINAL: Final = ("completed", "failed", "cancelled")

COLUMNS: Final = {
    "team": journal.c.team,
    "project": journal.c.project_id,
    "principal": journal.c.principal_id,
    "key": journal.c.key_id,
    "upstream": journal.c.upstream,
    "backend": journal.c.backend,
    "day": func.substr(journal.c.held_at, 1, 10),
}
"""What spending can be told apart by; days are days of UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A balance that is not what the journal says."""

    limit: Limit
    window_start: str
    """RFC 3339; empty where the limit's window has no beginning."""
    kept: tuple[int, int]
    """Held and settled, as the balance has them."""
    derived: tuple[int, int]
    """The same, as the journal has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What the jobs of one group took, all held in the asked span of time. Money in micros of one currency."""

    group: Mapping[str, str]
    """The values asked for, in the order they were asked for."""
    currency: str
    native_unit: str
    """The vendor's own unit; empty where it has none."""
    estimate_micros: int
    held_micros: int
    """Held for them with their permits."""
    open_micros: int
    """Of that, what is still held."""
    settled_micros: int
    """What they cost, corrections included."""
    jobs: int
    """Held or settled; what was released is not counted, here and below."""
    circuits: int
    shots: int
    qpu_milliseconds: int
    session_seconds: int
    native_amount: int


async def standings(connection: AsyncConnection, which: Iterable[Limit], at: datetime) -> list[Standing]:
    """Read where limits stand in the windows of a moment, in the order given."""
    asked = list(which)
    rows: dict[str, list[Mapping[Any, Any]]] = {each.id: [] for each in asked}
    keys = [(each.id, windows.key(each.window, at)) for each in asked if each.window.period is not Period.ROLLING]
    if keys:
        for row in (await connection.execute(_EXACT, {"keys": keys})).mappings():
            rows[row["limit_id"]].append(row)
    for each in asked:
        if each.window.period is Period.ROLLING:
            values = {"of": each.id, "oldest": windows.oldest(each.window, at)}
            rows[each.id].extend((await connection.execute(_SINCE, values)).mappings().all())
    return [balances.standing(each, rows[each.id], at) for each in asked]


async def check(connection: AsyncConnection) -> list[Difference]:
    """Derive every balance of every limit in force from the journal, and give those that are kept otherwise.

    The connection must not have read anything yet: all is read at one moment.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
    known = LimitSet(await limits.every(connection))
    derived = _Derived(known)
    async with connection.stream(_JOURNAL) as lines:
        async for line in lines:
            derived.read(line)
    kept = {
        (row.limit_id, row.window_start): (int(row.held), int(row.settled))
        for row in await connection.execute(select(balance))
    }
    by_id = {each.id: each for each in known.live}
    return [
        Difference(limit=by_id[limit_id], window_start=start, kept=has, derived=says)
        for limit_id, start in sorted({*kept, *derived.balances})
        if limit_id in by_id and (has := kept.get((limit_id, start), (0, 0))) != (says := derived.of(limit_id, start))
    ]


class _Derived:
    """Balances as the journal tells them, line by line; only open holds are remembered."""

    def __init__(self, known: LimitSet) -> None:
        self.balances: dict[tuple[str, str], tuple[int, int]] = {}
        self._known = known
        self._open: dict[str, Row[Any]] = {}

    def of(self, limit_id: str, start: str) -> tuple[int, int]:
        return self.balances.get((limit_id, start), (0, 0))

    def read(self, line: Row[Any]) -> None:
        if line.action == "hold":
            self._open[line.job_id] = line
            self._move(line, held=1)
            return
        if line.action != "correct":
            self._move(self._open.pop(line.job_id), held=-1)
        if line.action != "release":
            self._move(line, settled=1)

    def _move(self, line: Row[Any], *, held: int = 0, settled: int = 0) -> None:
        at = parse_rfc3339(line.held_at)
        for limit in self._known.of(_payer(line)):
            key = self._known.key(limit, at)
            if key is None or (settled and limit.window.period is Period.OPEN):
                continue
            amount = _amount(limit, line)
            before = self.of(limit.id, key)
            self.balances[limit.id, key] = (before[0] + held * amount, before[1] + settled * amount)


async def phantoms(connection: AsyncConnection) -> list[str]:
    """List the jobs and sessions that have ended and still hold something; reconciled, there are none."""
    ended = select(job.c.id).where(job.c.status.in_(_FINAL))
    closed = select(session.c.id).where(session.c.closed_at.is_not(None))
    query = select(hold.c.job_id).where(hold.c.state == "held", hold.c.job_id.in_(ended.union_all(closed)))
    return list((await connection.execute(query.order_by(hold.c.job_id))).scalars())


async def spend(
    connection: AsyncConnection, *, since: datetime, until: datetime, by: tuple[str, ...] = ()
) -> list[Spending]:
    """Sum up what was held from `since` until before `until`, by any of `COLUMNS`.

    Currencies and vendors' units are never added up: each has a row of its own.

    Raises:
        KeyError: `by` names something that is not in `COLUMNS`.
    """
    rows = await connection.execute(_spending(since, until, by))
    return [_spent(row, by) for row in rows.mappings()]


def _spending(since: datetime, until: datetime, by: Sequence[str]) -> Select[Any]:
    each = _per_job(since, until, by).subquery()
    open_ = each.c.closings == 0
    groups = [each.c[f"by_{name}"] for name in by] + [each.c.currency, each.c.native_unit]
    names = [*AMOUNTS.values(), "native_amount"]
    return (
        select(
            *groups,
            func.sum(each.c.estimate_micros).label("estimate_micros"),
            func.sum(each.c.held_amount_micros).label("held_micros"),
            func.sum(case((open_, each.c.held_amount_micros), else_=0)).label("open_micros"),
            func.sum(each.c.settled_amount_micros).label("settled_micros"),
            *(
                func.sum(case((open_, each.c[f"held_{name}"]), else_=each.c[f"settled_{name}"])).label(name)
                for name in names
            ),
        )
        .group_by(*groups)
        .order_by(*groups)
    )


def _per_job(since: datetime, until: datetime, by: Sequence[str]) -> Select[Any]:
    action, names = journal.c.action, [*AMOUNTS.values(), "native_amount"]
    holding, settling = action == "hold", action.in_(("settle", "correct"))
    return (
        select(
            journal.c.job_id,
            *(func.max(COLUMNS[name]).label(f"by_{name}") for name in by),
            func.max(journal.c.currency).label("currency"),
            func.max(journal.c.native_unit).label("native_unit"),
            func.sum(case((action.in_(("settle", "release")), 1), else_=0)).label("closings"),
            func.coalesce(func.max(journal.c.estimate_micros), 0).label("estimate_micros"),
            *(func.sum(case((holding, _known(name)), else_=0)).label(f"held_{name}") for name in names),
            *(func.sum(case((settling, _known(name)), else_=0)).label(f"settled_{name}") for name in names),
        )
        .where(journal.c.held_at >= rfc3339(since), journal.c.held_at < rfc3339(until))
        .group_by(journal.c.job_id)
    )


def _known(name: str) -> Any:
    return func.coalesce(journal.c[name], 0)


def _spent(row: Mapping[Any, Any], by: Sequence[str]) -> Spending:
    amounts = {
        name: int(row[name])
        for name in (
            "estimate_micros",
            "held_micros",
            "open_micros",
            "settled_micros",
            "jobs",
            "circuits",
            "shots",
            "qpu_milliseconds",
            "session_seconds",
            "native_amount",
        )
    }
    group = {name: row[f"by_{name}"] for name in by}
    return Spending(group=group, currency=row["currency"], native_unit=row["native_unit"], **amounts)


def _payer(line: Row[Any]) -> Payer:
    return Payer(
        team=line.team,
        project_id=line.project_id,
        principal_id=line.principal_id,
        key_id=line.key_id,
        upstream=line.upstream,
        backend=line.backend,
    )


def _amount(limit: Limit, line: Row[Any]) -> int:
    foreign = limit.unit is Unit.MONEY and line.currency != limit.currency
    return 0 if foreign else int(getattr(line, AMOUNTS[limit.unit]))
