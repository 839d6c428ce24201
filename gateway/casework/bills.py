"""Invoices of vendors as files: our own plain CSV, or a FOCUS export. Read whole, or refused by the line that is wrong.

Our columns stand in docs/how-to/spend.md; a file with a column `BilledCost` is taken for FOCUS (1.0 to 1.2). Its costs
may be finer than a millionth and are then rounded to the nearest; our own CSV must be exact.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Final, TypeVar

from gateway.casework import amounts
from gateway.domain.budget import Unit
from gateway.domain.clock import parse_rfc3339
from gateway.domain.errors import RefusedError
from gateway.domain.invoice import Bill, BillLine

COLUMNS: Final = ("invoice", "period_start", "period_end", "vendor_job_id", "amount", "currency", "used_at")
"""Columns that our own CSV must have; `item` and `description` may be there, others are passed over."""
FOCUS_COLUMNS: Final = ("BilledCost", "BillingCurrency", "BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart")
"""Columns that a FOCUS export must have to be reconciled; the job's id stands in `ResourceId`."""
LARGEST_BYTES: Final = 64 * 1024 * 1024
MOST_LINES: Final = 100_000
_LONGEST_ID: Final = 128
_LONGEST_TEXT: Final = 200
_LARGEST_COST: Final = Decimal(1 << 53)

Row = Mapping[str, str]
Answer = TypeVar("Answer")


class InvoiceRefusedError(RefusedError):
    """A file is no invoice that can be read, or not in full."""

    code = "invoice-refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """Where one kind of file has what an invoice says."""

    needed: Sequence[str]
    number: str
    begins: str
    ends: str
    line: Callable[[int, Row], BillLine]


def read(content: bytes, *, vendor: str) -> Bill:
    """Read an invoice.

    Raises:
        InvoiceRefusedError: no CSV in UTF-8, a column is missing, or a line is not understood; the line is named.
    """
    if len(content) > LARGEST_BYTES:
        raise InvoiceRefusedError(f"the invoice has more than {LARGEST_BYTES} bytes; split it by billing period")
    rows = list(_rows(content))
    if not 0 < len(rows) <= MOST_LINES:
        raise InvoiceRefusedError(f"the invoice has {len(rows)} lines below its header; 1 to {MOST_LINES} are read")
    form = _FOCUS if "BilledCost" in rows[0][1] else _PLAIN
    if missing := [name for name in form.needed if name not in rows[0][1]]:
        raise InvoiceRefusedError(
            f"the invoice lacks the column {missing[0]}; it needs {', '.join(form.needed)}, or those of FOCUS 1.2"
        )
    digest = sha256(content).hexdigest()
    begins, ends = _period(form, rows)
    return Bill(
        vendor=vendor,
        number=_number(form, rows) or digest[:16],
        digest=digest,
        begins_at=begins,
        ends_at=ends,
        lines=tuple(_understood(number, row, form.line) for number, row in rows),
    )


def _rows(content: bytes) -> Iterator[tuple[int, Row]]:
    """Give each line below the header with its number in the file, cells without spaces around them."""
    try:
        lines = csv.reader(content.decode("utf-8-sig").splitlines(keepends=True), strict=True)
        header = [name.strip() for name in next(lines, [])]
        if len(set(header)) < len(header):
            raise InvoiceRefusedError("the invoice's header names a column twice")
        for cells in lines:
            if any(cell.strip() for cell in cells):
                yield lines.line_num, _row(lines.line_num, header, cells)
    except UnicodeDecodeError:
        raise InvoiceRefusedError("the invoice is no text in UTF-8; export it as CSV") from None
    except csv.Error:
        raise InvoiceRefusedError("the invoice is no CSV; export it with commas and double quotes") from None


def _row(number: int, header: Sequence[str], cells: Sequence[str]) -> Row:
    if len(cells) != len(header):
        raise InvoiceRefusedError(f"line {number} of the invoice has {len(cells)} cells, its header {len(header)}")
    return {name: cell.strip() for name, cell in zip(header, cells, strict=True)}


def _number(form: _Form, rows: Sequence[tuple[int, Row]]) -> str:
    numbers = {row.get(form.number, "") for _, row in rows}
    if len(numbers) > 1:
        raise InvoiceRefusedError(f"the file holds {len(numbers)} invoices ({form.number} differs); give each alone")
    return _plain_text(form.number, next(iter(numbers)), _LONGEST_ID)


def _period(form: _Form, rows: Sequence[tuple[int, Row]]) -> tuple[datetime, datetime]:
    begins = min(_understood(number, row, lambda _, each: _moment(each[form.begins])) for number, row in rows)
    ends = max(_understood(number, row, lambda _, each: _moment(each[form.ends])) for number, row in rows)
    if ends <= begins:
        raise InvoiceRefusedError("the invoice's period ends before it begins; the end is exclusive")
    return begins, ends


def _understood(number: int, row: Row, understand: Callable[[int, Row], Answer]) -> Answer:
    """Read something of one line, and say which line it was where that fails."""
    try:
        return understand(number, row)
    except RefusedError as error:
        raise InvoiceRefusedError(f"line {number} of the invoice: {error.message}") from None


def _plain_line(number: int, row: Row) -> BillLine:
    currency = amounts.checked_currency(row["currency"], Unit.MONEY)
    return BillLine(
        number=number,
        vendor_job_id=_plain_text("vendor_job_id", row["vendor_job_id"], _LONGEST_ID),
        item=_plain_text("item", row.get("item", ""), _LONGEST_ID),
        amount_micros=amounts.signed(row["amount"], Unit.MONEY, currency),
        currency=currency,
        used_at=_moment(row["used_at"]),
        description=_plain_text("description", row.get("description", "")[:_LONGEST_TEXT], _LONGEST_TEXT),
    )


def _focus_line(number: int, row: Row) -> BillLine:
    return BillLine(
        number=number,
        vendor_job_id=_plain_text("ResourceId", row.get("ResourceId", ""), _LONGEST_ID),
        item=_plain_text("SkuId", row.get("SkuId") or row.get("ChargeCategory", ""), _LONGEST_ID),
        amount_micros=_cost(row["BilledCost"]),
        currency=amounts.checked_currency(row["BillingCurrency"], Unit.MONEY),
        used_at=_moment(row["ChargePeriodStart"]),
        description=_plain_text("ChargeDescription", row.get("ChargeDescription", "")[:_LONGEST_TEXT], _LONGEST_TEXT),
    )


def _cost(text: str) -> int:
    """Read FOCUS' numeric format, which knows exponents, to the nearest micro."""
    try:
        micros = Decimal(text).scaleb(6).to_integral_value()
    except InvalidOperation:
        raise InvoiceRefusedError("BilledCost is no number") from None
    if not micros.is_finite() or abs(micros) >= _LARGEST_COST:
        raise InvoiceRefusedError("BilledCost is no number that the books can hold")
    return int(micros)


def _moment(text: str) -> datetime:
    try:
        return parse_rfc3339(text)
    except ValueError:
        raise InvoiceRefusedError(f"{text[:40]!r} is no date; write 2026-11-30 or 2026-11-30T12:00:00Z") from None


def _plain_text(name: str, text: str, longest: int) -> str:
    if len(text) > longest or not text.isprintable():
        raise InvoiceRefusedError(f"{name} has more than {longest} characters, or some that do not print")
    return text


_PLAIN: Final = _Form(needed=COLUMNS, number="invoice", begins="period_start", ends="period_end", line=_plain_line)
_FOCUS: Final = _Form(
    needed=FOCUS_COLUMNS, number="InvoiceId", begins="BillingPeriodStart", ends="BillingPeriodEnd", line=_focus_line
)
