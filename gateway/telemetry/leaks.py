"""Metrics of what texts must not hold: how often each rule found something, in submissions and in results."""

from prometheus_client import CollectorRegistry, Counter


class LeakMetrics:
    """Labels are rule ids of the policy's own table, and a closed set of places."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._found = Counter(
            "gateway_leaks",
            "Submissions and results in which a rule about texts found something; look at who sends them.",
            ("where", "rule"),
            registry=registry,
        )
        self._results = Counter(
            "gateway_results_screened",
            "Results whose texts were looked through, by outcome: handed-out, redacted, withheld, or unread.",
            ("outcome",),
            registry=registry,
        )

    def found(self, where: str, rule: str) -> None:
        """Count one submission or result in which a rule found something."""
        self._found.labels(where, rule).inc()

    def screened(self, outcome: str) -> None:
        """Count one result that was looked through."""
        self._results.labels(outcome).inc()
