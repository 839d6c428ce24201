"""What the admin interface takes and gives, as OpenAPI describes it. Amounts are decimals as text, times RFC 3339."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from gateway.casework.budgets import Shown, Wish, row_of
from gateway.casework.invoices import bill_row, report_of
from gateway.casework.reconcile import Reconciliation
from gateway.casework.spending import Spent
from gateway.casework.spending import row_of as spent_row
from gateway.domain.budget import Level, Period
from gateway.domain.invoice import StoredBill


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class LimitBody(_Body):
    """A limit to be set."""

    level: Level
    target: str = ""
    """Name (or id) of the team, project, principal or key; empty for the organisation."""
    unit: str = "money"
    """`money`, `jobs`, `circuits`, `shots`, `qpu-seconds` or `session-seconds`."""
    amount: str
    """A decimal, such as `100` or `12.50`."""
    currency: str = ""
    """ISO 4217, with `money`."""
    per: Period
    zone: str = "UTC"
    """IANA name of the time zone in which its windows begin."""
    fiscal_month: int | None = None
    """Month in which the fiscal year begins, with `quarter` and `year`."""
    seconds: int | None = None
    """Length of a `rolling` window."""
    soft: str | None = None
    """From this amount on people are warned."""
    upstream: str = ""
    """Counts only what runs there."""
    reason: str = Field(default="")
    """Why; the ledger keeps it."""

    def wish(self) -> Wish:
        """Give the same in the words of casework."""
        return Wish(**self.model_dump(exclude={"reason"}))


class RaiseBody(_Body):
    """More of a limit for a while."""

    amount: str
    """By how much, as a decimal."""
    until: str
    """A moment, or a date, which is midnight in the limit's own zone."""
    reason: str
    """Why; the ledger keeps it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisePage:
    """One raise of a limit."""

    amount: str
    until: datetime
    reason: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitPage:
    """A limit as it stands now."""

    id: str
    name: str
    level: str
    target: str
    unit: str
    currency: str | None
    amount: str
    allowed: str
    soft: str | None
    held: str
    settled: str
    left: str
    per: str
    zone: str
    fiscal_month: int
    seconds: int | None
    upstream: str | None
    begins: datetime | None
    resets: datetime | None
    raises: list[RaisePage]
    created: datetime

    @classmethod
    def of(cls, shown: Shown) -> "LimitPage":
        """Show a limit."""
        row = row_of(shown)
        return cls(**{**row, "raises": [RaisePage(**each) for each in row["raises"]]})


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendRow:
    """What one group of jobs took."""

    group: dict[str, str]
    currency: str | None
    estimated: str
    held: str
    reported: str
    invoiced: str
    charged: str
    open: str
    jobs: int
    circuits: int
    shots: int
    qpu_seconds: str
    native: list[str]

    @classmethod
    def of(cls, spent: Spent) -> "SpendRow":
        """Show a group."""
        row = {name: value for name, value in spent_row(spent).items() if name not in spent.group}
        return cls(group=dict(spent.group), **row)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendPage:
    """Spending in a span of time."""

    since: datetime
    until: datetime
    rows: list[SpendRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePage:
    """An imported invoice."""

    id: str
    invoice: str
    vendor: str
    begins: datetime
    ends: datetime
    lines: int
    imported: datetime

    @classmethod
    def of(cls, stored: StoredBill) -> "InvoicePage":
        """Show an invoice."""
        return cls(**bill_row(stored))


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingPage:
    """One thing that is wrong with an invoice."""

    finding: str
    vendor_job: str | None
    job: str | None
    lines: list[int]
    billed: str
    expected: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationPage:
    """An invoice beside the books as they are now."""

    invoice: str
    vendor: str
    begins: datetime
    ends: datetime
    lines: int
    billed: dict[str, str]
    matched: int
    unexplained: dict[str, str]
    counts: dict[str, int]
    findings: list[FindingPage]

    @classmethod
    def of(cls, stored: StoredBill, result: Reconciliation) -> "ReconciliationPage":
        """Show what came of a comparison."""
        report = report_of(stored, result)
        return cls(**{**report, "findings": [FindingPage(**each) for each in report["findings"]]})
