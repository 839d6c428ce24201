"""Prometheus metrics of one process, in a registry of their own.

Labels come from closed sets only (dialects, operations, codes, rule ids), never from what a caller writes,
so that nobody can fill the memory with time series. Durations are in seconds, sizes in bytes.
"""

from functools import cache
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from gateway.domain.job import JobStatus
from gateway.telemetry.approvals import ApprovalMetrics
from gateway.telemetry.budgets import BudgetMetrics
from gateway.telemetry.connections import ConnectionMetrics
from gateway.telemetry.following import FollowingMetrics
from gateway.telemetry.leaks import LeakMetrics
from gateway.telemetry.ledger import LedgerMetrics
from gateway.telemetry.policy import PolicyMetrics
from gateway.telemetry.selftest import SelfTestMetrics
from gateway.telemetry.vendors import VendorMetrics
from gateway.telemetry.witnesses import WitnessMetrics

_REQUEST_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_DECISION_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25)
_ALLOWED_WITHOUT_RULE: Final = ""


class Metrics:
    """Everything that is counted; rooms call the methods, the management listener renders the whole."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=registry)
        self.vendors, self.budgets, self.leaks = VendorMetrics(registry), BudgetMetrics(registry), LeakMetrics(registry)
        self.connections, self.witnesses = ConnectionMetrics(registry), WitnessMetrics(registry)
        self.policy, self.selftest = PolicyMetrics(registry), SelfTestMetrics(registry)
        self.approvals, self.following = ApprovalMetrics(registry), FollowingMetrics(registry)
        self.ledger = LedgerMetrics(registry)
        self._requests = Counter(
            "gateway_requests",
            "Requests answered, by dialect, operation and class of HTTP status.",
            ("dialect", "operation", "status_class"),
            registry=registry,
        )
        self._request_seconds = Histogram(
            "gateway_request_duration_seconds",
            "Time from the last byte of a request to the first byte of its answer.",
            ("dialect", "operation"),
            buckets=_REQUEST_SECONDS,
            registry=registry,
        )
        self._refusals = Counter("gateway_refusals", "Requests refused, by error code.", ("code",), registry=registry)
        self._unauthenticated = Counter(
            "gateway_unauthenticated",
            "Requests without a valid credential, by error code.",
            ("code",),
            registry=registry,
        )
        self._decisions = Counter(
            "gateway_decisions",
            "Policy decisions; a denial counts once for each rule that denied.",
            ("outcome", "rule"),
            registry=registry,
        )
        self._decision_seconds = Histogram(
            "gateway_decision_duration_seconds",
            "Time the policy engine took to decide.",
            buckets=_DECISION_SECONDS,
            registry=registry,
        )
        self._payloads = Counter(
            "gateway_sandbox_payloads", "Payloads measured in the sandbox, by verdict.", ("verdict",), registry=registry
        )
        self._jobs = Gauge("gateway_jobs", "Jobs by status.", ("status",), registry=registry)
        self._simulations = Counter(
            "gateway_simulator_executions", "Attempts that a simulator took.", ("backend",), registry=registry
        )
        self._fallbacks = Counter("gateway_fallbacks", "Jobs placed elsewhere than asked for.", registry=registry)
        self._repeats = Counter(
            "gateway_sdk_repeats", "Submissions an SDK sent again; the first one counts.", registry=registry
        )
        self._lost = Counter(
            "gateway_answers_lost", "Submissions whose vendor gave no answer.", ("upstream",), registry=registry
        )

    def request(self, *, dialect: str, operation: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        counter, histogram = self._of_request(dialect, operation, status // 100)
        counter.inc()
        histogram.observe(seconds)

    @cache  # noqa: B019  # labels come from closed sets, and there is one Metrics for the life of a process
    def _of_request(self, dialect: str, operation: str, status_class: int) -> tuple[Counter, Histogram]:
        """Find the children once: looking labels up takes a lock on every poll."""
        counter = self._requests.labels(dialect, operation, f"{status_class}xx")
        return counter, self._request_seconds.labels(dialect, operation)

    def lost(self, upstream: str) -> None:
        """Count one submission of which nobody knows whether the vendor has it."""
        self._lost.labels(upstream).inc()

    def refused(self, code: str) -> None:
        """Count one refusal of a known caller's request."""
        self._refusals.labels(code).inc()

    def unauthenticated(self, code: str) -> None:
        """Count one request that showed no valid credential."""
        self._unauthenticated.labels(code).inc()

    def decided(self, *, outcome: str, rules: tuple[str, ...] = (), seconds: float) -> None:
        """Count one decision; `rules` are those that denied."""
        for rule in rules or (_ALLOWED_WITHOUT_RULE,):
            self._decisions.labels(outcome, rule).inc()
        self._decision_seconds.observe(seconds)

    def payload(self, verdict: str) -> None:
        """Count one payload: `measured`, or the code of what was wrong with it."""
        self._payloads.labels(verdict).inc()

    def jobs(self, status: JobStatus, count: int) -> None:
        """Show how many jobs have a status."""
        self._jobs.labels(status.value).set(count)

    def simulated(self, backend: str) -> None:
        """Count one attempt that a simulator took."""
        self._simulations.labels(backend).inc()

    def fell_back(self) -> None:
        """Count one job placed elsewhere than where the caller asked."""
        self._fallbacks.inc()

    def repeated(self) -> None:
        """Count one submission that an SDK sent again."""
        self._repeats.inc()

    def render(self) -> tuple[bytes, str]:
        """Give the page that Prometheus scrapes, and its content type."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST
