"""The revision that decides beside the live one as rows: what it is, how often it decided otherwise, and examples."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.domain.shadow import Example, Shadow
from gateway.domain.writes import RowWrite
from gateway.store.leniency_tables import policy_shadow, shadow_count, shadow_example
from gateway.store.upsert import upsert
from gateway.store.values import text_time


async def newest(connection: AsyncConnection) -> Shadow | None:
    """Give the one that was started last, whether or not it was stopped."""
    query = select(policy_shadow).order_by(policy_shadow.c.at.desc(), policy_shadow.c.id.desc()).limit(1)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    return Shadow(
        id=row.id,
        policy_revision=row.policy_revision,
        data_revision=row.data_revision,
        reason=row.reason,
        at=parse_rfc3339(row.at),
        stopped_at=text_time(row.stopped_at),
    )


def write(shadow: Shadow) -> RowWrite:
    """Make the row of one."""
    values = {name: _text(value) for name, value in asdict(shadow).items()}
    return RowWrite(table=policy_shadow.name, values=values)


async def counts(connection: AsyncConnection, shadow_id: str) -> Mapping[tuple[str, str], int]:
    """Give how often, by kind and rule."""
    query = select(shadow_count).where(shadow_count.c.shadow_id == shadow_id)
    return {(row.kind, row.rule): row.decisions for row in await connection.execute(query)}


async def examples(connection: AsyncConnection, shadow_id: str, *, most: int) -> list[Example]:
    """Give the newest examples."""
    query = select(shadow_example).where(shadow_example.c.shadow_id == shadow_id)
    newest_first = query.order_by(shadow_example.c.decision_id.desc()).limit(most)
    return [
        Example(decision_id=row.decision_id, kind=row.kind, rules=tuple(row.rules.split()))
        for row in await connection.execute(newest_first)
    ]


def add(
    connection: Connection, shadow_id: str, counted: Mapping[tuple[str, str], int], found: Sequence[Example]
) -> None:
    """Add what one process counted since the last time; several may."""
    dialect = connection.dialect.name
    statement = (sqlite_insert if dialect == "sqlite" else postgresql_insert)(shadow_count)
    more = statement.on_conflict_do_update(
        index_elements=list(shadow_count.primary_key.columns),
        set_={"decisions": shadow_count.c.decisions + statement.excluded.decisions},
    )
    # In one order, so that two processes cannot wait for each other.
    rows = [
        {"shadow_id": shadow_id, "kind": kind, "rule": rule, "decisions": decisions}
        for (kind, rule), decisions in sorted(counted.items())
    ]
    connection.execute(more, rows)
    if found:
        shown = [
            {"shadow_id": shadow_id, "decision_id": each.decision_id, "kind": each.kind, "rules": " ".join(each.rules)}
            for each in found
        ]
        connection.execute(upsert(dialect, shadow_example, ()), shown)


def _text(value: Any) -> Any:
    return rfc3339(value) if isinstance(value, datetime) else value
