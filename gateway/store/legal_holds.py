"""Legal holds, as rows. While one stands, nothing of its target is erased or pruned, whatever the rules say."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.domain.writes import RowWrite
from gateway.store.erasure_tables import legal_hold


class HoldScope(StrEnum):
    """What a hold is about."""

    JOB = "job"
    PRINCIPAL = "principal"
    PROJECT = "project"
    EVERYTHING = "everything"


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalHold:
    """One hold."""

    id: str
    scope: HoldScope
    target: str
    """Id of the job, principal or project; empty for everything."""
    reason: str
    at: datetime
    lifted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """All holds that stand, to be asked of one thing after another."""

    holds: tuple[LegalHold, ...]

    def by(self, **targets: str | None) -> LegalHold | None:
        """Find the hold that keeps a thing; `job`, `principal` and `project` say what it belongs to."""
        return next((each for each in self.holds if _keeps(each, targets)), None)

    def ids(self, scope: HoldScope) -> frozenset[str]:
        """Give the targets of one scope."""
        return frozenset(each.target for each in self.holds if each.scope is scope)


async def standing(connection: AsyncConnection) -> Held:
    """Read the holds that stand."""
    query = select(legal_hold).where(legal_hold.c.lifted_at.is_(None)).order_by(legal_hold.c.at)
    return Held(tuple(_hold(row) for row in await connection.execute(query)))


async def every(connection: AsyncConnection) -> list[LegalHold]:
    """List all holds, lifted ones too, oldest first."""
    return [_hold(row) for row in await connection.execute(select(legal_hold).order_by(legal_hold.c.at))]


def write(hold: LegalHold) -> RowWrite:
    """Prepare a hold's row, for the unit that records it."""
    values = {
        "id": hold.id,
        "scope": hold.scope.value,
        "target": hold.target,
        "reason": hold.reason,
        "at": rfc3339(hold.at),
        "lifted_at": None if hold.lifted_at is None else rfc3339(hold.lifted_at),
    }
    return RowWrite(table=legal_hold.name, values=values)


def _keeps(hold: LegalHold, targets: dict[str, str | None]) -> bool:
    return hold.scope is HoldScope.EVERYTHING or targets.get(hold.scope.value) == hold.target


def _hold(row: Row[Any]) -> LegalHold:
    lifted = None if row.lifted_at is None else parse_rfc3339(row.lifted_at)
    return LegalHold(
        id=row.id,
        scope=HoldScope(row.scope),
        target=row.target,
        reason=row.reason,
        at=parse_rfc3339(row.at),
        lifted_at=lifted,
    )
