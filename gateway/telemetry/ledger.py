"""Metrics of the ledger's writer."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_APPEND_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 4.0)


class LedgerMetrics:
    """What was made durable, how fast, and what waits for it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._entries = Counter("gateway_ledger_entries", "Entries made durable in the ledger.", registry=registry)
        self._append_seconds = Histogram(
            "gateway_ledger_append_duration_seconds",
            "Time from handing an entry to the writer until it is durable.",
            buckets=_APPEND_SECONDS,
            registry=registry,
        )
        self._queue = Gauge("gateway_ledger_queue_length", "Units waiting for the ledger's writer.", registry=registry)

    def appended(self, *, entries: int, seconds: float) -> None:
        """Count entries that became durable together, and how long they waited."""
        self._entries.inc(entries)
        self._append_seconds.observe(seconds)

    def queued(self, length: int) -> None:
        """Show how many units wait for the ledger's writer."""
        self._queue.set(length)
