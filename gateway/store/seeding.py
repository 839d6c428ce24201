"""What a new limit begins with: what the journal says was taken already in the window it is made in.

Runs in the transaction that writes the limit, under the head's lock, so nothing is taken meanwhile. Jobs still under
way get the lines by which their bills will find the new balance, too.
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, case, func, insert, literal, select
from sqlalchemy.sql.elements import ColumnElement

from gateway.domain import synthetic
from gateway.domain.budget import Level, Limit, Period, Unit
from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.domain.window import cuts
from gateway.store.money_tables import balance, hold_line, journal

_PAYERS: Final = {
    Level.TEAM: journal.c.team,
    Level.PROJECT: journal.c.project_id,
    Level.PRINCIPAL: journal.c.principal_id,
    Level.KEY: journal.c.key_id,
}
_UNITS: Final = {
    Unit.MONEY: journal.c.amount_micros,
    Unit.JOBS: journal.c.jobs,
    Unit.CIRCUITS: journal.c.circuits,
    Unit.SHOTS: journal.c.shots,
    Unit.QPU_MILLISECONDS: journal.c.qpu_milliseconds,
    Unit.SESSION_SECONDS: journal.c.session_seconds,
}
_NEWEST: Final = select(func.max(journal.c.held_at))


def seed(connection: Connection, limit: Limit) -> None:
    """Write the balances a new limit begins with, and the lines of the holds in them."""
    newest = connection.execute(_NEWEST).scalar_one()
    if newest is None:
        return
    until = max(parse_rfc3339(newest), limit.created_at)
    for key, begins, ends in cuts(limit.window, limit.created_at, until):
        _seed(connection, limit, key, _jobs(limit, begins, ends))


def _seed(connection: Connection, limit: Limit, key: str, jobs: Select[Any]) -> None:
    each = jobs.subquery()
    counted = [each.c.open == 1] if limit.window.period is Period.OPEN else []
    lines = select(each.c.job_id, literal(limit.id), literal(key), each.c.held).where(*counted)
    connection.execute(insert(hold_line).from_select(["job_id", "limit_id", "window_start", "held"], lines))
    sums = select(func.sum(each.c.held * each.c.open), func.sum(each.c.settled)).where(*counted)
    held, settled = connection.execute(sums).one()
    if held is not None:
        values = {"limit_id": limit.id, "window_start": key, "held": int(held), "settled": int(settled)}
        connection.execute(insert(balance), values)


def _jobs(limit: Limit, begins: datetime | None, ends: datetime | None) -> Select[Any]:
    """Sum each counted job up: what was held, whether it still is, and what it was settled for."""
    action, amount = journal.c.action, _amount(limit)
    conditions = [
        journal.c.project_id != synthetic.PROJECT,
        *([journal.c.held_at >= rfc3339(begins)] if begins else []),
        *([journal.c.held_at < rfc3339(ends)] if ends else []),
        *([_PAYERS[limit.level] == limit.target] if limit.level in _PAYERS else []),
        *([journal.c.upstream == limit.upstream] if limit.upstream else []),
    ]
    closings = func.sum(case((action.in_(("settle", "release")), 1), else_=0))
    return (
        select(
            journal.c.job_id,
            func.sum(case((action == "hold", amount), else_=0)).label("held"),
            case((closings == 0, 1), else_=0).label("open"),
            func.sum(case((action.in_(("settle", "correct")), amount), else_=0)).label("settled"),
        )
        .where(*conditions)
        .group_by(journal.c.job_id)
    )


def _amount(limit: Limit) -> ColumnElement[int]:
    column = _UNITS[limit.unit]
    return case((journal.c.currency == limit.currency, column), else_=0) if limit.unit is Unit.MONEY else column
