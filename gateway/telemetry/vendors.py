"""What is counted about vendors. Labels are vendors, backends as they list them, and words from closed sets."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_STATES: Final = {"closed": 0, "half-open": 1, "open": 2}
_WHOLE_VENDOR: Final = ""


class VendorMetrics:
    """A part of `Metrics`, in its registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "gateway_vendor_requests",
            "Questions put to vendors, by what was asked and what came of it.",
            ("vendor", "call", "outcome"),
            registry=registry,
        )
        self._seconds = Histogram(
            "gateway_vendor_request_duration_seconds",
            "Time a vendor took to answer a question, all its pages together.",
            ("vendor", "call"),
            buckets=_SECONDS,
            registry=registry,
        )
        self._breakers = Gauge(
            "gateway_vendor_breaker_state",
            "0 closed, 1 half-open, 2 open; without a backend it is the whole vendor's.",
            ("vendor", "backend"),
            registry=registry,
        )
        self._online = Gauge(
            "gateway_vendor_backend_online", "Whether a backend takes work.", ("vendor", "backend"), registry=registry
        )
        self._queue = Gauge(
            "gateway_vendor_queue_length",
            "Jobs of everybody that wait for a backend, as the vendor says.",
            ("vendor", "backend"),
            registry=registry,
        )
        self._age = Gauge(
            "gateway_vendor_calibration_age_seconds",
            "Age of a backend's newest calibration.",
            ("vendor", "backend"),
            registry=registry,
        )
        self._polls = Counter(
            "gateway_vendor_polls",
            "Polls of forwarded jobs: changed, unchanged, missing or failed.",
            ("vendor", "outcome"),
            registry=registry,
        )
        self._followed = Gauge(
            "gateway_vendor_jobs_followed", "Forwarded jobs whose end is awaited.", ("vendor",), registry=registry
        )

    def asked(self, *, vendor: str, call: str, outcome: str, seconds: float) -> None:
        """Count one question."""
        self._requests.labels(vendor, call, outcome).inc()
        self._seconds.labels(vendor, call).observe(seconds)

    def breaker(self, state: str, *, vendor: str, backend: str = _WHOLE_VENDOR) -> None:
        """Show what a breaker lets through."""
        self._breakers.labels(vendor, backend).set(_STATES[state])

    def backend(self, *, vendor: str, backend: str, online: bool, queue: int) -> None:
        """Show a backend as its vendor last listed it."""
        self._online.labels(vendor, backend).set(online)
        self._queue.labels(vendor, backend).set(queue)

    def backend_gone(self, *, vendor: str, backend: str) -> None:
        """Stop showing a backend that its vendor lists no longer."""
        self._online.labels(vendor, backend).set(0)
        self._queue.labels(vendor, backend).set(0)

    def calibrated(self, *, vendor: str, backend: str, age_seconds: float) -> None:
        """Show how old a backend's newest calibration is."""
        self._age.labels(vendor, backend).set(age_seconds)

    def polled(self, *, vendor: str, outcome: str) -> None:
        """Count one poll of a job."""
        self._polls.labels(vendor, outcome).inc()

    def followed(self, *, vendor: str, count: int) -> None:
        """Show how many jobs are followed."""
        self._followed.labels(vendor).set(count)
