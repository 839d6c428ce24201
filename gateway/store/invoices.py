"""Invoices of vendors, and what our books know of the jobs they bill.

The lines of an invoice are written before the invoice itself: a crash in between leaves lines that nobody counts.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.domain.invoice import BillLine, KnownJob, StoredBill
from gateway.domain.writes import RowWrite
from gateway.store.money_tables import invoice, invoice_line, journal
from gateway.store.tables import attempt, job
from gateway.store.values import text_time

_COUNTED: Final = ("settle", "correct")
"""What a job costs is what it was settled for and every difference since; a hold costs nothing yet."""


def write(stored: StoredBill) -> RowWrite:
    """Prepare an invoice's row, which makes its lines count."""
    values = {
        "id": stored.id,
        "vendor": stored.vendor,
        "number": stored.number,
        "digest": stored.digest,
        "begins_at": rfc3339(stored.begins_at),
        "ends_at": rfc3339(stored.ends_at),
        "imported_at": rfc3339(stored.imported_at),
        "lines": stored.lines,
    }
    return RowWrite(table=invoice.name, values=values)


def write_lines(invoice_id: str, lines: Iterable[BillLine]) -> Iterator[RowWrite]:
    """Prepare the rows of an invoice's lines."""
    for line in lines:
        values = {
            "invoice_id": invoice_id,
            "number": line.number,
            "vendor_job_id": line.vendor_job_id,
            "item": line.item,
            "amount_micros": line.amount_micros,
            "currency": line.currency,
            "used_at": rfc3339(line.used_at),
            "description": line.description,
        }
        yield RowWrite(table=invoice_line.name, values=values)


async def every(connection: AsyncConnection) -> list[StoredBill]:
    """List imported invoices, oldest period first."""
    query = select(invoice).order_by(invoice.c.begins_at, invoice.c.vendor, invoice.c.number)
    return [_stored(row) for row in await connection.execute(query)]


async def lines(connection: AsyncConnection, invoice_id: str) -> tuple[BillLine, ...]:
    """Read an invoice's lines, in the order of the file."""
    query = select(invoice_line).where(invoice_line.c.invoice_id == invoice_id).order_by(invoice_line.c.number)
    return tuple(_line(row) for row in await connection.execute(query))


async def elsewhere(connection: AsyncConnection, bill: StoredBill) -> list[BillLine]:
    """List the lines of the vendor's other invoices for the jobs that this one bills."""
    query = (
        select(invoice_line)
        .join(invoice, invoice.c.id == invoice_line.c.invoice_id)
        .where(
            invoice.c.vendor == bill.vendor,
            invoice.c.id != bill.id,
            invoice_line.c.vendor_job_id != "",
            or_(
                invoice_line.c.vendor_job_id.in_(_billed(bill)),
                invoice_line.c.vendor_job_id.in_(_ended_within(bill)),
            ),
        )
        .order_by(invoice_line.c.invoice_id, invoice_line.c.number)
    )
    return [_line(row) for row in await connection.execute(query)]


async def known(connection: AsyncConnection, bill: StoredBill) -> list[KnownJob]:
    """List every attempt at the vendor that an invoice names, or whose job ended in its period."""
    named = or_(attempt.c.vendor_job_id.in_(_billed(bill)), attempt.c.vendor_job_id.in_(_ended_within(bill)))
    tried = (attempt.c.upstream == bill.vendor, attempt.c.vendor_job_id.is_not(None), named)
    query = select(attempt, job.c.project_id, job.c.status, job.c.created_at, job.c.finished_at)
    rows = (await connection.execute(query.join(job, job.c.id == attempt.c.job_id).where(*tried))).all()
    charges = await _charges(connection, select(attempt.c.job_id).where(*tried))
    return [_known(row, *charges.get(row.job_id, (0, ""))) for row in rows]


async def _charges(connection: AsyncConnection, jobs: Select[Any]) -> dict[str, tuple[int, str]]:
    """Read what each job counts for now, with its currency."""
    query = select(journal.c.job_id, journal.c.action, journal.c.amount_micros, journal.c.currency)
    lines_ = await connection.execute(query.where(journal.c.job_id.in_(jobs)).order_by(journal.c.id))
    charges: dict[str, tuple[int, str]] = {}
    for line in lines_:
        before, _ = charges.get(line.job_id, (0, ""))
        counted = int(line.amount_micros) if line.action in _COUNTED else 0
        charges[line.job_id] = (before + counted, line.currency)
    return charges


def _billed(bill: StoredBill) -> Select[Any]:
    return select(invoice_line.c.vendor_job_id).where(invoice_line.c.invoice_id == bill.id)


def _ended_within(bill: StoredBill) -> Select[Any]:
    return (
        select(attempt.c.vendor_job_id)
        .join(job, job.c.id == attempt.c.job_id)
        .where(
            attempt.c.upstream == bill.vendor,
            attempt.c.vendor_job_id.is_not(None),
            job.c.finished_at >= rfc3339(bill.begins_at),
            job.c.finished_at < rfc3339(bill.ends_at),
        )
    )


def _known(row: Row[Any], charged: int, currency: str) -> KnownJob:
    # What a job costs is what its last attempt cost; one that was given up is paid for by nobody knowingly.
    live = row.state != "abandoned"
    ended: datetime | None = text_time(row.finished_at)
    return KnownJob(
        vendor_job_id=row.vendor_job_id,
        job_id=row.job_id,
        project_id=row.project_id,
        backend=row.backend,
        completed=live and row.status == "completed",
        charged_micros=charged if live else 0,
        currency=currency,
        created_at=parse_rfc3339(row.created_at),
        ended_at=ended,
    )


def _stored(row: Row[Any]) -> StoredBill:
    times = {name: parse_rfc3339(getattr(row, name)) for name in ("begins_at", "ends_at", "imported_at")}
    return StoredBill(id=row.id, vendor=row.vendor, number=row.number, digest=row.digest, lines=row.lines, **times)


def _line(row: Row[Any]) -> BillLine:
    return BillLine(
        number=row.number,
        vendor_job_id=row.vendor_job_id,
        item=row.item,
        amount_micros=int(row.amount_micros),
        currency=row.currency,
        used_at=parse_rfc3339(row.used_at),
        description=row.description,
    )
