"""How much a rule denies of late, counted in the index of the ledger: of the whole deployment, whoever decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import case, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.clock import rfc3339
from gateway.domain.search import Ruling
from gateway.store.search_tables import audit_index

_DECIDED: Final = (Ruling.PERMITTED.value, Ruling.DENIED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The decisions about one person's work in one project since a moment, and those that one rule denied."""

    project_id: str
    subject: str | None
    """A digest."""
    decided: int
    denied: int


async def tallies(connection: AsyncConnection, rule: str, *, since: datetime) -> Sequence[Tally]:
    """Count by project and person."""
    # Rules stand in one column with spaces between them, and none has a space or a pattern's letters in it.
    named = (literal(" ") + audit_index.c.rules + literal(" ")).contains(f" {rule} ", autoescape=True)
    denied = (audit_index.c.ruling == Ruling.DENIED.value) & named
    query = (
        select(
            audit_index.c.project_id,
            audit_index.c.subject,
            func.count().label("decided"),
            func.count(case((denied, 1))).label("denied"),
        )
        .where(audit_index.c.at >= rfc3339(since), audit_index.c.ruling.in_(_DECIDED))
        .group_by(audit_index.c.project_id, audit_index.c.subject)
    )
    return [Tally(**row._asdict()) for row in await connection.execute(query) if row.project_id is not None]
