"""Metrics of jobs that wait for a second person."""

from prometheus_client import CollectorRegistry, Gauge


class ApprovalMetrics:
    """A part of `Metrics`, in its registry; shown by the process that leads."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._waiting = Gauge(
            "gateway_approvals_waiting", "Jobs that wait until a second person approves them.", registry=registry
        )
        self._oldest = Gauge(
            "gateway_approval_oldest_seconds",
            "How long the oldest of them has waited; alert before the hours that policy gives are over.",
            registry=registry,
        )

    def show(self, waiting: int, oldest_seconds: float) -> None:
        """Show how many wait, and how long the oldest has."""
        self._waiting.set(waiting)
        self._oldest.set(oldest_seconds)
