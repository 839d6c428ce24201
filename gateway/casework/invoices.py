"""Invoices of vendors: taken in once, compared with the books as often as wanted, and followed by the books when told.

Comparing changes nothing but the ledger, which says what was found. A correction is a line of the journal for each job
whose bill is another than its vendor reported; it counts in the window in which the job was held.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from gateway.budgets import hold
from gateway.casework import amounts, bills
from gateway.casework.entries import OPERATOR, AdminEntries
from gateway.casework.names import UnknownNameError
from gateway.casework.reconcile import Finding, Reconciliation, reconcile
from gateway.domain.budget import Unit
from gateway.domain.clock import Clock
from gateway.domain.errors import RefusedError
from gateway.domain.invoice import Bill, StoredBill
from gateway.domain.writes import RowWrite
from gateway.ports.registry import Adapter
from gateway.store import holds, invoices
from gateway.store.engine import Database

_LINES_AT_ONCE: Final = 500
"""So many lines are written in one transaction: permits wait for it."""


class InvoiceKnownError(RefusedError):
    """Another file with the same number of the same vendor was taken in before."""

    code = "invoice-known"

    def __init__(self, vendor: str, number: str) -> None:
        super().__init__(
            f"invoice {number!r} of {vendor} was imported before from another file; a corrected invoice needs a number "
            "of its own"
        )
        self.vendor, self.number = vendor, number


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """An invoice, what came of comparing it, and how many jobs the books followed it for."""

    bill: StoredBill
    result: Reconciliation
    corrected: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoices:
    """Imports and reconciles invoices."""

    database: Database
    entries: AdminEntries
    clock: Clock
    adapters: Mapping[str, Adapter] = field(repr=False)

    async def every(self) -> list[StoredBill]:
        """List imported invoices, oldest period first."""
        async with self.database.reading() as connection:
            return await invoices.every(connection)

    async def named(self, name: str) -> StoredBill:
        """Find an imported invoice by its id, or by its number where that is unique.

        Raises:
            UnknownNameError: there is none, or several vendors have that number.
        """
        known = await self.every()
        found = [each for each in known if name in {each.id, each.number}]
        if len(found) != 1:
            raise UnknownNameError("invoice", name, (each.id if len(found) > 1 else each.number for each in known))
        return found[0]

    async def take_in(self, content: bytes, *, vendor: str, by: str = OPERATOR) -> StoredBill:
        """Import an invoice; the same file a second time changes nothing.

        Raises:
            UnknownNameError: no installed adapter asks such a vendor.
            InvoiceRefusedError: the file cannot be read.
            InvoiceKnownError: there is another one of that number.
        """
        known_vendors = [name for name, each in self.adapters.items() if each.vendor is not None]
        if vendor not in known_vendors:
            raise UnknownNameError("vendor", vendor, known_vendors)
        bill = bills.read(content, vendor=vendor)
        for stored in await self.every():
            if stored.digest == bill.digest and stored.vendor == vendor:
                return stored
            if (stored.vendor, stored.number) == (vendor, bill.number):
                raise InvoiceKnownError(vendor, bill.number)
        return await self._store(bill, by)

    async def report(self, stored: StoredBill, *, tolerance: str = "0") -> Reconciliation:
        """Compare an imported invoice with the books as they are now; nothing is written.

        Raises:
            AmountRefusedError: the tolerance is no amount.
        """
        micros = amounts.parse(tolerance, Unit.MONEY)
        async with self.database.reading() as connection:
            lines = await invoices.lines(connection, stored.id)
            known = await invoices.known(connection, stored)
            earlier = await invoices.elsewhere(connection, stored)
        return reconcile(_bill(stored, lines), known, earlier=earlier, tolerance_micros=micros)

    async def reconcile(
        self, content: bytes, *, vendor: str, tolerance: str = "0", correct: bool = False, by: str = OPERATOR
    ) -> Reconciled:
        """Import an invoice unless that was done, compare it, and record what was found.

        Args:
            content: the file.
            vendor: whose it is.
            tolerance: how far a job's bill may be from what the vendor reported, as a decimal.
            correct: whether jobs count for what they were billed from now on, where that differs.
            by: id of the principal who acts.

        Raises:
            RefusedError: as `take_in` and `report` do.
        """
        stored = await self.take_in(content, vendor=vendor, by=by)
        result = await self.report(stored, tolerance=tolerance)
        await self._record("invoice.reconciled", stored, by, _found(result))
        corrected = [await self._correct(stored, each, by) for each in result.corrections] if correct else []
        return Reconciled(bill=stored, result=result, corrected=sum(corrected))

    async def _store(self, bill: Bill, by: str) -> StoredBill:
        stored = StoredBill(
            id=self.entries.new_id(),
            vendor=bill.vendor,
            number=bill.number,
            digest=bill.digest,
            begins_at=bill.begins_at,
            ends_at=bill.ends_at,
            imported_at=self.clock.now(),
            lines=len(bill.lines),
        )
        for rows in _chunks(list(invoices.write_lines(stored.id, bill.lines))):
            await self.entries.ledger.keep(*rows)
        await self._record("invoice.imported", stored, by, {}, invoices.write(stored))
        return stored

    async def _correct(self, stored: StoredBill, finding: Finding, by: str) -> bool:
        """Let one job count for what it was billed; false where nothing was ever charged for it."""
        assert finding.job_id is not None, "only findings about a job of ours are corrected"
        async with self.database.reading() as connection:
            charged = await holds.charged(connection, finding.job_id)
        if charged is None:
            return False
        before = charged.charge.micros
        charge = replace(
            charged.charge, micros=before + finding.billed_micros - finding.expected_micros, currency=finding.currency
        )
        await self.entries.record(
            "charge.corrected",
            by=by,
            project_id=charged.project_id,
            rows=(),
            body={"job_id": finding.job_id, "invoice": stored.id, "before": before, "billed": charge.micros},
            people={},
            hold=hold.correct(charged, charge, self.clock.now()),
        )
        return True

    async def _record(self, type_: str, stored: StoredBill, by: str, more: Mapping[str, Any], *rows: RowWrite) -> None:
        told = {"invoice": stored.id, "vendor": stored.vendor, "digest": stored.digest, "lines": stored.lines}
        await self.entries.record(type_, by=by, project_id=None, rows=rows, body={**told, **more}, people={})


def _chunks(rows: Sequence[RowWrite]) -> Iterator[Sequence[RowWrite]]:
    for start in range(0, len(rows), _LINES_AT_ONCE):
        yield rows[start : start + _LINES_AT_ONCE]


def _bill(stored: StoredBill, lines: Sequence[Any]) -> Bill:
    return Bill(
        vendor=stored.vendor,
        number=stored.number,
        digest=stored.digest,
        begins_at=stored.begins_at,
        ends_at=stored.ends_at,
        lines=tuple(lines),
    )


def _found(result: Reconciliation) -> dict[str, Any]:
    """Give what the ledger says was found: counts and sums, no line by itself."""
    return {
        "findings": dict(result.counts),
        "matched": result.matched,
        "billed": dict(result.billed),
        "unexplained": dict(result.unexplained),
    }


def report_of(stored: StoredBill, result: Reconciliation) -> Mapping[str, Any]:
    """Show a comparison as the command line and the admin interface do; money as decimals, as text."""
    return {
        "invoice": stored.number,
        "vendor": stored.vendor,
        "begins": stored.begins_at,
        "ends": stored.ends_at,
        "lines": stored.lines,
        "billed": _decimals(result.billed),
        "matched": result.matched,
        "unexplained": _decimals(result.unexplained),
        "counts": result.counts,
        "findings": [finding_row(each) for each in result.findings],
    }


def finding_row(finding: Finding) -> Mapping[str, Any]:
    """Show one finding."""
    return {
        "finding": finding.kind.value,
        "vendor_job": finding.vendor_job_id or None,
        "job": finding.job_id,
        "lines": list(finding.lines),
        "billed": amounts.show(finding.billed_micros, Unit.MONEY),
        "expected": amounts.show(finding.expected_micros, Unit.MONEY),
        "currency": finding.currency,
    }


def bill_row(stored: StoredBill) -> Mapping[str, Any]:
    """Show an imported invoice."""
    return {
        "invoice": stored.number,
        "vendor": stored.vendor,
        "begins": stored.begins_at,
        "ends": stored.ends_at,
        "lines": stored.lines,
        "imported": stored.imported_at,
        "id": stored.id,
    }


def _decimals(sums: Mapping[str, int]) -> Mapping[str, str]:
    return {currency: amounts.show(micros, Unit.MONEY) for currency, micros in sums.items()}
