"""Holds carry what a job takes, as whole amounts, from its permit to its last bill."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.budgets.hold import correct, release, reserve, settle
from gateway.domain.budget import Charge, Level, Payer, Unit
from gateway.domain.exceeded import BudgetCurrencyError
from gateway.domain.money import Quote
from tests.records import job

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
JOB = job(circuits=3, total_shots=3000, upstream="ibm", backend="ibm_fez")


def quote(micros, **changes):
    return Quote(amount_micros=micros, currency="EUR", price_revision="ab" * 32, basis="", **changes)


def held(micros=500):
    return reserve(JOB, quote(micros, shots=3000, qpu_milliseconds=9000, native=(3000, "shots")), team="t", at=NOW)


@given(st.integers(0, 2**53 - 1))
def test_a_hold_is_the_quote_of_its_job(micros):
    write = reserve(JOB, quote(micros, estimate_micros=micros // 2), team="quantum", at=NOW)

    assert (write.job_id, write.project_id, write.action) == (JOB.id, JOB.project_id, "hold")
    assert (write.charge.micros, write.charge.currency, write.price_revision) == (micros, "EUR", "ab" * 32)
    assert (write.estimate_micros, write.at, write.held_at) == (micros // 2, NOW, NOW)
    assert type(write.charge.micros) is int


def test_everybody_on_whose_account_it_runs_is_written_down():
    """Teams change; who paid then does not."""
    assert held().payer == Payer(
        team="t",
        project_id=JOB.project_id,
        principal_id=JOB.principal_id,
        key_id=JOB.key_id,
        upstream="ibm",
        backend="ibm_fez",
    )
    assert [held().payer.name(level) for level in Level] == ["", "t", JOB.project_id, JOB.principal_id, JOB.key_id]


def test_what_has_no_price_is_counted_all_the_same():
    """Otherwise a quota on jobs would not see those that run for free."""
    write = reserve(JOB, None, team="t", at=NOW)

    assert write.charge == Charge(jobs=1, circuits=3, shots=3000)
    assert (write.estimate_micros, write.price_revision, write.native) == (None, "", None)


def test_settling_charges_what_it_took_and_counts_where_it_was_held():
    settled = settle(held(), Charge(micros=120, currency="EUR", shots=1000), LATER, native=(1000, "shots"))

    assert (settled.action, settled.charge.micros, settled.charge.shots) == ("settle", 120, 1000)
    assert (settled.at, settled.held_at, settled.price_revision) == (LATER, NOW, "ab" * 32)
    assert settled.native == (1000, "shots")


def test_a_vendor_may_bill_more_than_was_held():
    """The truth is written down, whatever was estimated."""
    assert settle(held(500), Charge(micros=501, currency="EUR"), LATER).charge.micros == 501


def test_releasing_gives_back_all_that_was_held():
    released = release(held(500), LATER)

    assert (released.action, released.charge, released.at, released.held_at) == ("release", held().charge, LATER, NOW)


def test_a_late_bill_replaces_what_was_charged():
    settled = settle(held(), Charge(micros=120, currency="EUR"), LATER)
    again = correct(settled, Charge(micros=130, currency="EUR"), LATER + timedelta(days=40))

    assert (again.action, again.charge.micros, again.held_at) == ("correct", 130, NOW)


@pytest.mark.parametrize("move", [settle, correct])
def test_nobody_converts_money(move):
    with pytest.raises(BudgetCurrencyError, match="what was held for it is kept in EUR, and this job is priced in USD"):
        move(held(), Charge(micros=1, currency="USD"), LATER)

    assert move(held(), Charge(), LATER).charge.micros == 0


@pytest.mark.parametrize("unit", list(Unit))
@pytest.mark.parametrize("amount", [-1, 0.5, 1.0, True, None, "1"])
def test_what_is_no_whole_amount_is_charged_to_nobody(unit, amount):
    field = "micros" if unit is Unit.MONEY else unit.value.replace("-", "_")

    with pytest.raises(ValueError, match="whole number"):
        Charge(**{field: amount})
    assert Charge(**{field: 3}).of(unit) == 3
