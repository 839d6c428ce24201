"""Limits put as time: how long a quantum computer may still be used, for clients who know no other unit.

Rounded so that nobody is promised more than is left: what is allowed down, what is taken up.
"""

from collections.abc import Iterable

from gateway.budgets.rates import divided_up
from gateway.budgets.workload import MILLISECONDS
from gateway.domain.budget import Period, Standing, Unit
from gateway.domain.money import Tariff
from gateway.ports.answers import Allowance


def tightest(standings: Iterable[Standing], tariff: Tariff | None) -> Allowance | None:
    """Give the limit with the least time left, of those on time and, at a price per second, of those on money.

    Limits on what is under way now are left out: waiting lifts them.
    """
    known = [_as_time(each, tariff) for each in standings if each.limit.window.period is not Period.OPEN]
    return min((each for each in known if each is not None), key=lambda each: each.left_milliseconds, default=None)


def _as_time(standing: Standing, tariff: Tariff | None) -> Allowance | None:
    allowed, taken = standing.allowed, standing.held + standing.settled
    match standing.limit.unit:
        case Unit.QPU_MILLISECONDS:
            return _allowance(standing, allowed, taken)
        case Unit.MONEY if tariff and tariff.per_second_micros and tariff.currency == standing.limit.currency:
            price = tariff.per_second_micros
            return _allowance(standing, allowed * MILLISECONDS // price, divided_up(taken * MILLISECONDS, price))
        case _:
            return None


def _allowance(standing: Standing, allowed: int, taken: int) -> Allowance:
    return Allowance(
        limit=standing.limit.name,
        allowed_milliseconds=allowed,
        taken_milliseconds=taken,
        begins_at=standing.begins_at,
        resets_at=standing.resets_at,
    )
