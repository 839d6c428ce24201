"""A month of invoices with errors planted into it: every one is found, and nothing else."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.casework.reconcile import Kind, reconcile
from gateway.domain.invoice import Bill
from tests.unit.casework.months import BEGINS, ENDS, Month, job, line


def bill(*lines):
    return Bill(vendor="acme", number="R-1", digest="ab" * 32, begins_at=BEGINS, ends_at=ENDS, lines=tuple(lines))


def kinds(result):
    return [(finding.kind, finding.vendor_job_id) for finding in result.findings]


# ── one error at a time ──────────────────────────────────────────────────────────────────────────
def test_a_right_invoice_has_no_finding():
    result = reconcile(bill(line(2, "a", 600_000), line(3, "a", 400_000, item="shots")), [job("a")])

    assert (result.findings, result.matched, result.billed) == ((), 1, {"USD": 1_000_000})


def test_parts_of_a_job_may_have_the_same_name():
    """Two lines that together come to what we know are no double bill, whatever the vendor calls them."""
    assert reconcile(bill(line(2, "a", 500_000), line(3, "a", 500_000)), [job("a")]).findings == ()


def test_the_same_item_again_is_billed_twice():
    result = reconcile(bill(line(2, "a", 1_000_000), line(3, "a", 1_000_000)), [job("a")])

    (finding,) = result.findings
    assert (finding.kind, finding.lines, finding.billed_micros) == (Kind.TWICE, (3,), 1_000_000)


def test_what_an_earlier_invoice_had_is_billed_twice():
    result = reconcile(bill(line(2, "a", 1_000_000)), [job("a")], earlier=[line(9, "a", 1_000_000)])

    assert kinds(result) == [(Kind.TWICE, "a")]


def test_a_job_may_be_billed_in_parts_on_two_invoices():
    later = bill(line(2, "a", 400_000, item="shots"))

    assert reconcile(later, [job("a")], earlier=[line(9, "a", 600_000)]).findings == ()


def test_a_credit_takes_back_what_was_too_much():
    lines = (line(2, "a", 1_500_000), line(3, "a", -500_000))

    assert reconcile(bill(*lines), [job("a")]).findings == ()


def test_what_no_job_of_ours_stands_behind_is_unexplained():
    result = reconcile(bill(line(2, "z", 7_000_000), line(3, "", 5_000_000, currency="EUR")), [])

    assert kinds(result) == [(Kind.UNKNOWN, "z"), (Kind.UNKNOWN, "")]
    assert result.unexplained == {"USD": 7_000_000, "EUR": 5_000_000}


def test_another_amount_is_found_with_both_figures():
    (finding,) = reconcile(bill(line(2, "a", 1_000_001)), [job("a")]).findings

    assert (finding.kind, finding.billed_micros, finding.expected_micros) == (Kind.AMOUNT, 1_000_001, 1_000_000)


@pytest.mark.parametrize(("micros", "found"), [(1_010_000, []), (1_010_001, [Kind.AMOUNT]), (989_999, [Kind.AMOUNT])])
def test_a_vendor_that_rounds_is_given_some_tolerance(micros, found):
    result = reconcile(bill(line(2, "a", micros)), [job("a")], tolerance_micros=10_000)

    assert [finding.kind for finding in result.findings] == found


def test_another_currency_is_no_amount():
    assert kinds(reconcile(bill(line(2, "a", 1_000_000, currency="EUR")), [job("a")])) == [(Kind.CURRENCY, "a")]


@pytest.mark.parametrize("day", [0, 32])
def test_a_line_outside_the_period_is_found_although_its_amount_is_right(day):
    assert kinds(reconcile(bill(line(2, "a", 1_000_000, day=day)), [job("a")])) == [(Kind.PERIOD, "a")]


@pytest.mark.parametrize(("day", "found"), [(0, []), (-2, [Kind.PERIOD]), (32, []), (34, [Kind.PERIOD])])
def test_a_job_of_another_month_is_found_but_not_one_of_the_night_between(day, found):
    """Vendors cut their months in time zones of their own."""
    result = reconcile(bill(line(2, "a", 1_000_000)), [job("a", day=day)])

    assert [finding.kind for finding in result.findings] == found


def test_a_failed_job_that_cost_nothing_is_not_to_be_billed():
    failed = job("a", 0, completed=False)

    assert kinds(reconcile(bill(line(2, "a", 5)), [failed])) == [(Kind.FAILED, "a")]
    assert reconcile(bill(line(2, "a", 0)), [failed]).findings == ()


def test_a_failed_job_of_which_the_vendor_reported_a_cost_may_be_billed_it():
    assert reconcile(bill(line(2, "a", 300)), [job("a", 300, completed=False)]).findings == ()


def test_what_no_invoice_has_is_found_if_its_end_lies_in_the_period():
    jobs = [job("a"), job("before", day=0), job("after", day=32), job("free", 0)]
    still = replace(job("running"), ended_at=None)

    assert kinds(reconcile(bill(line(2, "z", 1)), [*jobs, still])) == [(Kind.UNKNOWN, "z"), (Kind.UNBILLED, "a")]


def test_what_an_earlier_invoice_had_is_billed():
    assert reconcile(bill(line(2, "a", 1_000_000)), [job("a"), job("b")], earlier=[line(9, "b", 5)]).findings == ()


def test_only_amounts_of_our_jobs_can_be_corrected():
    lines = (line(2, "a", 2_000_000), line(3, "b", 5), line(4, "z", 5), line(5, "c", 1, currency="EUR"))
    result = reconcile(bill(*lines), [job("a"), job("b", 0, completed=False), job("c")])

    assert [finding.kind for finding in result.corrections] == [Kind.AMOUNT, Kind.FAILED]


# ── a month of them ──────────────────────────────────────────────────────────────────────────────
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), jobs=st.integers(30, 400))
def test_every_planted_error_is_found_and_nothing_else(seed, jobs):
    month = Month(seed, jobs)
    shuffled = list(month.lines)
    Random(seed + 1).shuffle(shuffled)

    result = reconcile(bill(*shuffled), month.known, earlier=month.earlier)

    assert sorted(kinds(result)) == sorted(month.planted)
    assert result.unexplained == ({"USD": month.unexplained} if month.unexplained else {})
