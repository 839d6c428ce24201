"""A refusal names the limit, what is left of it, when it resets and what to do."""

from datetime import UTC, datetime

import pytest

from gateway.domain.budget import Level, Period, Standing, Unit, Window
from gateway.domain.exceeded import BudgetCurrencyError, amount_text, exceeded
from tests.records import limit

BERLIN = Window(period=Period.MONTH, zone="Europe/Berlin")
RESETS = datetime(2026, 11, 30, 23, tzinfo=UTC)


def standing(held=0, settled=0, resets_at=RESETS, **changes):
    one = limit(**{"name": "alpha-month", "amount": 100_000_000, "window": BERLIN, **changes})
    return Standing(limit=one, allowed=one.amount, held=held, settled=settled, begins_at=None, resets_at=resets_at)


@pytest.mark.parametrize(
    ("where", "needed", "words"),
    [
        pytest.param(
            standing(held=7_600_000, settled=80_000_000),
            15_000_000,
            "project 'alpha' has 12.40 USD left of its monthly budget 'alpha-month' (100 USD, resets 2026-12-01 00:00 "
            "Europe/Berlin), and this job holds 15 USD; "
            "wait until then, make the job smaller, or ask an operator to raise the limit",
            id="a budget",
        ),
        pytest.param(
            standing(settled=101_000_000, level=Level.ORGANISATION, target=""),
            100_000_001,
            "the organisation has 0 USD left of its monthly budget 'alpha-month' (100 USD, resets 2026-12-01 00:00 "
            "Europe/Berlin), and this job holds 100.000001 USD; "
            "make the job smaller, or ask an operator to raise the limit",
            id="a job that is larger than its budget",
        ),
        pytest.param(
            standing(settled=4, amount=5, unit=Unit.JOBS, currency="", level=Level.TEAM),
            1,
            "team 'alpha' has 1 job left of its monthly quota 'alpha-month' (5 jobs, resets 2026-12-01 00:00 "
            "Europe/Berlin), and this job is one more; "
            "wait until then, make the job smaller, or ask an operator to raise the limit",
            id="a number of jobs",
        ),
        pytest.param(
            standing(held=5, amount=5, unit=Unit.JOBS, currency="", resets_at=None, window=Window(period=Period.OPEN)),
            1,
            "project 'alpha' has 5 jobs under way of its quota 'alpha-month' (5 jobs at once), and this job is one "
            "more; wait until a job has ended, or ask an operator to raise the limit",
            id="jobs at once",
        ),
        pytest.param(
            standing(
                settled=59_000,
                amount=60_000,
                unit=Unit.QPU_MILLISECONDS,
                currency="",
                window=Window(period=Period.ROLLING, seconds=3600),
            ),
            2_500,
            "project 'alpha' has 1 s of quantum computer time left of its rolling quota 'alpha-month' (60 s of quantum "
            "computer time, first part is free again 2026-11-30 23:00 UTC), and this job holds 2.5 s of quantum "
            "computer time; wait until then, make the job smaller, or ask an operator to raise the limit",
            id="a rolling quota of time",
        ),
        pytest.param(
            standing(
                settled=9, amount=10, unit=Unit.SHOTS, currency="", resets_at=None, window=Window(period=Period.TOTAL)
            ),
            2,
            "project 'alpha' has 1 shot left of its total quota 'alpha-month' (10 shots), and this job holds 2 shots; "
            "make the job smaller, or ask an operator to raise the limit",
            id="what nothing resets",
        ),
    ],
)
def test_a_refusal_says_everything_one_needs(where, needed, words):
    error = exceeded(where, needed, target="alpha")

    assert error.message == words
    assert error.code == ("budget-exceeded" if where.limit.unit is Unit.MONEY else "quota-exceeded")
    assert (error.standing, error.needed) == (where, needed)


@pytest.mark.parametrize(
    ("micros", "text"),
    [(0, "0 USD"), (1, "0.000001 USD"), (500_000, "0.50 USD"), (1_234_500, "1.2345 USD"), (10**12, "1000000 USD")],
)
def test_money_is_written_exactly(micros, text):
    assert amount_text(limit(), micros) == text


def test_a_wrong_currency_is_named_with_the_right_one():
    error = BudgetCurrencyError("budget 'alpha-month'", kept="EUR", priced="USD")

    assert error.code == "budget-currency"
    assert error.message.startswith("budget 'alpha-month' is kept in EUR, and this job is priced in USD")
