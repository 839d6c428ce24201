"""Money is an integer in micros (millionths of a currency): one shot can cost less than a cent."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a job may cost at most, by which price list."""

    amount_micros: int
    currency: str
    """ISO 4217."""
    price_revision: str
    """SHA-256 of the price file, hexadecimal."""
    basis: str
    """How the amount was found, in words a person reads."""
