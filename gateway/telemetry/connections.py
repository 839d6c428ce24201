"""What is counted of the front door's connections, those included that never reach the application."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class ConnectionMetrics:
    """Connections taken, served, failed and open; what the numbers do not say is in docs/reference/metrics.md."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._taken = Counter(
            "gateway_connections",
            "Connections that the front door took; with TLS, those whose handshake succeeded.",
            registry=registry,
        )
        self._served = Counter(
            "gateway_connections_served",
            "Connections on which at least one request reached the gateway.",
            registry=registry,
        )
        self._failed = Counter(
            "gateway_connections_failed",
            "TLS handshakes that failed or took too long; without TLS, connections that could not be accepted.",
            registry=registry,
        )
        self._open = Gauge(
            "gateway_connections_open", "Connections of the front door that are open.", registry=registry
        )

    def reported(self, *, taken: int, failed: int, open_now: int) -> None:
        """Count connections since the last report, and show how many are open."""
        self._taken.inc(taken)
        self._failed.inc(failed)
        self._open.set(open_now)

    def served(self) -> None:
        """Count one connection whose first request arrived."""
        self._served.inc()
