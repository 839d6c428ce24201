"""What invoices and their corrections say of the same jobs whose spending `store.books` sums up."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.clock import rfc3339
from gateway.store.books import COLUMNS
from gateway.store.money_tables import invoice, invoice_line, journal
from gateway.store.tables import attempt

Sums: TypeAlias = dict[tuple[tuple[str, ...], str], int]
"""Micros by group, in the order it was asked for, and currency."""


async def corrected(connection: AsyncConnection, *, since: datetime, until: datetime, by: Sequence[str]) -> Sums:
    """Sum up by how much jobs were corrected after their vendors reported what they cost."""
    groups = [COLUMNS[name] for name in by]
    query = select(*groups, journal.c.currency, func.sum(journal.c.amount_micros))
    held = (journal.c.action == "correct", *_within(since, until))
    return await _sums(connection, query.where(*held).group_by(*groups, journal.c.currency))


async def invoiced(connection: AsyncConnection, *, since: datetime, until: datetime, by: Sequence[str]) -> Sums:
    """Sum up what vendors' invoices say of jobs that were held in a span of time."""
    groups = [COLUMNS[name] for name in by]
    # One job of a vendor may stand behind two attempts, of which the second found what the first had sent.
    sent = select(attempt.c.job_id, attempt.c.upstream, attempt.c.vendor_job_id).distinct().subquery()
    query = (
        select(*groups, invoice_line.c.currency, func.sum(invoice_line.c.amount_micros))
        .join(invoice, invoice.c.id == invoice_line.c.invoice_id)
        .join(sent, and_(sent.c.vendor_job_id == invoice_line.c.vendor_job_id, sent.c.upstream == invoice.c.vendor))
        .join(journal, and_(journal.c.job_id == sent.c.job_id, journal.c.action == "hold"))
        .where(*_within(since, until))
        .group_by(*groups, invoice_line.c.currency)
    )
    return await _sums(connection, query)


def _within(since: datetime, until: datetime) -> tuple[Any, Any]:
    return journal.c.held_at >= rfc3339(since), journal.c.held_at < rfc3339(until)


async def _sums(connection: AsyncConnection, query: Select[Any]) -> Sums:
    return {(tuple(row[:-2]), row[-2]): int(row[-1]) for row in await connection.execute(query)}
