"""Costs in IonQ's shape: whole units of a currency on the wire, micros here."""

from typing import Any

from adapters.ionq.asked import Estimate, ShowPeriod
from adapters.ionq.errors import NoPriceError
from gateway.domain.clock import rfc3339
from gateway.domain.malformed import InvalidValueError
from gateway.ports.answers import CostEstimate, CostView, UsageView

_MICROS, _NANOS = 1_000_000, 1_000_000_000


def estimate(asked: Estimate, answer: CostEstimate) -> dict[str, Any]:
    """Show an estimate; the waiting time is that of as many equal jobs as wait now.

    Raises:
        NoPriceError: no price is known.
    """
    quote, tariff = answer.quote, answer.tariff
    if quote is None:
        raise NoPriceError(backend=asked.inputs["backend"])
    return {
        "input_values": dict(asked.inputs),
        "estimated_at": rfc3339(answer.at).replace("Z", "+00:00"),
        "cost_unit": quote.currency.lower(),
        "rate_information": {
            "job_cost_minimum": None if tariff is None else tariff.minimum_micros / _MICROS,
            "cost_2q_gate": None if tariff is None else tariff.two_qubit_gate_nanos / _NANOS,
            "cost_1q_gate": None if tariff is None else tariff.one_qubit_gate_nanos / _NANOS,
            "organization": f"{quote.basis}; at most {quote.amount_micros / _MICROS} are held",
        },
        "estimated_cost": (quote.amount_micros if quote.estimate_micros is None else quote.estimate_micros) / _MICROS,
        "estimated_execution_time": answer.seconds,
        "current_predicted_queue_time": answer.queue_length * answer.seconds,
    }


def cost(answer: CostView) -> dict[str, Any]:
    """Show what a job was held for, and what it has cost once that is settled."""
    shown: dict[str, Any] = {
        "dry_run": bool(answer.job.echo.get("dry_run")),
        "estimated_cost": _amount(answer.held_micros or 0, answer.currency),
    }
    if answer.settled_micros is not None:
        shown["cost"] = _amount(answer.settled_micros, answer.currency)
    return shown


def usage(asked: ShowPeriod, answer: UsageView) -> dict[str, Any]:
    """Show the project's seconds in the current month, which is the only period with books.

    Raises:
        InvalidValueError: other dates were asked for.
    """
    start, end = (moment.date().isoformat() for moment in (answer.period_start, answer.period_end))
    if (asked.start, asked.end) != (start, end):
        raise InvalidValueError(place="query parameters start_date and end_date", allowed=f"{start} and {end}")
    microseconds = answer.used_seconds * _MICROS
    return {
        "organization": asked.organization,
        "group_type": asked.group_by,
        "modality": asked.modality,
        "usage_from": rfc3339(answer.period_start),
        "usage_to": rfc3339(answer.period_end),
        "time_us_total": microseconds,
        "usage_data": [],
    }


def _amount(micros: int, currency: str) -> dict[str, Any]:
    return {"value": micros / _MICROS, "unit": currency.lower()}
