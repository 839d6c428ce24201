"""Amounts as people write them and as the books keep them: decimals outside, whole numbers of the smallest part inside.

Nothing is rounded on the way in: what is finer than the books can keep is refused, because a limit that is not the
one somebody wrote down is no limit.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from gateway.domain.budget import Unit
from gateway.domain.errors import RefusedError

UNITS: Final[Mapping[str, Unit]] = {
    "money": Unit.MONEY,
    "jobs": Unit.JOBS,
    "circuits": Unit.CIRCUITS,
    "shots": Unit.SHOTS,
    "qpu-seconds": Unit.QPU_MILLISECONDS,
    "session-seconds": Unit.SESSION_SECONDS,
}
"""What people call each unit."""
WORDS: Final[Mapping[Unit, str]] = {unit: word for word, unit in UNITS.items()}
_PLACES: Final[Mapping[Unit, int]] = {Unit.MONEY: 6, Unit.QPU_MILLISECONDS: 3}
"""Decimal places that the books keep; other units are whole."""
_FINEST: Final[Mapping[int, str]] = {6: "a millionth", 3: "a thousandth", 0: "one"}
_CENTS: Final = 2
_DECIMAL: Final = re.compile(r"-?[0-9]{1,16}(?:\.[0-9]{1,12})?")
_LARGEST: Final = 1 << 53
"""The first integer that a ledger entry cannot hold."""
# Active currencies of ISO 4217; funds, metals and test codes are left out.
_CODES: Final = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP
    CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR
    IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU
    MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG
    SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV
    WST XAF XCD XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES: Final = frozenset(_CODES.split())


class AmountRefusedError(RefusedError):
    """An amount that is no number, is negative, or is finer or larger than the books can keep."""

    code = "amount-refused"


class CurrencyRefusedError(RefusedError):
    """Not a currency of ISO 4217, or one where none belongs."""

    code = "currency-refused"

    def __init__(self, why: str) -> None:
        super().__init__(f"{why}; money takes a currency of ISO 4217, such as EUR or USD, and nothing else takes one")


def parse(text: str, unit: Unit, currency: str = "") -> int:
    """Read an amount exactly; it may be 0.

    Raises:
        AmountRefusedError: no plain decimal, negative, or finer or larger than the books keep.
    """
    amount = signed(text, unit, currency)
    if amount < 0:
        raise AmountRefusedError(f"{text} is negative; give an amount of 0 or more")
    return amount


def signed(text: str, unit: Unit, currency: str = "") -> int:
    """Read an amount exactly, one below 0 too, as an invoice has for a credit; raises as `parse` does."""
    if not _DECIMAL.fullmatch(text):
        raise AmountRefusedError(
            f"{text[:40]!r} is no amount; write digits and at most one point, such as 100 or 12.50, without a sign for "
            "the currency and without separators"
        )
    places = _PLACES.get(unit, 0)
    scaled = Decimal(text).scaleb(places)
    if scaled != scaled.to_integral_value():
        finest = f"{_FINEST[places]} of {currency or WORDS[unit]}" if places else f"whole {WORDS[unit]}"
        raise AmountRefusedError(f"{text} is finer than the books keep: {finest}; leave the other decimals out")
    if abs(scaled) >= _LARGEST:
        raise AmountRefusedError(f"{text} is larger than the books can hold; give less than {show(_LARGEST, unit)}")
    return int(scaled)


def show(amount: int, unit: Unit) -> str:
    """Write an amount as a decimal, exactly: money with two decimals or more, other units with as many as it takes."""
    places = _PLACES.get(unit, 0)
    if not places:
        return str(amount)
    whole, part = divmod(abs(amount), 10**places)
    decimals = f"{part:0{places}}".rstrip("0")
    if unit is Unit.MONEY:
        decimals = decimals.ljust(_CENTS, "0")
    return f"{'-' if amount < 0 else ''}{whole}{'.' if decimals else ''}{decimals}"


def checked_unit(word: str) -> Unit:
    """Read a unit by its word.

    Raises:
        AmountRefusedError: there is none of that name.
    """
    unit = UNITS.get(word)
    if unit is None:
        raise AmountRefusedError(f"nothing is counted in {word[:40]!r}; units: {', '.join(UNITS)}")
    return unit


def checked_currency(currency: str, unit: Unit) -> str:
    """Give the currency back; with anything but money there is none.

    Raises:
        CurrencyRefusedError: unknown, missing, or one too many.
    """
    if unit is not Unit.MONEY:
        if currency:
            raise CurrencyRefusedError(f"{WORDS[unit]} have no currency, and {currency[:10]!r} was given")
        return ""
    if currency not in CURRENCIES:
        raise CurrencyRefusedError(f"{currency[:10]!r} is no currency" if currency else "no currency was given")
    return currency
