"""What people are told when a limit does not take their job: which one, what is left, when it resets, what to do."""

from datetime import datetime
from typing import Final

from gateway.domain.budget import Level, Limit, Period, Standing, Unit
from gateway.domain.errors import RefusedError
from gateway.domain.window import zone

_MICROS: Final = 1_000_000
_NOUNS: Final = {
    Unit.JOBS: "job",
    Unit.CIRCUITS: "circuit",
    Unit.SHOTS: "shot",
    Unit.SESSION_SECONDS: "session second",
}
_PERIODS: Final = {
    Period.DAY: "daily",
    Period.WEEK: "weekly",
    Period.MONTH: "monthly",
    Period.QUARTER: "quarterly",
    Period.YEAR: "yearly",
    Period.TOTAL: "total",
    Period.ROLLING: "rolling",
}


class LimitExceededError(RefusedError):
    """A job would take more than a limit has left."""

    def __init__(self, standing: Standing, needed: int, *, target: str = "") -> None:
        limit = standing.limit
        left = _left(standing, target or limit.target)
        takes = "is one more" if limit.unit is Unit.JOBS else f"holds {amount_text(limit, needed)}"
        super().__init__(f"{left}, and this job {takes}; {_mend(standing, needed)}")
        self.standing, self.needed = standing, needed


class BudgetExceededError(LimitExceededError):
    """A job may cost more than a budget has left."""

    code = "budget-exceeded"


class QuotaExceededError(LimitExceededError):
    """A job takes more of a quota than is left: jobs, circuits, shots, or time."""

    code = "quota-exceeded"


class BudgetCurrencyError(RefusedError):
    """A job is priced in another currency than a budget that counts it; nobody converts money here."""

    code = "budget-currency"

    def __init__(self, name: str, *, kept: str, priced: str) -> None:
        super().__init__(
            f"{name} is kept in {kept}, and this job is priced in {priced}; nothing is converted: "
            f"use prices in {kept}, or let an operator set the budget in {priced}"
        )
        self.name, self.kept, self.priced = name, kept, priced


def exceeded(standing: Standing, needed: int, *, target: str = "") -> LimitExceededError:
    """Make the error of a limit that does not take `needed`; `target` is the name of whom it is about."""
    kind = BudgetExceededError if standing.limit.unit is Unit.MONEY else QuotaExceededError
    return kind(standing, needed, target=target)


def amount_text(limit: Limit, amount: int) -> str:
    """Write an amount in the limit's unit, as people read it."""
    if limit.unit is Unit.MONEY:
        return f"{_money(amount)} {limit.currency}"
    if limit.unit is Unit.QPU_MILLISECONDS:
        return f"{amount / 1000:g} s of quantum computer time"
    noun = _NOUNS[limit.unit]
    return f"1 {noun}" if amount == 1 else f"{amount} {noun}s"


def _left(standing: Standing, target: str) -> str:
    limit = standing.limit
    who = "the organisation" if limit.level is Level.ORGANISATION else f"{limit.level.value} {target!r}"
    name = f"{'budget' if limit.unit is Unit.MONEY else 'quota'} {limit.name!r}"
    allowed = amount_text(limit, standing.allowed)
    if limit.window.period is Period.OPEN:
        return f"{who} has {amount_text(limit, standing.held)} under way of its {name} ({allowed} at once)"
    name = f"{_PERIODS[limit.window.period]} {name}"
    return f"{who} has {amount_text(limit, standing.left)} left of its {name} ({allowed}{_reset(standing)})"


def _reset(standing: Standing) -> str:
    if standing.resets_at is None:
        return ""
    words = "first part is free again" if standing.limit.window.period is Period.ROLLING else "resets"
    return f", {words} {_local(standing.resets_at, standing.limit.window.zone)}"


def _local(moment: datetime, name: str) -> str:
    return f"{moment.astimezone(zone(name)):%Y-%m-%d %H:%M} {name}"


def _mend(standing: Standing, needed: int) -> str:
    if needed > standing.allowed:
        return "make the job smaller, or ask an operator to raise the limit"
    if standing.limit.window.period is Period.OPEN:
        return "wait until a job has ended, or ask an operator to raise the limit"
    if standing.resets_at is None:
        return "make the job smaller, or ask an operator to raise the limit"
    return "wait until then, make the job smaller, or ask an operator to raise the limit"


def _money(micros: int) -> str:
    """Write whole money as a whole number, and any other with two places or as many as it needs."""
    whole, rest = divmod(micros, _MICROS)
    digits = f"{rest:06d}".rstrip("0")
    return f"{whole}.{digits:0<2}" if digits else str(whole)
