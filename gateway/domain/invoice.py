"""What vendors bill, line by line, beside what our books know of the same job. Money is integer micros."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """One line of an invoice."""

    number: int
    """Where it stands in the file; the header is line 1."""
    vendor_job_id: str
    """The job as the vendor calls it; empty where the line names none."""
    item: str
    """What of the job it bills, such as shots or the task itself; lines of one job with different items are parts."""
    amount_micros: int
    """Below 0 for a credit."""
    currency: str
    used_at: datetime
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """One invoice."""

    vendor: str
    number: str
    """What the vendor calls it."""
    digest: str
    """SHA-256 of the file, hexadecimal: the same file is imported once."""
    begins_at: datetime
    ends_at: datetime
    """Exclusive."""
    lines: tuple[BillLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBill:
    """An imported invoice, without its lines."""

    id: str
    vendor: str
    number: str
    digest: str
    begins_at: datetime
    ends_at: datetime
    imported_at: datetime
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownJob:
    """One attempt at a vendor, and what our books say of it."""

    vendor_job_id: str
    job_id: str
    project_id: str
    backend: str
    completed: bool
    """Whether it gave a result; a failed, cancelled or given-up one did not."""
    charged_micros: int
    """What the books count for it now: settled, and corrected since; 0 where the hold was released."""
    currency: str
    """Empty where nothing was ever held for it."""
    created_at: datetime
    ended_at: datetime | None
