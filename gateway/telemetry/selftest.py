"""Metrics of the self-test."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Gauge


class SelfTestMetrics:
    """What the last round of the self-test found."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._failing = Gauge(
            "gateway_selftest_failing",
            "Findings of the last self-test: `rules`, `engines`, or the `path` of submissions; alert on more than 0.",
            ("part",),
            registry=registry,
        )
        self._completed = Gauge(
            "gateway_selftest_completed_timestamp_seconds",
            "When the last self-test ended; alert when that is three minutes ago.",
            registry=registry,
        )
        self._seconds = Gauge(
            "gateway_selftest_duration_seconds", "How long the last self-test took.", registry=registry
        )

    def completed(self, failing: Mapping[str, int], *, at: float, seconds: float) -> None:
        """Show how a round went, by part."""
        for part, count in failing.items():
            self._failing.labels(part).set(count)
        self._completed.set(at)
        self._seconds.set(seconds)
