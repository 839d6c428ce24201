"""Metrics of who decides and how hard: OPA servers, what was lifted, rollouts, and the revision in shadow."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge


class PolicyMetrics:
    """What is shown of decisions; labels are addresses from the settings, rules and kinds of difference."""

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

        self._broken_glass = Counter(
            "gateway_policy_break_glass_decisions",
            "Decisions made while break-glass is in force; alert on any.",
            registry=registry,
        )
        self._rollout_stopped = Gauge(
            "gateway_policy_rollout_stopped",
            "1 while a rule's rollout is stopped because it denied too much; alert on 1.",
            ("rule",),
            registry=registry,
        )
        self._shadow = Counter(
            "gateway_policy_shadow_decisions",
            "Decisions the revision in shadow was asked about, by kind of difference (compared is all of them, dropped "
            "those it could not keep up with) and by the rule that only one of the two denies by, if any.",
            ("kind", "rule"),
            registry=registry,
        )

    def opa(self, name: str, *, usable: bool) -> None:
        """Show whether a server can be used."""
        self._usable.labels(name).set(usable)

    def diverged(self, name: str, *, diverged: bool) -> None:
        """Show whether a server does not get what is published."""
        self._diverged.labels(name).set(diverged)

    def glass_broken(self) -> None:
        """Count a decision under break-glass."""
        self._broken_glass.inc()

    def rollouts(self, stopped: Mapping[str, bool]) -> None:
        """Show which rules are rolled out, and whether that is stopped."""
        self._rollout_stopped.clear()
        for rule, is_stopped in stopped.items():
            self._rollout_stopped.labels(rule).set(is_stopped)

    def shadow(self, kind: str, rule: str, decisions: int) -> None:
        """Count decisions of the revision in shadow."""
        self._shadow.labels(kind, rule).inc(decisions)
