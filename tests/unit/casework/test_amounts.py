"""Amounts: what somebody writes down is what the books keep, exactly, or it is refused in clear words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.casework import amounts
from gateway.casework.amounts import AmountRefusedError, CurrencyRefusedError
from gateway.domain.budget import Unit


@pytest.mark.parametrize(
    ("text", "unit", "kept"),
    [
        ("100", Unit.MONEY, 100_000_000),
        ("12.50", Unit.MONEY, 12_500_000),
        ("0.000001", Unit.MONEY, 1),
        ("0", Unit.MONEY, 0),
        ("1.500", Unit.QPU_MILLISECONDS, 1500),
        ("5000", Unit.SHOTS, 5000),
        ("5.0", Unit.JOBS, 5),
        ("9007199254.740991", Unit.MONEY, 2**53 - 1),
    ],
)
def test_an_amount_is_read_exactly(text, unit, kept):
    assert amounts.parse(text, unit) == kept


@pytest.mark.parametrize(
    ("text", "unit", "said"),
    [
        ("-5", Unit.MONEY, "-5 is negative"),
        ("-0.000001", Unit.MONEY, "is negative"),
        ("1.0000001", Unit.MONEY, "a millionth of EUR"),
        ("0.0005", Unit.QPU_MILLISECONDS, "a thousandth of"),
        ("1.5", Unit.JOBS, "whole jobs"),
        ("9007199254.740992", Unit.MONEY, "larger than the books can hold"),
        ("1,5", Unit.MONEY, "no amount"),
        ("1e3", Unit.MONEY, "no amount"),
        ("+5", Unit.MONEY, "no amount"),
        ("€5", Unit.MONEY, "no amount"),
        ("\u0665", Unit.MONEY, "no amount"),
        ("NaN", Unit.MONEY, "no amount"),
        ("", Unit.MONEY, "no amount"),
        (" 5", Unit.MONEY, "no amount"),
    ],
)
def test_what_is_no_amount_is_refused_in_words(text, unit, said):
    with pytest.raises(AmountRefusedError, match=said):
        amounts.parse(text, unit, "EUR")


@given(st.integers(0, 2**53 - 1), st.sampled_from([Unit.MONEY, Unit.QPU_MILLISECONDS, Unit.SHOTS]))
def test_what_is_shown_reads_back_as_what_was_kept(amount, unit):
    assert amounts.parse(amounts.show(amount, unit), unit) == amount


@given(st.integers(-(2**53) + 1, 2**53 - 1))
def test_a_credit_reads_back_too(micros):
    assert amounts.signed(amounts.show(micros, Unit.MONEY), Unit.MONEY) == micros


@pytest.mark.parametrize(
    ("amount", "unit", "text"),
    [
        (12_400_000, Unit.MONEY, "12.40"),
        (1, Unit.MONEY, "0.000001"),
        (-500_000, Unit.MONEY, "-0.50"),
        (1500, Unit.QPU_MILLISECONDS, "1.5"),
        (2000, Unit.QPU_MILLISECONDS, "2"),
        (7, Unit.JOBS, "7"),
    ],
)
def test_an_amount_is_shown_as_people_write_it(amount, unit, text):
    assert amounts.show(amount, unit) == text


@pytest.mark.parametrize("currency", ["", "EURO", "eur", "XXX", "BTC", "€"])
def test_money_is_in_a_currency_that_there_is(currency):
    with pytest.raises(CurrencyRefusedError, match="ISO 4217"):
        amounts.checked_currency(currency, Unit.MONEY)


def test_nothing_but_money_has_a_currency():
    assert amounts.checked_currency("", Unit.SHOTS) == ""
    with pytest.raises(CurrencyRefusedError, match="shots have no currency"):
        amounts.checked_currency("EUR", Unit.SHOTS)


def test_an_unknown_unit_is_answered_with_the_known_ones():
    with pytest.raises(AmountRefusedError, match="qpu-seconds"):
        amounts.checked_unit("qubits")
