"""A month of jobs and of invoices for them, with errors planted by a seed; and the same as files."""

import csv
import io
from datetime import UTC, datetime, timedelta
from random import Random

from gateway.casework import amounts
from gateway.casework.reconcile import Kind
from gateway.domain.budget import Unit
from gateway.domain.clock import rfc3339
from gateway.domain.invoice import BillLine, KnownJob

BEGINS, ENDS = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
NOON = timedelta(hours=12)
ITEMS = ("task", "shots")


def job(name, micros=1_000_000, *, day=10, completed=True, currency="USD"):
    at = BEGINS + timedelta(days=day - 1) + NOON
    return KnownJob(
        vendor_job_id=name,
        job_id=f"ours-{name}",
        project_id="alpha",
        backend="acme_one",
        completed=completed,
        charged_micros=micros,
        currency=currency,
        created_at=at,
        ended_at=at + timedelta(minutes=5),
    )


def line(number, name, micros, *, item="task", day=10, currency="USD"):
    at = BEGINS + timedelta(days=day - 1) + NOON
    return BillLine(number=number, vendor_job_id=name, item=item, amount_micros=micros, currency=currency, used_at=at)


class Month:
    """Jobs of a month, an invoice for them, and what was done to it."""

    def __init__(self, seed, jobs):
        self._random = Random(seed)
        self.known, self.lines, self.earlier, self.planted = [], [], [], []
        for number in range(jobs):
            self._job(f"job-{number}")

    @property
    def unexplained(self):
        """Micros that are billed for no job of ours."""
        return sum(each.amount_micros for each in self.lines if each.vendor_job_id.startswith("nobody-"))

    def _job(self, name):
        day = self._random.randint(1, 31)
        failed = self._random.random() < 0.15
        micros = 0 if failed else self._random.randint(2, 50_000_000)
        known = job(name, micros, day=day, completed=not failed)
        self.known.append(known)
        fault = self._random.choices([None, *Kind], weights=[20, 1, 1, 1, 1, 1, 1, 1])[0]
        if fault is Kind.FAILED and not failed:
            fault = None
        if failed and fault not in {None, Kind.FAILED, Kind.UNKNOWN}:
            fault = None
        getattr(self, f"_{fault.name.lower()}" if fault else "_right")(known, day)
        if fault:
            self.planted.append((fault, "nobody-" + name if fault is Kind.UNKNOWN else name))

    def _right(self, known, day, *, currency="USD", moved=0):
        micros = known.charged_micros + moved
        if micros <= 0 and not moved:
            return
        first = self._random.randint(1, max(1, micros - 1)) if micros > 1 else micros
        for item, amount in zip(ITEMS, (first, micros - first), strict=True):
            if amount:
                self._bill(known.vendor_job_id, amount, item=item, day=day, currency=currency)

    def _twice(self, known, day):
        self._right(known, day)
        again = self.lines[-1]
        if self._random.random() < 0.5:
            self._bill(known.vendor_job_id, again.amount_micros, item=again.item, day=day)
        else:
            whole = [each for each in self.lines if each.vendor_job_id == known.vendor_job_id]
            self.earlier += whole
            del self.lines[-len(whole) :]
            self._bill(known.vendor_job_id, again.amount_micros, item=again.item, day=day)

    def _unknown(self, known, day):
        self._right(known, day)
        self._bill(f"nobody-{known.vendor_job_id}", self._random.randint(1, 9_000_000), day=day)

    def _amount(self, known, day):
        self._right(known, day, moved=self._random.choice([-1, 1, 100, 1_000_000]))

    def _currency(self, known, day):
        self._right(known, day, currency="EUR")

    def _period(self, known, _day):
        self._right(known, self._random.choice([-5, 0, 32, 40]))

    def _failed(self, known, day):
        self._bill(known.vendor_job_id, self._random.randint(1, 5_000_000), day=day)

    def _unbilled(self, _known, _day):
        """Leave it out."""

    def _bill(self, name, micros, *, item="task", day, currency="USD"):
        self.lines.append(line(len(self.lines) + 2, name, micros, item=item, day=day, currency=currency))


def our_csv(number, lines):
    """Write lines as our own CSV has them."""
    head = ("invoice", "period_start", "period_end", "vendor_job_id", "item", "amount", "currency", "used_at")
    fixed = (number, "2026-10-01", "2026-11-01")
    return _csv(head, ((*fixed, each.vendor_job_id, each.item, *_money(each), rfc3339(each.used_at)) for each in lines))


def focus_csv(number, lines):
    """Write lines as a FOCUS export has them."""
    head = ("BilledCost", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart", "ChargePeriodStart")
    fixed = (rfc3339(ENDS), rfc3339(BEGINS))
    rows = ((*_money(each), *fixed, rfc3339(each.used_at), number, each.vendor_job_id, each.item) for each in lines)
    return _csv((*head, "InvoiceId", "ResourceId", "SkuId"), rows)


def _money(line_):
    return amounts.show(line_.amount_micros, Unit.MONEY), line_.currency


def _csv(head, rows):
    page = io.StringIO(newline="")
    csv.writer(page).writerows([head, *rows])
    return page.getvalue().encode()
