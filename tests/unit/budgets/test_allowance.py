"""Limits put as time, for clients who know no other unit: never more than is left."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.budgets.allowance import tightest
from gateway.domain.budget import Period, Unit, Window
from gateway.domain.money import Tariff
from tests.fakes.values import STANDING

TARIFF = Tariff(currency="USD", source="a list", per_second_micros=1_600_000)
LIMIT = STANDING.limit


def standing(unit=Unit.QPU_MILLISECONDS, *, allowed=600_000, held=0, settled=0, **limit):
    currency = "USD" if unit is Unit.MONEY else ""
    changed = replace(LIMIT, **({"unit": unit, "currency": currency, "name": unit.value} | limit))
    return replace(STANDING, limit=changed, allowed=allowed, held=held, settled=settled)


def test_a_limit_on_time_is_told_as_it_is():
    told = tightest([standing(held=1_000, settled=2_000)], None)

    assert (told.allowed_milliseconds, told.taken_milliseconds, told.left_milliseconds) == (600_000, 3_000, 597_000)
    assert (told.begins_at, told.resets_at) == (STANDING.begins_at, STANDING.resets_at)


def test_money_is_told_as_the_time_that_it_pays_for():
    told = tightest([STANDING], TARIFF)

    assert (told.limit, told.allowed_milliseconds) == ("alpha-month", 62_500)
    assert told.taken_milliseconds == 14_376


@pytest.mark.parametrize(
    ("standings", "limit"),
    [
        pytest.param([standing(allowed=10), standing(Unit.MONEY, allowed=10_000_000)], "qpu-milliseconds", id="time"),
        pytest.param([standing(), standing(Unit.MONEY, allowed=1_600_000)], "money", id="money"),
    ],
)
def test_the_limit_that_ends_first_is_told(standings, limit):
    assert tightest(standings, TARIFF).limit == limit


@pytest.mark.parametrize(
    ("standings", "tariff"),
    [
        pytest.param([], TARIFF, id="no limit"),
        pytest.param([STANDING], None, id="money without a price"),
        pytest.param([STANDING], Tariff(currency="USD", source="", per_task_micros=1), id="money at a price per task"),
        pytest.param([STANDING], replace(TARIFF, currency="EUR"), id="money of another currency"),
        pytest.param([standing(Unit.SHOTS)], TARIFF, id="a limit on shots"),
        pytest.param([standing(window=Window(period=Period.OPEN))], TARIFF, id="what is under way now"),
    ],
)
def test_nothing_is_told_as_time_that_is_none(standings, tariff):
    assert tightest(standings, tariff) is None


@given(allowed=st.integers(0, 2**53 - 1), taken=st.integers(0, 2**53 - 1), price=st.integers(1, 10**9))
def test_nobody_is_promised_more_than_is_left(allowed, taken, price):
    told = tightest([standing(Unit.MONEY, allowed=allowed, held=taken)], replace(TARIFF, per_second_micros=price))

    assert told.left_milliseconds * price <= max(0, allowed - taken) * 1000
