"""Metrics of the servers that decide: which OPA can be used, and which holds other policies than are published."""

from prometheus_client import CollectorRegistry, Gauge


class PolicyMetrics:
    """What the watch over OPA servers shows; labels are addresses from the settings."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._usable = Gauge(
            "gateway_opa_usable", "1 while an OPA server can be believed; alert on 0.", ("opa",), registry=registry
        )
        self._diverged = Gauge(
            "gateway_opa_diverged",
            "1 while an OPA server has held other policies than the gateway publishes for too long; alert on 1.",
            ("opa",),
            registry=registry,
        )

    def opa(self, name: str, *, usable: bool) -> None:
        """Show whether a server can be used."""
        self._usable.labels(name).set(usable)

    def diverged(self, name: str, *, diverged: bool) -> None:
        """Show whether a server does not get what is published."""
        self._diverged.labels(name).set(diverged)
