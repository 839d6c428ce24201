"""An invoice laid beside our books: pure, so that every kind of finding can be tested with a month of invented lines.

Lines of one job that together come to what the books count for it are its parts, whatever their items; only where they
do not is a repeated item taken for billed twice. Each line leads to one finding at most about its amount, and to one
more where it lies outside the invoice's period.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from gateway.domain.invoice import Bill, BillLine, KnownJob

LEEWAY: Final = timedelta(days=1)
"""How far a job of ours may lie outside a period and be billed in it: vendors cut months in zones of their own."""


class Kind(StrEnum):
    """What can be wrong with an invoice."""

    TWICE = "billed-twice"
    """The same item of the same job is billed again, here or on an earlier invoice."""
    UNKNOWN = "unknown"
    """No job of ours stands behind it: unexplained spend."""
    AMOUNT = "amount-differs"
    """Billed is not what the vendor reported when the job ended."""
    CURRENCY = "wrong-currency"
    PERIOD = "outside-period"
    """The job, or the use the line names, was not in the invoice's period."""
    FAILED = "billed-although-failed"
    """The job gave no result and the vendor reported no cost."""
    UNBILLED = "not-billed"
    """A job of ours in the period that no invoice has; it may come on the next one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong."""

    kind: Kind
    vendor_job_id: str
    job_id: str | None
    lines: tuple[int, ...]
    """Where in the file; empty where nothing is billed."""
    billed_micros: int
    expected_micros: int
    currency: str
    """Of what is billed; with `not-billed`, of what is expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """What came of comparing one invoice with the books."""

    billed: Mapping[str, int]
    """Micros by currency, all lines."""
    matched: int
    """Jobs whose lines come to exactly what the books count."""
    findings: tuple[Finding, ...]

    @property
    def unexplained(self) -> Mapping[str, int]:
        """Micros by currency that are billed for nothing we know of."""
        total: defaultdict[str, int] = defaultdict(int)
        for finding in self.findings:
            if finding.kind is Kind.UNKNOWN:
                total[finding.currency] += finding.billed_micros
        return dict(total)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many findings there are of each kind that was found."""
        kinds = [finding.kind for finding in self.findings]
        return {kind.value: kinds.count(kind) for kind in Kind if kind in kinds}

    @property
    def corrections(self) -> tuple[Finding, ...]:
        """Findings about a job's amount, which the books can follow."""
        return tuple(each for each in self.findings if each.kind in {Kind.AMOUNT, Kind.FAILED} and each.job_id)


def reconcile(
    bill: Bill, known: Iterable[KnownJob], *, earlier: Sequence[BillLine] = (), tolerance_micros: int = 0
) -> Reconciliation:
    """Compare.

    Args:
        bill: the invoice.
        known: every attempt that reached this vendor and is named in the invoice or ended in its period.
        earlier: lines of the vendor's other invoices for the same jobs.
        tolerance_micros: how far a job's billed amount may be from the books': a vendor that rounds to cents needs it.
    """
    ours = {each.vendor_job_id: each for each in known}
    before = _by_job(earlier)
    findings: list[Finding] = []
    matched = 0
    for vendor_job_id, lines in _by_job(bill.lines).items():
        job = ours.get(vendor_job_id)
        if job is None:
            findings += [_unknown(line) for line in lines]
            continue
        wrong = list(_of_job(job, lines, before.get(vendor_job_id, []), tolerance_micros))
        matched += not wrong
        findings += [*wrong, *_outside(bill, job, lines)]
    billed = {line.vendor_job_id for line in (*bill.lines, *earlier)}
    findings += [_unbilled(job) for job in ours.values() if job.vendor_job_id not in billed and _due(bill, job)]
    return Reconciliation(
        billed=_totals(bill.lines),
        matched=matched,
        findings=tuple(sorted(findings, key=_place)),
    )


def _of_job(job: KnownJob, lines: Sequence[BillLine], before: Sequence[BillLine], tolerance: int) -> Iterator[Finding]:
    """Find what is wrong with one job's amount."""
    foreign = [line for line in lines if job.currency and line.currency != job.currency]
    if foreign:
        yield _finding(Kind.CURRENCY, job, foreign, expected=job.charged_micros)
        return
    if abs(_sum([*before, *lines]) - job.charged_micros) <= tolerance:
        return
    again = list(_repeated(lines, before))
    for line in again:
        yield _finding(Kind.TWICE, job, [line], expected=0)
    first = [line for line in lines if line not in again]
    total = _sum([*before, *first])
    if first and abs(total - job.charged_micros) > tolerance:
        failed = not job.completed and job.charged_micros == 0
        yield _finding(Kind.FAILED if failed else Kind.AMOUNT, job, first, expected=job.charged_micros - _sum(before))


def _repeated(lines: Sequence[BillLine], before: Sequence[BillLine]) -> Iterator[BillLine]:
    """Give the lines that bill an item again; a credit never does."""
    seen = {line.item for line in before if line.amount_micros > 0}
    for line in lines:
        if line.amount_micros <= 0:
            continue
        if line.item in seen:
            yield line
        seen.add(line.item)


def _outside(bill: Bill, job: KnownJob, lines: Sequence[BillLine]) -> Iterator[Finding]:
    ended = job.ended_at or bill.ends_at
    elsewhere = ended < bill.begins_at - LEEWAY or job.created_at >= bill.ends_at + LEEWAY
    wrong = [line for line in lines if elsewhere or not bill.begins_at <= line.used_at < bill.ends_at]
    if wrong:
        yield _finding(Kind.PERIOD, job, wrong, expected=0)


def _due(bill: Bill, job: KnownJob) -> bool:
    """Say whether an invoice of this period should have the job."""
    ended: datetime | None = job.ended_at
    return job.charged_micros > 0 and ended is not None and bill.begins_at <= ended < bill.ends_at


def _unknown(line: BillLine) -> Finding:
    return Finding(
        kind=Kind.UNKNOWN,
        vendor_job_id=line.vendor_job_id,
        job_id=None,
        lines=(line.number,),
        billed_micros=line.amount_micros,
        expected_micros=0,
        currency=line.currency,
    )


def _unbilled(job: KnownJob) -> Finding:
    return Finding(
        kind=Kind.UNBILLED,
        vendor_job_id=job.vendor_job_id,
        job_id=job.job_id,
        lines=(),
        billed_micros=0,
        expected_micros=job.charged_micros,
        currency=job.currency,
    )


def _finding(kind: Kind, job: KnownJob, lines: Sequence[BillLine], *, expected: int) -> Finding:
    return Finding(
        kind=kind,
        vendor_job_id=job.vendor_job_id,
        job_id=job.job_id,
        lines=tuple(line.number for line in lines),
        billed_micros=_sum(lines),
        expected_micros=expected,
        currency=lines[0].currency,
    )


def _place(finding: Finding) -> tuple[bool, tuple[int, ...], str]:
    return not finding.lines, finding.lines, finding.vendor_job_id


def _by_job(lines: Iterable[BillLine]) -> dict[str, list[BillLine]]:
    groups: defaultdict[str, list[BillLine]] = defaultdict(list)
    for line in lines:
        groups[line.vendor_job_id].append(line)
    return dict(groups)


def _sum(lines: Iterable[BillLine]) -> int:
    return sum(line.amount_micros for line in lines)


def _totals(lines: Iterable[BillLine]) -> dict[str, int]:
    totals: defaultdict[str, int] = defaultdict(int)
    for line in lines:
        totals[line.currency] += line.amount_micros
    return dict(sorted(totals.items()))
