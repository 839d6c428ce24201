"""Invoices in the ledger and the books: imported once, compared, and followed where somebody says so."""

from datetime import timedelta

import pytest

from gateway.casework.bills import InvoiceRefusedError
from gateway.casework.budgets import Wish, row_of
from gateway.casework.invoices import InvoiceKnownError, bill_row, report_of
from gateway.casework.names import UnknownNameError
from gateway.casework.reconcile import Kind
from gateway.domain.budget import Level, Period
from gateway.domain.job import JobStatus
from tests.unit.casework import ledgered, months
from tests.unit.casework.conftest import NOW

HEADER = "invoice,period_start,period_end,vendor_job_id,item,amount,currency,used_at"
EARLIER = NOW - timedelta(days=3)


def invoice(*lines, number="R-1"):
    """Write an invoice of November: vendor's job id, amount, and what differs from the usual."""
    rows = [HEADER]
    for each in lines:
        job, amount, item, currency, used = (*each, *("task", "EUR", EARLIER.isoformat())[len(each) - 2 :])
        rows.append(f"{number},2026-11-01,2026-12-01,{job},{item},{amount},{currency},{used}")
    return "\n".join(rows).encode()


@pytest.fixture
def invoices(office):
    return office.administration.invoices


async def ran(office, name, micros, **more):
    return await ledgered.ran(office, at=EARLIER, micros=micros, vendor_job_id=name, **more)


async def test_the_same_file_is_taken_in_once(office, invoices):
    first = await invoices.take_in(invoice(("a", "1")), vendor="acme")
    second = await invoices.take_in(invoice(("a", "1")), vendor="acme")

    assert second == first
    assert await invoices.every() == [first]
    (entry,) = await office.entries("invoice.imported")
    assert (entry.body["digest"], entry.body["lines"]) == (first.digest, 1)
    assert bill_row(first)["invoice"] == "R-1"


async def test_another_file_of_the_same_number_is_refused(invoices):
    await invoices.take_in(invoice(("a", "1")), vendor="acme")

    with pytest.raises(InvoiceKnownError, match="R-1"):
        await invoices.take_in(invoice(("a", "2")), vendor="acme")


async def test_only_vendors_send_invoices(invoices):
    for stranger in ("moon", "sim"):
        with pytest.raises(UnknownNameError, match=f"no vendor '{stranger}'"):
            await invoices.take_in(invoice(("a", "1")), vendor=stranger)


async def test_a_file_that_is_none_leaves_nothing(office, invoices):
    with pytest.raises(InvoiceRefusedError):
        await invoices.take_in(b"what", vendor="acme")
    assert await invoices.every() == []
    assert await office.entries("invoice.imported") == []


async def test_a_long_invoice_is_written_in_parts_and_read_whole(invoices):
    content = invoice(*((f"job-{number}", "0.01") for number in range(1203)))
    stored = await invoices.take_in(content, vendor="acme")

    assert (await invoices.report(stored)).billed == {"EUR": 12_030_000}


async def test_it_is_found_by_its_number_unless_two_vendors_use_it(invoices):
    stored = await invoices.take_in(invoice(("a", "1")), vendor="acme")

    assert await invoices.named("R-1") == await invoices.named(stored.id) == stored
    with pytest.raises(UnknownNameError, match="no invoice 'R-2'"):
        await invoices.named("R-2")


async def test_every_kind_of_error_is_found_in_the_books(office, invoices):
    await ran(office, "right", 1_000_000)
    await ran(office, "twice", 2_000_000)
    await ran(office, "dear", 3_000_000)
    await ran(office, "foreign", 4_000_000)
    await ran(office, "failed", None, status=JobStatus.FAILED)
    await ran(office, "cancelled", None, status=JobStatus.CANCELLED)
    await ran(office, "late", 1_000_000)
    forgotten = await ran(office, "forgotten", 5_000_000)
    await ledgered.hold(office, at=EARLIER, vendor_job_id="running")
    await ran(office, "elsewhere", 6_000_000, vendor="sim")
    content = invoice(
        ("right", "1"),
        ("twice", "2"),
        ("twice", "2"),
        ("dear", "3.000001"),
        ("foreign", "4", "task", "USD"),
        ("failed", "0.50"),
        ("cancelled", "0.25"),
        ("late", "1", "task", "EUR", "2026-12-02"),
        ("stranger", "9"),
        ("elsewhere", "6"),
    )

    done = await invoices.reconcile(content, vendor="acme")

    found = {(each.kind.value, each.vendor_job_id) for each in done.result.findings}
    assert found == {
        ("billed-twice", "twice"),
        ("amount-differs", "dear"),
        ("wrong-currency", "foreign"),
        ("billed-although-failed", "failed"),
        ("billed-although-failed", "cancelled"),
        ("outside-period", "late"),
        ("unknown", "stranger"),
        ("unknown", "elsewhere"),
        ("not-billed", "forgotten"),
    }
    assert done.result.unexplained == {"EUR": 15_000_000}
    (entry,) = await office.entries("invoice.reconciled")
    assert entry.body["findings"]["unknown"] == 2
    assert entry.body["unexplained"] == {"EUR": 15_000_000}
    report = report_of(done.bill, done.result)
    assert report["unexplained"] == {"EUR": "15.00"}
    assert next(each for each in report["findings"] if each["vendor_job"] == "forgotten")["job"] == forgotten.id


async def test_comparing_changes_nothing_unless_told_to(office, invoices):
    await ran(office, "dear", 3_000_000)
    content = invoice(("dear", "3.5"))

    for _ in range(2):
        assert (await invoices.reconcile(content, vendor="acme")).result.counts == {"amount-differs": 1}
    assert await office.entries("charge.corrected") == []


async def test_a_correction_eats_the_budget_of_the_time_and_is_made_once(office, invoices):
    budgets = office.administration.budgets
    everybody = Wish(level=Level.ORGANISATION, amount="10", currency="EUR", per=Period.MONTH)
    await budgets.set("all", everybody)
    job = await ran(office, "dear", 3_000_000)
    await ran(office, "failed", None, status=JobStatus.FAILED)
    content = invoice(("dear", "3.5"), ("failed", "0.25"))

    first = await invoices.reconcile(content, vendor="acme", correct=True)
    second = await invoices.reconcile(content, vendor="acme", correct=True)

    assert (first.corrected, second.corrected, second.result.findings) == (2, 0, ())
    assert row_of(await budgets.named("all"))["settled"] == "3.75"
    assert await budgets.check() == []
    entry = next(each for each in await office.entries("charge.corrected") if each.body["job_id"] == job.id)
    assert (entry.body["before"], entry.body["billed"], entry.project_id) == (3_000_000, 3_500_000, "project-1")


async def test_a_bill_beyond_the_budget_is_recorded_all_the_same(office, invoices):
    budgets = office.administration.budgets
    await budgets.set("all", Wish(level=Level.ORGANISATION, amount="3", currency="EUR", per=Period.MONTH))
    await ran(office, "dear", 3_000_000)

    await invoices.reconcile(invoice(("dear", "30")), vendor="acme", correct=True)

    row = row_of(await budgets.named("all"))
    assert (row["settled"], row["left"]) == ("30.00", "0.00")


async def test_what_an_earlier_invoice_billed_is_billed_twice(office, invoices):
    await ran(office, "a", 1_000_000)
    await invoices.take_in(invoice(("a", "1"), number="R-0"), vendor="acme")

    done = await invoices.reconcile(invoice(("a", "1")), vendor="acme")

    assert done.result.counts == {"billed-twice": 1}


async def test_a_tolerance_is_for_vendors_that_round(office, invoices):
    await ran(office, "a", 1_234_567)
    content = invoice(("a", "1.23"))

    assert (await invoices.reconcile(content, vendor="acme", tolerance="0.005")).result.findings == ()
    assert (await invoices.reconcile(content, vendor="acme")).result.counts == {"amount-differs": 1}


@pytest.mark.parametrize("form", [months.our_csv, months.focus_csv], ids=["our own columns", "FOCUS"])
async def test_a_month_of_invoices_with_planted_errors(office, invoices, form):
    """Through file, database and books: every planted error is found, nothing else, and all unexplained spend."""
    month = months.Month(seed=1, jobs=90)
    for each in month.known:
        await ledgered.ran(
            office,
            at=each.created_at,
            micros=each.charged_micros or None,
            currency="USD",
            status=JobStatus.COMPLETED if each.completed else JobStatus.FAILED,
            vendor_job_id=each.vendor_job_id,
        )
    if month.earlier:
        await invoices.take_in(form("R-0", month.earlier), vendor="acme")

    done = await invoices.reconcile(form("R-1", month.lines), vendor="acme")

    found = sorted((each.kind, each.vendor_job_id) for each in done.result.findings)
    assert found == sorted(month.planted)
    assert {kind for kind, _ in found} == set(Kind), "this month has every kind of error"
    assert done.result.unexplained == {"USD": month.unexplained}
    (entry,) = await office.entries("invoice.reconciled")
    assert sum(entry.body["findings"].values()) == len(found)
