"""What is shown of limits. Labels are names that administrators gave, and units."""

from collections.abc import Iterable
from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from gateway.domain.budget import Standing, Unit

_PARTS: Final = {Unit.MONEY: 1_000_000, Unit.QPU_MILLISECONDS: 1000}
_WORDS: Final = {Unit.QPU_MILLISECONDS: "qpu-seconds"}


class BudgetMetrics:
    """A part of `Metrics`, in its registry. Amounts are in the label's unit: a currency, seconds, or a count."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, docs: str) -> Gauge:
            return Gauge(f"gateway_budget_{name}", docs, ("limit", "unit"), registry=registry)

        self._allowed = gauge("limit", "How much a limit allows in its present window, raises included.")
        self._held = gauge("held", "How much of it is held for jobs that have not ended.")
        self._settled = gauge("settled", "How much of it ended jobs took.")
        self._ratio = gauge("used_ratio", "Held and settled by what is allowed; above 1 where a vendor billed more.")
        self._warning = gauge("warning", "From this amount on people are warned; absent where no soft limit is set.")

    def show(self, standings: Iterable[Standing]) -> None:
        """Show every limit as it stands, and no others any more."""
        for gauge in (self._allowed, self._held, self._settled, self._ratio, self._warning):
            gauge.clear()
        for standing in standings:
            self._show(standing)

    def _show(self, standing: Standing) -> None:
        limit, parts = standing.limit, _PARTS.get(standing.limit.unit, 1)
        labels = (limit.name, limit.currency or _WORDS.get(limit.unit, limit.unit.value))
        self._allowed.labels(*labels).set(standing.allowed / parts)
        self._held.labels(*labels).set(standing.held / parts)
        self._settled.labels(*labels).set(standing.settled / parts)
        if standing.allowed:
            self._ratio.labels(*labels).set((standing.held + standing.settled) / standing.allowed)
        if limit.soft_amount is not None:
            self._warning.labels(*labels).set(limit.soft_amount / parts)
