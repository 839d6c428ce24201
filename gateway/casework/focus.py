"""Spending in FOCUS 1.2 (FinOps Open Cost and Usage Specification, finops.org), so that FinOps tools read it.

Every mandatory column, the conditional ones that we know something for, and behind them our own, which begin with `x_`.
One row is a day of one principal in one project on one backend; a day without a price has no row. Our projects are sub
accounts of one billing account, the deployment. Costs at list, contracted and effective prices are all what counts
against budgets, because a price book knows one price; what is billed is the invoice's word, once there is one.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from gateway.casework import amounts
from gateway.casework.spending import Spent
from gateway.domain.budget import Unit

BY: Final = ("day", "team", "project", "principal", "vendor", "backend")
"""How spending must be told apart for this form."""
_DECEMBER: Final = 12


def row(spent: Spent, *, deployment: str) -> Mapping[str, str]:
    """Write one row; an empty text is null."""
    return {name: column(spent, deployment) for name, column in _COLUMNS.items()}


def _money(name: str) -> Callable[[Spent, str], str]:
    return lambda spent, _: amounts.show(getattr(spent, name), Unit.MONEY)


def _group(name: str) -> Callable[[Spent, str], str]:
    return lambda spent, _: spent.group[name]


def _fixed(text: str) -> Callable[[Spent, str], str]:
    return lambda _, __: text


def _billed(spent: Spent, _: str) -> str:
    return amounts.show(spent.invoiced or spent.charged, Unit.MONEY)


def _day(spent: Spent) -> datetime:
    return datetime.fromisoformat(spent.group["day"]).replace(tzinfo=UTC)


def _month_begins(spent: Spent, _: str) -> str:
    return _time(_day(spent).replace(day=1))


def _month_ends(spent: Spent, _: str) -> str:
    first = _day(spent).replace(day=1)
    following = first.replace(year=first.year + 1, month=1) if first.month == _DECEMBER else None
    return _time(following or first.replace(month=first.month + 1))


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _pricing(spent: Spent) -> tuple[int, str]:
    """Give how much was priced: the vendor's own unit where it has one, else jobs."""
    if len(spent.native) == 1:
        ((unit, amount),) = spent.native.items()
        return amount, unit.capitalize()
    return spent.jobs, "Jobs"


def _tags(spent: Spent, _: str) -> str:
    return msgspec.json.encode({"principal": spent.group["principal"], "team": spent.group["team"]}).decode()


_COLUMNS: Final[Mapping[str, Callable[[Spent, str], str]]] = {
    "BilledCost": _billed,
    "BillingAccountId": lambda _, deployment: deployment,
    "BillingAccountName": lambda _, deployment: deployment,
    "BillingAccountType": _fixed("Deployment"),
    "BillingCurrency": lambda spent, _: spent.currency,
    "BillingPeriodEnd": _month_ends,
    "BillingPeriodStart": _month_begins,
    "ChargeCategory": _fixed("Usage"),
    "ChargeClass": _fixed(""),
    "ChargeDescription": lambda spent, _: f"Quantum jobs on {spent.group['backend']}",
    "ChargeFrequency": _fixed("Usage-Based"),
    "ChargePeriodEnd": lambda spent, _: _time(_day(spent) + timedelta(days=1)),
    "ChargePeriodStart": lambda spent, _: _time(_day(spent)),
    "ConsumedQuantity": lambda spent, _: str(spent.shots or spent.jobs),
    "ConsumedUnit": lambda spent, _: "Shots" if spent.shots else "Jobs",
    "ContractedCost": _money("charged"),
    "EffectiveCost": _money("charged"),
    "InvoiceIssuerName": _group("vendor"),
    "ListCost": _money("charged"),
    "PricingCategory": _fixed("Standard"),
    "PricingQuantity": lambda spent, _: str(_pricing(spent)[0]),
    "PricingUnit": lambda spent, _: _pricing(spent)[1],
    "ProviderName": _group("vendor"),
    "PublisherName": _group("vendor"),
    "ResourceId": _group("backend"),
    "ResourceName": _group("backend"),
    "ResourceType": _fixed("Quantum backend"),
    "ServiceCategory": _fixed("Compute"),
    "ServiceName": _fixed("Quantum computing"),
    "ServiceSubcategory": _fixed("Quantum Compute"),
    "SubAccountId": _group("project"),
    "SubAccountName": _group("project"),
    "SubAccountType": _fixed("Project"),
    "Tags": _tags,
    "x_Circuits": lambda spent, _: str(spent.circuits),
    "x_EstimatedCost": _money("estimated"),
    "x_HeldCost": _money("held"),
    "x_InvoicedCost": _money("invoiced"),
    "x_Jobs": lambda spent, _: str(spent.jobs),
    "x_QpuSeconds": lambda spent, _: amounts.show(spent.qpu_milliseconds, Unit.QPU_MILLISECONDS),
    "x_ReportedCost": _money("reported"),
    "x_Shots": lambda spent, _: str(spent.shots),
}
COLUMNS: Final = tuple(_COLUMNS)
"""In the order of the specification, which is that of the alphabet; ours come last."""
