"""Requests for approval as rows, moved from state to state by whoever is first.

Approving, rejecting, sending, cancelling and expiring may meet: each change names the state it was made from, and the
second of two is refused with its whole unit. So a job that waits ends once, and goes at most once.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.approval import ApprovalRequest, ApprovalState, Demand, Verdict
from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.domain.errors import RefusedError
from gateway.domain.ids import PrincipalId
from gateway.domain.synthetic import PROJECT
from gateway.domain.writes import RowWrite
from gateway.store.approval_tables import approval
from gateway.store.tables import audit_entry, job

OPEN: Final = tuple(state.value for state in ApprovalState if state.open)
_OF_PEOPLE: Final = approval.c.project_id != PROJECT
"""What the self-test asks for waits for nobody: it ends that itself."""
_FOUND: Final = select(approval, job.c.client_job_id).join(job, job.c.id == approval.c.job_id)


class ApprovalDecidedError(RefusedError):
    """A request for approval is not any more what a change of it was made from."""

    code = "approval-decided"

    def __init__(self, state: str) -> None:
        super().__init__(f"this was decided meanwhile: the request is {state} by now; look at it again")
        self.state = state


async def load(connection: AsyncConnection, name: str) -> ApprovalRequest | None:
    """Read the request of a job, by the id that its client knows or by ours."""
    query = _FOUND.where((approval.c.job_id == name) | (job.c.client_job_id == name))
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _request(row)


async def entry_of(connection: AsyncConnection, job_id: str) -> int | None:
    """Give the number of the entry that recorded a job's request; nothing where nobody was asked."""
    told = select(audit_entry.c.seq).join(approval, approval.c.event_id == audit_entry.c.event_id)
    return (await connection.execute(told.where(approval.c.job_id == job_id))).scalar_one_or_none()


async def standing(connection: AsyncConnection) -> list[ApprovalRequest]:
    """List what is open, oldest first."""
    return await _listed(connection, _FOUND.where(approval.c.state.in_(OPEN)).order_by(approval.c.asked_at))


async def newest(
    connection: AsyncConnection, *, project_ids: Iterable[str] | None, waiting: bool, limit: int
) -> list[ApprovalRequest]:
    """List requests, newest first; `project_ids` are the only ones looked at, and `None` is all but the self-test's."""
    query = _FOUND.where(_OF_PEOPLE).order_by(approval.c.asked_at.desc(), approval.c.job_id.desc()).limit(limit)
    if project_ids is not None:
        query = query.where(approval.c.project_id.in_(list(project_ids)))
    if waiting:
        query = query.where(approval.c.state == ApprovalState.WAITING.value)
    return await _listed(connection, query)


async def waits(connection: AsyncConnection) -> tuple[int, datetime | None]:
    """Count what waits for somebody, and tell since when the oldest does."""
    waiting = approval.c.state == ApprovalState.WAITING.value
    query = select(func.count(), func.min(approval.c.asked_at)).where(waiting, _OF_PEOPLE)
    count, oldest = (await connection.execute(query)).one()
    return count, None if oldest is None else parse_rfc3339(oldest)


def write(request: ApprovalRequest, *, before: ApprovalState | None = None) -> RowWrite:
    """Make the row of a request; `before` is the state it had, and nothing where it is new."""
    return RowWrite(
        table=approval.name, values=_values(request), before=None if before is None else {"state": before.value}
    )


def put(connection: Connection, writes: Iterable[RowWrite]) -> None:
    """Insert requests, or move those that exist.

    Raises:
        ApprovalDecidedError: one has another state than its change was made from.
    """
    for write in writes:
        if write.before is None:
            connection.execute(insert(approval), dict(write.values))
        else:
            _move(connection, write)


def _move(connection: Connection, write: RowWrite) -> None:
    assert write.before is not None, "a request that is new is inserted"
    mine = approval.c.job_id == write.values["job_id"]
    moved = update(approval).where(mine, approval.c.state == write.before["state"]).values(dict(write.values))
    if connection.execute(moved).rowcount != 1:
        raise ApprovalDecidedError(connection.execute(select(approval.c.state).where(mine)).scalar_one_or_none() or "")


async def _listed(connection: AsyncConnection, query: Select[Any]) -> list[ApprovalRequest]:
    return [_request(row) for row in await connection.execute(query)]


def _values(request: ApprovalRequest) -> dict[str, Any]:
    verdict = request.verdict
    return {
        "job_id": request.job_id,
        "project_id": request.project_id,
        "principal_id": request.principal_id,
        "state": request.state.value,
        "demands": json.dumps([_demand_values(each) for each in request.demands]),
        "backend": request.backend,
        "amount_micros": request.amount_micros,
        "currency": request.currency,
        "event_id": request.event_id,
        "asked_at": rfc3339(request.asked_at),
        "expires_at": rfc3339(request.expires_at),
        "by": None if verdict is None else verdict.by,
        "roles": None if verdict is None else json.dumps(verdict.roles),
        "reason": None if verdict is None else verdict.reason,
        "at": None if verdict is None else rfc3339(verdict.at),
    }


def _demand_values(demand: Demand) -> dict[str, Any]:
    return {name: getattr(demand, name) for name in ("reason", "hours", "permission", "role")}


def _request(row: Row[Any]) -> ApprovalRequest:
    return ApprovalRequest(
        job_id=row.job_id,
        client_job_id=row.client_job_id,
        project_id=row.project_id,
        principal_id=row.principal_id,
        state=ApprovalState(row.state),
        demands=tuple(Demand(**each) for each in json.loads(row.demands)),
        backend=row.backend,
        amount_micros=row.amount_micros,
        currency=row.currency,
        event_id=row.event_id,
        asked_at=parse_rfc3339(row.asked_at),
        expires_at=parse_rfc3339(row.expires_at),
        verdict=_verdict(row),
    )


def _verdict(row: Row[Any]) -> Verdict | None:
    if row.by is None:
        return None
    return Verdict(
        by=PrincipalId(row.by), roles=tuple(json.loads(row.roles)), reason=row.reason, at=parse_rfc3339(row.at)
    )
