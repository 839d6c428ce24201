"""Metrics of what follows the ledger: its index, exports, and webhooks that hear of entries."""

from prometheus_client import CollectorRegistry, Gauge


class FollowingMetrics:
    """How far each follower is behind."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._index = Gauge(
            "gateway_index_behind_entries",
            "Entries that searches do not find yet; alert where it stays above 0.",
            registry=registry,
        )
        self._behind = Gauge(
            "gateway_delivery_behind_entries",
            "Entries that an export or a webhook has not taken yet; an export takes them in pieces, as it is set up.",
            ("kind", "name"),
            registry=registry,
        )
        self._failing = Gauge(
            "gateway_export_failing",
            "1 while the last try of an export failed; alert on 1.",
            ("name",),
            registry=registry,
        )

    def index(self, behind: int) -> None:
        """Show how far the index is behind."""
        self._index.set(behind)

    def delivery(self, kind: str, name: str, *, behind: int) -> None:
        """Show how far an export or a webhook is behind."""
        self._behind.labels(kind, name).set(behind)

    def export(self, name: str, *, failing: bool) -> None:
        """Show whether an export failed when it was last tried."""
        self._failing.labels(name).set(failing)
