"""Holds carry a job's money as whole micros from its permit to its end."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.budgets.hold import release, reserve, settle
from gateway.domain.money import Quote

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
JOB = SimpleNamespace(id="0190-job", project_id="project-a")


def quote(micros):
    return Quote(amount_micros=micros, currency="EUR", price_revision="ab" * 32, basis="")


@given(st.integers(0, 2**53 - 1))
def test_a_hold_is_the_quote_of_its_job(micros):
    held = reserve(JOB, quote(micros), NOW)

    assert (held.job_id, held.project_id, held.action) == ("0190-job", "project-a", "hold")
    assert (held.amount_micros, held.currency, held.price_revision) == (micros, "EUR", "ab" * 32)
    assert type(held.amount_micros) is int


def test_settling_charges_what_it_cost_at_the_held_price():
    settled = settle(reserve(JOB, quote(500), NOW), 120, LATER)

    assert (settled.action, settled.amount_micros, settled.at) == ("settle", 120, LATER)
    assert settled.price_revision == "ab" * 32


def test_a_vendor_may_bill_more_than_was_held():
    """The truth is written down, whatever was estimated."""
    assert settle(reserve(JOB, quote(500), NOW), 501, LATER).amount_micros == 501


def test_releasing_gives_back_all_that_was_held():
    released = release(reserve(JOB, quote(500), NOW), LATER)

    assert (released.action, released.amount_micros, released.at) == ("release", 500, LATER)


@pytest.mark.parametrize("amount", [-1, 0.5, 1.0, True, None, "1"])
def test_what_is_no_whole_amount_is_no_money(amount):
    with pytest.raises(ValueError, match="whole number of micros"):
        reserve(JOB, quote(amount), NOW)
    with pytest.raises(ValueError, match="whole number of micros"):
        settle(reserve(JOB, quote(1), NOW), amount, LATER)
